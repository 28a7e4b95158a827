import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import Error, migrations, models, transaction

NO_TRIGRAMS = (
    "Searching inside numbers needs PostgreSQL's own extension pg_trgm, and this user may not create it or the server "
    "does not have it ({reason}). Let an administrator install the server's contrib package if it lacks it, run "
    '"CREATE EXTENSION pg_trgm" in the database {database}, and start again.'
)


def create_trigrams(apps, schema_editor):
    """A trusted extension: whoever may create in the database may create it, and one that is there is left alone."""
    try:
        with transaction.atomic(using=schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except Error as error:
        database = schema_editor.connection.settings_dict["NAME"]
        reason = str(error).partition("\n")[0]
        raise RuntimeError(NO_TRIGRAMS.format(reason=reason, database=database)) from error


class Migration(migrations.Migration):
    dependencies = [
        ("sims", "0006_tags"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(create_trigrams, migrations.RunPython.noop),
        # Built by sims.trigrams once the fleet is there.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddIndex(
                    model_name="simidentifier",
                    index=django.contrib.postgres.indexes.GinIndex(
                        fields=["value"], name="identifier_inside", opclasses=["gin_trgm_ops"]
                    ),
                ),
            ]
        ),
        migrations.CreateModel(
            name="WorkingSet",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("is_shared", models.BooleanField(default=False)),
                ("text", models.TextField()),
                ("lines", models.IntegerField()),
                ("words_ignored", models.IntegerField(default=0)),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["user", "-created_at"], name="set_of_user"),
                    models.Index(fields=["created_at"], name="set_age"),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkingSetItem",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "set", "place", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "set",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="sims.workingset",
                    ),
                ),
                ("place", models.IntegerField()),
                ("line", models.IntegerField()),
                ("entry", models.TextField()),
                (
                    "verdict",
                    models.TextField(
                        choices=[
                            ("found", "Found"),
                            ("ambiguous", "Ambiguous"),
                            ("not_found", "Not found"),
                            ("damaged", "Damaged"),
                            ("repeated", "Repeated"),
                        ],
                        db_collation="C",
                    ),
                ),
                (
                    "sim",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="sims.sim",
                    ),
                ),
                ("kind", models.SmallIntegerField(null=True)),
                ("how", models.TextField(blank=True)),
                ("damage", models.TextField(blank=True)),
                ("mended", models.TextField(blank=True)),
                ("hits", models.IntegerField(default=0)),
                (
                    "candidates",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("repeats_line", models.IntegerField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["set", "verdict", "place"], name="set_verdict")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("verdict", "found")), fields=("set", "sim"), name="set_sim"
                    )
                ],
            },
        ),
    ]
