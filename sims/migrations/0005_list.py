import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def index(name, *fields, **options):
    return migrations.AddIndex(model_name="sim", index=models.Index(fields=fields, name=name, **options))


class Migration(migrations.Migration):
    dependencies = [("sims", "0004_sync_parts")]

    operations = [
        migrations.AddField(
            model_name="sim",
            name="po",
            field=models.TextField(blank=True, db_collation="C", db_default="", default=""),
        ),
        migrations.RemoveIndex(model_name="sim", name="sim_account_status"),
        index("sim_cell", "account", "status", "package", "giccid"),
        index("sim_activated", "activated_at", "id"),
        index("sim_cell_activated", "account", "status", "package", "activated_at", "id"),
        index("sim_plan_end", "account", "package_ends_at", "id"),
        index("sim_usage", "account", "data_usage_mb", "id"),
        index("sim_share", "account", "package", "data_usage_mb"),
        index("sim_changed", "changed_at"),
        index("sim_no_device", "giccid", condition=models.Q(("devices", []))),
        index("sim_po", "po", "giccid", condition=models.Q(("po__gt", ""))),
        migrations.CreateModel(
            name="ListPreference",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="list_preference",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("rows", models.IntegerField(null=True)),
            ],
        ),
    ]
