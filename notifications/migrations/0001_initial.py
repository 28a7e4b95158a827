from datetime import UTC, datetime

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from toolkit.partitions import ensure_months

DELIVERIES = """
CREATE TABLE notifications_delivery (
    received_at timestamptz NOT NULL,
    id bigint NOT NULL,
    slug text COLLATE "C" NOT NULL,
    source text NOT NULL DEFAULT '',
    headers bytea NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (received_at, id)
) PARTITION BY RANGE (received_at);
CREATE TABLE notifications_delivery_default PARTITION OF notifications_delivery DEFAULT;
"""

PUSHES = """
CREATE TABLE notifications_push (
    received_at timestamptz NOT NULL,
    delivery_id bigint NOT NULL,
    place smallint NOT NULL,
    slug text COLLATE "C" NOT NULL,
    event_key text COLLATE "C" NOT NULL,
    event_at timestamptz,
    giccid text COLLATE "C" NOT NULL DEFAULT '',
    sim_id bigint,
    state varchar(8) NOT NULL CHECK (state IN ('received', 'handled', 'ignored', 'failed')),
    needs_read boolean NOT NULL DEFAULT false,
    due_at timestamptz,
    tries smallint NOT NULL DEFAULT 0,
    read_at timestamptz,
    handled_at timestamptz,
    note text NOT NULL DEFAULT '',
    traceback text NOT NULL DEFAULT '',
    told_id bigint,
    journal_ids bigint[] NOT NULL DEFAULT '{}',
    first_id bigint,
    number integer NOT NULL DEFAULT 1,
    replays smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (received_at, delivery_id, place)
) PARTITION BY RANGE (received_at);
CREATE TABLE notifications_push_default PARTITION OF notifications_push DEFAULT;
-- what the worker has to do next, and the inbox of what waits
CREATE INDEX notifications_push_waiting ON notifications_push (received_at, delivery_id, place)
    WHERE state = 'received';
-- the inbox of what failed
CREATE INDEX notifications_push_failed ON notifications_push (received_at, delivery_id, place) WHERE state = 'failed';
-- the inbox of one kind
CREATE INDEX notifications_push_kind ON notifications_push (slug, received_at, delivery_id, place);
-- the inbox of one SIM
CREATE INDEX notifications_push_sim ON notifications_push (giccid, received_at, delivery_id, place)
    WHERE giccid <> '';
-- searching an event id
CREATE INDEX notifications_push_key ON notifications_push (event_key);
"""


def first_months(apps, schema_editor):
    for table in ("notifications_delivery", "notifications_push"):
        ensure_months(table, today=datetime.now(UTC).date())


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(DELIVERIES, "DROP TABLE notifications_delivery"),
        migrations.RunSQL(PUSHES, "DROP TABLE notifications_push"),
        migrations.RunPython(first_months, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "received_at", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("id", models.BigIntegerField()),
                ("slug", models.TextField(db_collation="C")),
                ("source", models.TextField(blank=True)),
                ("headers", models.BinaryField()),
                ("body", models.BinaryField()),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "db_table": "notifications_delivery",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Push",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "received_at",
                        "delivery_id",
                        "place",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("delivery_id", models.BigIntegerField()),
                ("place", models.SmallIntegerField()),
                ("slug", models.TextField(db_collation="C")),
                ("event_key", models.TextField(db_collation="C")),
                ("event_at", models.DateTimeField(null=True)),
                ("giccid", models.TextField(blank=True, db_collation="C")),
                ("sim_id", models.BigIntegerField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("handled", "Handled"),
                            ("ignored", "Ignored"),
                            ("failed", "Failed"),
                        ],
                        max_length=8,
                    ),
                ),
                ("needs_read", models.BooleanField(default=False)),
                ("due_at", models.DateTimeField(null=True)),
                ("tries", models.SmallIntegerField(default=0)),
                ("read_at", models.DateTimeField(null=True)),
                ("handled_at", models.DateTimeField(null=True)),
                ("note", models.TextField(blank=True)),
                ("traceback", models.TextField(blank=True)),
                ("told_id", models.BigIntegerField(null=True)),
                (
                    "journal_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("first_id", models.BigIntegerField(null=True)),
                ("number", models.IntegerField(default=1)),
                ("replays", models.SmallIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "pushes",
                "db_table": "notifications_push",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="PushDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "slug", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("slug", models.TextField(db_collation="C")),
                ("day", models.DateField()),
                ("count", models.BigIntegerField()),
                ("last_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Turn",
            fields=[
                ("lease_owner", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("name", models.CharField(max_length=16, primary_key=True, serialize=False)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Untaken",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "received_at", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("id", models.BigIntegerField()),
                ("slug", models.TextField(db_collation="C")),
            ],
            options={
                "verbose_name_plural": "untaken",
            },
        ),
        migrations.CreateModel(
            name="PushKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.TextField(db_collation="C")),
                ("key", models.TextField(db_collation="C")),
                ("received_at", models.DateTimeField()),
                ("delivery_id", models.BigIntegerField()),
                ("place", models.SmallIntegerField()),
                ("times", models.IntegerField(db_default=1, default=1)),
            ],
            options={
                "indexes": [models.Index(fields=["received_at"], name="push_key_age")],
                "constraints": [models.UniqueConstraint(fields=("slug", "key"), name="push_key")],
            },
        ),
        migrations.CreateModel(
            name="WebhookToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                (
                    "origin",
                    models.CharField(
                        choices=[("setting", "SMARTHUB_WEBHOOK_TOKEN"), ("made", "made here")], max_length=8
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [models.UniqueConstraint(fields=("digest",), name="webhook_token_digest")],
            },
        ),
    ]
