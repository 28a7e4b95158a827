from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from journal.models import Event
from journal.record import Cause, NewEvent, record
from sims import history
from sims.history import MOST_ROWS, SPAN, attach, is_due, read_history
from sims.models import ChangeLogRow, HistoryRead, Sim
from smarthub import Client
from tests.sims.fleet import make_sim
from tests.simulated import Simulated
from toolkit.governor import Lane

pytestmark = pytest.mark.django_db
SEED = "8986011805021000004"


@pytest.fixture
def carrier(simulator: Simulated) -> Simulated:
    """A carrier whose clock is ours."""
    simulator.post("/_sim/reset", {"sims": 20})
    return simulator


@pytest.fixture(autouse=True)
def _carrier(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr(history, "carrier", {Lane.CLICK: client}.__getitem__)


@pytest.fixture
def sim() -> Sim:
    now = timezone.now()
    return make_sim(SEED, read_at=now, first_seen_at=now - timedelta(days=30), changed_at=now - timedelta(days=20))


def fresh(sim: Sim) -> Sim:
    return Sim.objects.select_related("history").get(pk=sim.pk)


def rows() -> list[tuple[str, str | None, str | None]]:
    found = ChangeLogRow.objects.order_by("changed_at", "pk")
    return [(row.kind, row.old_value, row.new_value) for row in found]


def row(sim: Sim, at: datetime, new: str = "DEACTIVATED", kind: str = ChangeLogRow.STATUS, **fields) -> ChangeLogRow:
    values = {"old_value": "ACTIVATED", "new_value": new, "operator": "api", "read_at": timezone.now()}
    return ChangeLogRow.objects.create(sim=sim, kind=kind, changed_at=at, **{**values, **fields})


def event(sim: Sim, at: datetime, new: str = "DEACTIVATED", kind: str = "sim.status", **data) -> int:
    told = {"old": "ACTIVATED", "new": new, **data}
    happened = NewEvent(kind=kind, subject_kind="sim", subject_key=sim.giccid, happened_at=at, sim_id=sim.pk, data=told)
    return record([happened], cause=Cause(Event.Cause.RUN, 1))[0]


def imei(carrier: Simulated, number: int) -> None:
    carrier.post("/_sim/imei", {"giccid": SEED, "imei": f"35693803564{number:04}"})


def test_what_the_carrier_tells_is_kept_once(sim: Sim, client: Client, carrier: Simulated) -> None:
    client.suspend(SEED)
    imei(carrier, 1)
    client.suspend("8986011805021000009")
    first = read_history(sim)
    assert first.is_read and first.new == ChangeLogRow.objects.count() >= 2
    assert (ChangeLogRow.STATUS, "ACTIVATED", "DEACTIVATED") in rows()
    assert read_history(fresh(sim)) == (True, "", 0)
    assert set(ChangeLogRow.objects.values_list("sim_id", flat=True)) == {sim.pk}


def test_a_reading_says_how_far_it_reaches(sim: Sim) -> None:
    read_history(sim)
    read = HistoryRead.objects.get()
    assert timezone.now() - read.read_at < timedelta(minutes=1)
    assert read.read_at - read.since == SPAN
    assert read_history(fresh(sim), is_further=True).is_read
    again = HistoryRead.objects.get()
    assert (again.read_at, again.since) == (read.read_at, read.since - SPAN)


def test_it_is_due_when_it_may_tell_something_new(sim: Sim) -> None:
    now = timezone.now()
    assert is_due(fresh(sim), now)
    read_history(sim)
    assert not is_due(fresh(sim), now)
    assert is_due(fresh(sim), now + timedelta(days=1, minutes=1))
    Sim.objects.update(changed_at=now + timedelta(minutes=1))
    assert is_due(fresh(sim), now)


def test_a_long_absence_leaves_no_hidden_hole(sim: Sim) -> None:
    now = timezone.now()
    HistoryRead.objects.create(sim=sim, read_at=now - timedelta(days=400), since=now - timedelta(days=580))
    read_history(fresh(sim))
    assert now - HistoryRead.objects.get().since < timedelta(days=181)


@pytest.mark.parametrize(
    ("kind", "word"), [("401", "key"), ("403", "right"), ("500", "trouble"), ("badjson", "cannot be read")]
)
def test_a_failed_reading_says_why_and_keeps_nothing(sim: Sim, carrier: Simulated, kind: str, word: str) -> None:
    carrier.post("/_sim/fault", {"operation": "sim_change_logs", "kind": kind, "times": 10})
    result = read_history(sim)
    assert not result.is_read and word in result.error
    assert "tried again" not in result.error
    assert not HistoryRead.objects.exists() and not ChangeLogRow.objects.exists()


def test_very_many_rows_are_read_in_parts(sim: Sim, client: Client, carrier: Simulated) -> None:
    for number in range(MOST_ROWS + 150):
        if number % 50 == 0:  # so that no second holds more than one reading brings
            carrier.post("/_sim/clock", {"advanceSeconds": 1})
        imei(carrier, number)
    before = len(carrier.get("/_sim/requests")["requests"])
    first = read_history(sim)
    assert MOST_ROWS <= first.new < MOST_ROWS + 100
    pages = len(carrier.get("/_sim/requests")["requests"]) - before
    assert pages <= MOST_ROWS // 100 + 1
    oldest = ChangeLogRow.objects.order_by("changed_at").first()
    assert HistoryRead.objects.get().since == oldest.changed_at + timedelta(seconds=1)
    assert read_history(fresh(sim), is_further=True).is_read
    assert ChangeLogRow.objects.count() == len(client.sim_change_logs([SEED]).value)


def test_second_that_holds_more_than_one_reading_brings_is_read_whole(
    sim: Sim, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smarthub.models import Answer, Reply, SimChange

    at = timezone.now().replace(microsecond=0) - timedelta(days=3)
    burst = [SimChange(SEED, "IMEI_CHANGE", None, str(number), at) for number in range(MOST_ROWS + 50)]
    log = [*burst, SimChange(SEED, "IMEI_CHANGE", None, "before", at - timedelta(days=2))]

    def change_logs(giccids: list[str], *, start_at: datetime, end_at: datetime, most: int | None = None) -> Answer:
        found = [change for change in log if start_at <= change.changed_at < end_at]
        return Answer(tuple(found[:most]), Reply(at, at, 1, 0.1))

    monkeypatch.setattr(client, "sim_change_logs", change_logs)
    assert read_history(sim).new == MOST_ROWS
    assert read_history(fresh(sim), is_further=True).new == len(log) - MOST_ROWS


def test_odd_rows_are_kept_or_counted(sim: Sim, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from smarthub.models import Answer, Reply, SimChange

    now = timezone.now().replace(microsecond=0)
    changes = (
        SimChange(SEED, "STATUS_CHANGE", None, None, now),
        SimChange(SEED, "STATUS_CHANGE", None, None, now, "twice"),
        SimChange(SEED, "COLOUR_CHANGE", "red", "green", now + timedelta(hours=3)),
        SimChange(SEED, "IMEI_CHANGE", None, "1", None),
        SimChange("another", "IMEI_CHANGE", None, "1", now),
    )
    answer = Answer(changes, Reply(now, now, 1, 0.1))
    monkeypatch.setattr(client, "sim_change_logs", lambda *args, **kwargs: answer)
    assert read_history(sim).new == 2
    assert rows() == [("STATUS_CHANGE", None, None), ("COLOUR_CHANGE", "red", "green")]
    assert HistoryRead.objects.get().left_out == 2


def hours(count: float) -> datetime:
    return timezone.now() - timedelta(hours=count)


def attached() -> dict[int, int | None]:
    return dict(ChangeLogRow.objects.values_list("pk", "event_id"))


def test_a_row_is_evidence_for_the_entry_it_explains(sim: Sim) -> None:
    found = event(sim, hours(1))
    explaining, before, other = row(sim, hours(1.5)), row(sim, hours(900)), row(sim, hours(1.4), "RETIRED")
    attach(sim)
    assert attached() == {explaining.pk: found, before.pk: None, other.pk: None}
    attach(sim)
    assert attached()[explaining.pk] == found


def test_of_a_change_to_and_fro_the_last_is_the_cause(sim: Sim) -> None:
    """Between two reads it was suspended, activated and suspended again: the reads saw one change of the three."""
    found = event(sim, hours(1))
    first, back, last = row(sim, hours(4)), row(sim, hours(3), "ACTIVATED"), row(sim, hours(2))
    attach(sim)
    assert attached() == {first.pk: None, back.pk: None, last.pk: found}


def test_a_row_behind_the_entry_before_explains_nothing_after_it(sim: Sim) -> None:
    off, on, off_again = event(sim, hours(9)), event(sim, hours(6), "ACTIVATED"), event(sim, hours(3))
    explaining = row(sim, hours(9.5))
    attach(sim)
    assert attached() == {explaining.pk: off}
    late = row(sim, hours(3.5))
    attach(sim)
    assert attached()[late.pk] == off_again
    assert on not in attached().values()


def test_clocks_may_disagree_a_little(sim: Sim) -> None:
    found = event(sim, hours(1))
    ahead = row(sim, hours(1) + timedelta(minutes=4))
    attach(sim)
    assert attached() == {ahead.pk: found}


def test_two_profiles_change_at_one_read(sim: Sim) -> None:
    at = hours(1)
    one, two = event(sim, at, "1", "sim.imei", position=0), event(sim, at, "2", "sim.imei", position=1)
    first, second = row(sim, hours(2), "1", ChangeLogRow.IMEI), row(sim, hours(2), "2", ChangeLogRow.IMEI)
    attach(sim)
    assert attached() == {first.pk: one, second.pk: two}


def test_an_entry_of_another_sim_is_not_touched(sim: Sim) -> None:
    event(make_sim("2"), hours(1))
    mine = row(sim, hours(1.5))
    attach(sim)
    assert attached() == {mine.pk: None}
