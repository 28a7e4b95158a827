import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

# One for each page, which later runs then share where they see the same SIMs.
MOVE = """
INSERT INTO sims_pagesims (id, sim_ids)
SELECT id, ARRAY(SELECT DISTINCT unnest(sim_ids) ORDER BY 1) FROM sims_syncpage;
UPDATE sims_syncpage SET shown_id = id;
SELECT setval('sims_pagesims_id_seq', (SELECT COALESCE(max(id), 0) + 1 FROM sims_pagesims), false);
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [("sims", "0014_counted")]

    operations = [
        migrations.AddField("syncrun", "seen", models.BigIntegerField(null=True)),
        migrations.CreateModel(
            name="PageSims",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID")),
                ("sim_ids", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
            ],
        ),
        migrations.AddField(
            "syncpage",
            "shown",
            models.ForeignKey(
                "sims.PageSims", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="pages"
            ),
        ),
        migrations.RunSQL(MOVE),
        migrations.RemoveIndex("syncpage", "page_sims"),
        migrations.RemoveField("syncpage", "sim_ids"),
        migrations.AlterField(
            "syncpage",
            "shown",
            models.ForeignKey("sims.PageSims", on_delete=django.db.models.deletion.PROTECT, related_name="pages"),
        ),
        migrations.AddIndex(
            "pagesims",
            django.contrib.postgres.indexes.GinIndex(fields=["sim_ids"], name="page_sims", fastupdate=False),
        ),
    ]
