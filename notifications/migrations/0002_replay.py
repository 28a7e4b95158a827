from django.db import migrations, models

COLUMNS = """
ALTER TABLE notifications_push
    ADD COLUMN replayed_at timestamptz,
    ADD COLUMN is_to_retake boolean NOT NULL DEFAULT false;
DROP INDEX notifications_push_failed;
-- the inbox of one of the rarer states
CREATE INDEX notifications_push_state ON notifications_push (state, received_at, delivery_id, place)
    WHERE state IN ('failed', 'ignored');
"""
BACK = """
DROP INDEX notifications_push_state;
CREATE INDEX notifications_push_failed ON notifications_push (received_at, delivery_id, place) WHERE state = 'failed';
ALTER TABLE notifications_push DROP COLUMN replayed_at, DROP COLUMN is_to_retake;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]

    operations = [
        migrations.RunSQL(
            COLUMNS,
            BACK,
            state_operations=[
                migrations.AddField("push", "replayed_at", models.DateTimeField(null=True)),
                migrations.AddField("push", "is_to_retake", models.BooleanField(default=False)),
            ],
        ),
    ]
