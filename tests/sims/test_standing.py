from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from journal.models import Event
from journal.record import Cause, NewEvent, record
from sims.history import newest_rows
from sims.models import ChangeLogRow, HistoryRead, Sim
from sims.standing import notes_on, off_spans, status_changes
from tests.page import text_of
from tests.sims.fleet import NOW, make_sim

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def off(**fields) -> Sim:
    return make_sim(**{"status": "DEACTIVATED", **fields})


def row(sim: Sim, at: datetime, old: str = "ACTIVATED", new: str = "DEACTIVATED", **fields) -> None:
    ChangeLogRow.objects.create(
        sim=sim, kind=ChangeLogRow.STATUS, changed_at=at, old_value=old, new_value=new, read_at=NOW, **fields
    )


FOUND_BY = Cause(Event.Cause.RUN, 4611)


def event(sim: Sim, at: datetime, old: str = "ACTIVATED", new: str = "DEACTIVATED", cause: Cause = FOUND_BY) -> int:
    new_event = NewEvent(
        kind="sim.status", subject_kind="sim", subject_key=sim.giccid, happened_at=at, sim_id=sim.pk,
        data={"old": old, "new": new},
    )  # fmt: skip
    return record([new_event], cause=cause)[0]


def said(sim: Sim) -> tuple[str, str, bool]:
    note = notes_on(sim, status_changes(sim, newest_rows(sim)))[-1]
    return text_of(note.title), text_of(note.words), note.offers_history


@pytest.mark.parametrize(
    ("operator", "why"),
    [
        ("api", ", because a request to the carrier’s API asked for it."),
        ("console", ", because somebody did it in the carrier’s console."),
        ("system", ", because the carrier did it by itself."),
        ("ops-7", "."),
    ],
)
def test_off_since_and_why_from_the_carriers_history(operator: str, why: str) -> None:
    sim = off()
    row(sim, NOW - DAY, operator=operator)
    title, words, offers = said(sim)
    assert title.startswith("Off since") and "21 Nov" in title
    assert title.endswith((why, f" {why}"))
    assert words.startswith(f"From the carrier’s history, by “{operator}”.")
    assert "moves no data" in words and not offers


def test_a_plan_that_ended_is_the_reason() -> None:
    sim = off(package_ends_at=NOW - DAY)
    row(sim, NOW - DAY, operator="system")
    assert "because its plan Prepaid-Basic-100M ended and none followed." in said(sim)[0]


def test_both_sources_are_named() -> None:
    sim = off()
    row(sim, NOW - DAY, operator="api", event_id=event(sim, NOW - DAY + timedelta(hours=1)))
    assert "by “api”; the portal saw it at 21 Nov, 13:00:00" in said(sim)[1]


def test_who_did_it_is_not_known_and_the_history_is_offered() -> None:
    sim = off()
    title, words, offers = said(sim)
    assert title.startswith("Off since before 23 Oct 2026") and offers
    assert words.startswith("Who did it, and why, is not known: the carrier’s history has not been read.")
    event(sim, NOW - DAY)
    title, words, offers = said(sim)
    assert title.startswith("Off at the latest since") and offers
    assert "Sync found it Suspended" in words
    HistoryRead.objects.create(sim=sim, read_at=NOW, since=NOW - 179 * DAY)
    sim = Sim.objects.select_related("history").get()
    assert "back to 27 May 2026 , does not say." in said(sim)[1]


def test_a_push_tells_that_it_is_off_and_the_carriers_history_why() -> None:
    sim = off()
    pushed = event(sim, NOW - DAY, cause=Cause(Event.Cause.PUSH, 7))
    title, words, offers = said(sim)
    assert title.startswith("Off at the latest since") and title.endswith(".") and "because" not in title
    assert words.startswith("The carrier pushed, and reading found it Suspended , no longer Active") and offers
    row(sim, NOW - DAY, operator="api", event_id=pushed)
    title, words, offers = said(sim)
    assert title.endswith("because a request to the carrier’s API asked for it.")
    assert words.startswith("From the carrier’s history, by “api”") and not offers


def test_a_later_change_at_the_carrier_explains_nothing() -> None:
    """The carrier's history ends with an activation that our copy has not read, and the time before is dark."""
    sim = off(read_at=NOW)
    row(sim, NOW - DAY, "DEACTIVATED", "ACTIVATED", operator="api")
    assert said(sim)[0].startswith("Off since before")
    row(sim, NOW + 9 * DAY, operator="future")
    assert said(sim)[0].startswith("Off since before")


def test_an_active_sim_needs_no_sentence() -> None:
    sim = make_sim()
    row(sim, NOW - DAY)
    assert notes_on(sim, status_changes(sim, newest_rows(sim))) == []


def spans(sim: Sim) -> list[tuple[float, float, str]]:
    found = off_spans(sim, status_changes(sim, newest_rows(sim)), now=NOW)
    return [((span.start - NOW) / DAY, (span.end - NOW) / DAY, span.label) for span in found]


def test_when_it_was_off() -> None:
    sim = off(first_seen_at=NOW - 30 * DAY)
    row(sim, NOW - 20 * DAY, "DEACTIVATED", "ACTIVATED")
    event(sim, NOW - 3 * DAY)
    row(sim, NOW + DAY, "DEACTIVATED", "ACTIVATED")
    assert spans(sim) == [(-30, -20, "Suspended"), (-3, 0, "Suspended")]


def test_a_retired_sim_was_suspended_before() -> None:
    sim = make_sim(status="RETIRED")
    row(sim, NOW - 5 * DAY)
    row(sim, NOW - 2 * DAY, "DEACTIVATED", "RETIRED")
    assert spans(sim) == [(-5, -2, "Suspended"), (-2, 0, "Retired")]


def test_off_for_all_we_know() -> None:
    assert spans(off(first_seen_at=NOW - 9 * DAY)) == [(-9, 0, "Suspended")]
    assert spans(make_sim("2")) == []
