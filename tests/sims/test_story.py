from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from journal.models import Event
from journal.record import Cause, NewEvent, record
from sims.history import newest_rows
from sims.models import ChangeLogRow, Sim
from sims.story import GROUPS, ROWS, Cursor, story_of
from tests.page import text_of
from tests.sims.fleet import NOW, make_sim

pytestmark = pytest.mark.django_db


@pytest.fixture
def sim() -> Sim:
    return make_sim()


def event(sim: Sim, at: datetime, kind: str = "sim.status", **data) -> int:
    told = data or {"old": "ACTIVATED", "new": "DEACTIVATED"}
    new = NewEvent(kind=kind, subject_kind="sim", subject_key=sim.giccid, happened_at=at, sim_id=sim.pk, data=told)
    return record([new], cause=Cause(Event.Cause.RUN, 4611))[0]


def row(sim: Sim, at: datetime, kind: str = ChangeLogRow.STATUS, **fields) -> int:
    values = {"old_value": "ACTIVATED", "new_value": "DEACTIVATED", "operator": "api", "read_at": NOW}
    return ChangeLogRow.objects.create(sim=sim, kind=kind, changed_at=at, **{**values, **fields}).pk


def told(sim: Sim, **options) -> list[tuple[str, int]]:
    return [
        (entry.source, entry.id) for day in story_of(sim, newest_rows(sim), **options).days for entry in day.entries
    ]


def sentences(sim: Sim) -> list[tuple[str, str]]:
    entries = [entry for day in story_of(sim, newest_rows(sim)).days for entry in day.entries]
    return [(text_of(entry.sentence), text_of(entry.more)) for entry in entries]


def minutes(count: int) -> datetime:
    return NOW - timedelta(minutes=count)


def test_two_sources_are_one_story_newest_first(sim: Sim) -> None:
    late = event(sim, minutes(1))
    history = row(sim, minutes(2))
    early = event(sim, minutes(3))
    row(make_sim("2"), minutes(2))
    assert told(sim) == [("journal", late), ("history", history), ("journal", early)]


def test_it_is_ordered_by_when_things_happened(sim: Sim) -> None:
    later = event(sim, minutes(1))
    heard_late = event(sim, minutes(9))
    assert told(sim) == [("journal", later), ("journal", heard_late)]


def test_what_explains_an_entry_stands_with_it(sim: Sim) -> None:
    found = event(sim, minutes(1))
    row(sim, minutes(9), event_id=found)
    assert told(sim) == [("journal", found)]
    assert sentences(sim)[0][1] == "found by run 4611 · the carrier’s history: 22 Nov, 11:51:00 , by “api”"


def test_pages_show_each_entry_once(sim: Sim) -> None:
    """Events and rows of one moment included: nothing is shown twice, nothing is skipped."""
    for number in range(ROWS):
        event(sim, minutes(number // 2))
        row(sim, minutes(number // 2), new_value=str(number))
    whole = told(sim, older=None)
    page = story_of(sim, newest_rows(sim))
    while page.older:
        whole += told(sim, older=Cursor.parse(page.older))
        page = story_of(sim, newest_rows(sim), older=Cursor.parse(page.older))
    assert len(whole) == len(set(whole)) == 2 * ROWS


def test_a_cursor_of_another_sim_has_nothing_behind_it(sim: Sim) -> None:
    other = make_sim("2")
    event(sim, minutes(1))
    for cursor in (Cursor(False, event(other, NOW)), Cursor(True, row(other, NOW)), Cursor(True, 2**63 - 1)):
        assert told(sim, older=cursor) == []


def test_a_kind_alone(sim: Sim) -> None:
    event(sim, minutes(1), "sim.apn", apn="iot", old="OPEN", new="CLOSED")
    status, imei = row(sim, minutes(2)), row(sim, minutes(3), ChangeLogRow.IMEI)
    groups = {group.value: group for group in GROUPS}
    assert told(sim, group=groups["status"]) == [("history", status)]
    assert told(sim, group=groups["device"]) == [("history", imei)]
    assert told(sim, group=groups["plan"]) == []


@pytest.mark.parametrize(
    ("kind", "old", "new", "operator", "sentence"),
    [
        ("STATUS_CHANGE", "ACTIVATED", "DEACTIVATED", "system", "The carrier changed the status: Active to Suspended"),
        ("STATUS_CHANGE", "ACTIVATED", "FROZEN", "ops", "Somebody changed the status: Active to FROZEN"),
        ("STATUS_CHANGE", None, None, "", "Somebody changed the status: not said to not said"),
        ("SERVICE_PACKAGE_CHANGE", "A", "B", "system", "The carrier changed the plan: A to B"),
        ("SERVICE_PACKAGE_CHANGE", None, "B", "api", "A request to the carrier’s API added the package B"),
        ("SERVICE_PACKAGE_CHANGE", "A", None, "console", "Somebody in the carrier’s console took the plan A away"),
        ("IMEI_CHANGE", "1", "2", "network", "The network reported a different IMEI: 1 to 2"),
        ("IMEI_CHANGE", None, "2", "network", "The network reported an IMEI, where there was none: 2"),
        ("IMEI_CHANGE", "1", None, "network", "The network reported no IMEI any more; it was 1"),
        (
            "COLOUR",
            "<b>",
            None,
            "API",
            "A request to the carrier’s API changed COLOUR , a kind this version has no words for: <b> to not said",
        ),
    ],
)
def test_each_row_has_its_sentence(sim: Sim, kind, old, new, operator, sentence) -> None:
    row(sim, minutes(1), kind, old_value=old, new_value=new, operator=operator)
    said, more = sentences(sim)[0]
    assert said == sentence
    assert more.startswith("From the carrier’s change history")
    assert (f"by “{operator}”" in more) == bool(operator)


def test_what_the_carrier_writes_is_no_markup(sim: Sim) -> None:
    row(sim, minutes(1), "<script>", old_value="<i>", new_value="<script>", operator="<script>alert(1)</script>")
    entry = story_of(sim, newest_rows(sim)).days[0].entries[0]
    assert "<script>" not in entry.sentence + entry.more and "<i>" not in entry.sentence


def test_a_time_in_the_future_is_shown_as_it_came(sim: Sim) -> None:
    row(sim, datetime(9999, 12, 31, 23, 59, tzinfo=UTC))
    row(sim, minutes(1))
    assert [day.at.year for day in story_of(sim, newest_rows(sim)).days] == [9999, 2026]


def test_what_was_changed_here_alone(sim: Sim) -> None:
    event(sim, minutes(1))
    new = NewEvent(kind="sim.apn", subject_kind="sim", subject_key=sim.giccid, happened_at=minutes(2), sim_id=sim.pk)
    ours = record([new], cause=Cause(Event.Cause.OPERATION, 7))[0]
    asked = event(sim, minutes(3), "sim.operation", state="unknown")
    group = next(group for group in GROUPS if group.value == "change")
    assert told(sim, group=group) == [("journal", ours), ("journal", asked)]


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(sim: Sim, django_assert_num_queries, count: int) -> None:
    for number in range(count):
        row(sim, minutes(number), event_id=event(sim, minutes(number)))
        row(sim, minutes(number), new_value="ACTIVATED")
    with django_assert_num_queries(2):
        assert len(told(sim)) == 2 * count
