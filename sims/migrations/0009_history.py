import django.db.models.functions.datetime
from django.db import migrations, models
from django.db.models.deletion import PROTECT


class Migration(migrations.Migration):
    dependencies = [("sims", "0008_exports")]

    operations = [
        migrations.CreateModel(
            name="ChangeLogRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField()),
                ("old_value", models.TextField(null=True)),
                ("new_value", models.TextField(null=True)),
                ("changed_at", models.DateTimeField()),
                ("operator", models.TextField(blank=True)),
                ("event_id", models.BigIntegerField(null=True)),
                ("read_at", models.DateTimeField()),
                ("sim", models.ForeignKey(db_index=False, on_delete=PROTECT, related_name="+", to="sims.sim")),
            ],
            options={
                "indexes": [models.Index(fields=["sim", "-changed_at", "-id"], name="change_log_story")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("sim", "kind", "changed_at", "new_value"), name="change_log_row", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoryRead",
            fields=[
                (
                    "sim",
                    models.OneToOneField(
                        on_delete=PROTECT, primary_key=True, related_name="history", serialize=False, to="sims.sim"
                    ),
                ),
                ("read_at", models.DateTimeField()),
                ("since", models.DateTimeField()),
                ("left_out", models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="SimCustomFields",
            fields=[
                (
                    "sim",
                    models.OneToOneField(
                        on_delete=PROTECT,
                        primary_key=True,
                        related_name="custom_fields",
                        serialize=False,
                        to="sims.sim",
                    ),
                ),
                ("custom1", models.TextField(blank=True)),
                ("custom2", models.TextField(blank=True)),
                ("custom3", models.TextField(blank=True)),
                ("custom4", models.TextField(blank=True)),
                ("custom5", models.TextField(blank=True)),
                ("read_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
    ]
