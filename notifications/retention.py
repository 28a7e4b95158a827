"""How long pushes are kept: a month at a time, dropped as whole partitions."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from notifications.models import PushKey
from toolkit.partitions import ensure_months, next_month

log = structlog.get_logger(__name__)

TABLES = ("notifications_delivery", "notifications_push")
MONTH = re.compile(r"_(\d{4})_(\d{2})$")
AT_ONCE = 10_000
PARTITIONS = """
SELECT c.relname FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass ORDER BY c.relname
"""


def keep_months(today: date | None = None) -> None:
    """Partitions ahead, and none that ended `PUSH_RETENTION_DAYS` ago; the default one loses such rows by row."""
    today = today or timezone.now().date()
    oldest = today - timedelta(days=settings.PUSH_RETENTION_DAYS)
    for table in TABLES:
        ensure_months(table, today=today)
        _drop_before(table, oldest)
    _forget_keys(datetime(oldest.year, oldest.month, oldest.day, tzinfo=UTC))


def _drop_before(table: str, oldest: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS, [table])
        for (name,) in cursor.fetchall():
            month = MONTH.search(name)
            if month and next_month(date(int(month[1]), int(month[2]), 1)) <= oldest:
                with transaction.atomic():
                    cursor.execute(f'DROP TABLE "{name}"')
                log.info("pushes_dropped", partition=name)
        cursor.execute(f'DELETE FROM "{table}_default" WHERE received_at < %s', [oldest])


def _forget_keys(before: datetime) -> None:
    """In pieces, so that none of them holds up the worker."""
    while True:
        old = list(PushKey.objects.filter(received_at__lt=before).values_list("pk", flat=True)[:AT_ONCE])
        if not old:
            return
        PushKey.objects.filter(pk__in=old).delete()
