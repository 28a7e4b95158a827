from __future__ import annotations

from datetime import UTC, datetime

import pytest

from journal.models import Event
from journal.record import Cause, NewEvent, record
from journal.severity import SEVERITIES, severity_of

pytestmark = pytest.mark.django_db
CAUSE = Cause(Event.Cause.RUN, 3)


def new(kind: str = "sim.imei", **data: object) -> NewEvent:
    return NewEvent(kind, "sim", "8986", datetime(2025, 8, 13, tzinfo=UTC), sim_id=5, account_id=2, data=data)


def test_events_are_kept_in_order_with_their_cause() -> None:
    ids = record([new(old="a", new="b"), new("sim.missing")], cause=CAUSE)
    kept = list(Event.objects.order_by("id"))
    assert [event.pk for event in kept] == ids
    assert [event.kind for event in kept] == ["sim.imei", "sim.missing"]
    assert kept[0].data == {"old": "a", "new": "b"}
    assert (kept[0].cause_kind, kept[0].cause_id, kept[0].sim_id, kept[0].account_id) == ("run", 3, 5, 2)


def test_nothing_to_tell_is_no_query(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert record([], cause=CAUSE) == []


def test_severity_comes_from_the_table_and_unknown_kinds_are_info() -> None:
    assert severity_of("sim.status", {"new": "DEACTIVATED"}) == "warning"
    assert severity_of("sim.status", {"new": "ACTIVATED"}) == "info"
    assert severity_of("never.heard.of", {}) == "info"
    assert set(SEVERITIES.values()) <= set(Event.Severity.values)
