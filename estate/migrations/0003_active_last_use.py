from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("estate", "0002_drift_sample")]

    operations = [
        migrations.AddField(
            model_name="lastuse",
            name="is_active",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.RemoveIndex(model_name="lastuse", name="last_use_day"),
        migrations.AddIndex(
            model_name="lastuse",
            index=models.Index(
                condition=models.Q(("is_active", True)), fields=["day", "sim_id"], name="last_use_active"
            ),
        ),
    ]
