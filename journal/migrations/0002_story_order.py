from django.db import migrations

# One SIM's story is told by when things happened, not by when we heard of them.
BY_HAPPENING = """
DROP INDEX journal_event_sim;
CREATE INDEX journal_event_story ON journal_event (sim_id, happened_at DESC, id DESC) WHERE sim_id IS NOT NULL;
"""
BY_RECORD = """
DROP INDEX journal_event_story;
CREATE INDEX journal_event_sim ON journal_event (sim_id, recorded_at DESC, id DESC) WHERE sim_id IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]

    operations = [migrations.RunSQL(BY_HAPPENING, BY_RECORD)]
