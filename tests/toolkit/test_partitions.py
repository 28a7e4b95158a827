from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from journal.models import Event
from journal.record import Cause, NewEvent, record
from sims.tasks import keep_months
from toolkit.partitions import ensure_months, next_month

pytestmark = pytest.mark.django_db


def partitions(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
        return {row[0] for row in cursor.fetchall()}


def test_this_month_and_three_more_are_made_and_made_once() -> None:
    for _ in range(2):
        ensure_months("journal_event", today=date(2031, 11, 30))
    made = {f"journal_event_{month}" for month in ("2031_11", "2031_12", "2032_01", "2032_02")}
    assert made <= partitions("journal_event")


def test_december_is_followed_by_january() -> None:
    assert next_month(date(2031, 12, 31)) == date(2032, 1, 1)


def test_beat_keeps_the_months_of_both_tables() -> None:
    keep_months()
    month = f"{datetime.now(UTC):%Y_%m}"
    assert f"journal_event_{month}" in partitions("journal_event")
    assert f"sims_usageday_{month}" in partitions("sims_usageday")


def test_event_of_any_time_finds_a_place() -> None:
    event = NewEvent("sim.status", "sim", "1", datetime(1999, 1, 1, tzinfo=UTC), data={"new": "RETIRED"})
    (event_id,) = record([event], cause=Cause(Event.Cause.PUSH, 7))
    kept = Event.objects.get(pk=event_id)
    assert (kept.severity, kept.cause_kind, kept.cause_id, kept.data) == ("warning", "push", 7, {"new": "RETIRED"})
