"""What becomes of a SIM that two answers are written of at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from random import Random
from threading import Lock
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from journal.models import Event
from sims.copy import Answer
from sims.copy import write as write_module
from sims.models import OpenChange, Operation, Sim, SyncRun, Verb
from sims.sync.absent import FIRST_ABSENCE, settle_absent
from tests.beside import WAIT_S, Beside, connections_of_their_own, wait_for_waiting
from tests.sims.records import NOON, account, giccid, named, page, record, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def beside() -> Iterator[Beside]:
    with connections_of_their_own() as beside:
        yield beside


def test_sims_are_locked_in_one_order_also_where_some_were_only_seen(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One writer changes the second SIM and has seen the first, the other changes both."""
    write(page(record(1), record(2)))
    touch, others = write_module.touch, []

    def touch_later(cursor: psycopg.Cursor[Any], asked: dict[int, Any], **how: Any) -> None:
        if asked:
            changed = [record(number, status="RETIRED") for number in (1, 2)]
            others.append(beside(lambda: write(page(*changed, after_s=90))))
            wait_for_waiting()
        touch(cursor, asked, **how)

    monkeypatch.setattr(write_module, "touch", touch_later)
    write(named(record(1), record(2, status="DEACTIVATED"), after_s=60))
    assert [other.result(WAIT_S).changed for other in others] == [2]
    assert set(Sim.objects.values_list("status", flat=True)) == {"RETIRED"}


def test_sims_are_locked_in_one_order_also_where_they_are_counted_absent(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first SIM for the first time, the second for the second, while another writer has found both."""
    write(page(record(1), record(2)))
    Sim.objects.filter(giccid=giccid(2)).update(absent_runs=1, digest=None)
    execute, others = psycopg.Cursor.execute, []

    def find_both_before(cursor: psycopg.Cursor[Any], query: Any, *more: Any, **how: Any) -> Any:
        if query == FIRST_ABSENCE:
            changed = [record(number, status="RETIRED") for number in (1, 2)]
            others.append(beside(lambda: write(page(*changed, after_s=90))))
            wait_for_waiting()
        return execute(cursor, query, *more, **how)

    run = SyncRun.objects.create(
        kind=SyncRun.Kind.FULL, trigger=SyncRun.Trigger.PLAN, state="running", started_at=NOON + timedelta(seconds=30)
    )
    monkeypatch.setattr(psycopg.Cursor, "execute", find_both_before)
    assert settle_absent(run, list(Sim.objects.values_list("pk", flat=True))).missing == 1
    assert [other.result(WAIT_S).changed for other in others] == [2]
    assert not Sim.objects.exclude(missing_since=None).exists()


def test_change_is_begun_while_its_sim_is_being_written(beside: Beside) -> None:
    """What refers to a SIM does not wait for a merge of many others."""
    write(page(record(1)))
    sim = Sim.objects.get()

    def begin() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        operation = Operation.objects.create(sim_id=sim.pk, verb=Verb.SUSPEND, username="mara")
        OpenChange.objects.create(sim_id=sim.pk, operation=operation, verb=Verb.SUSPEND)

    with transaction.atomic():
        write(page(record(1, status="DEACTIVATED"), after_s=60))
        beside(begin).result(WAIT_S)
    assert OpenChange.objects.exists()


def test_read_by_name_leaves_the_account_that_another_writer_has_just_given(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(page(record(1)))
    lab, known_accounts = account("lab account"), write_module.known_accounts

    def known_before(cursor: psycopg.Cursor[Any], giccids: list[str]) -> dict[str, int | None]:
        known = known_accounts(cursor, giccids)
        monkeypatch.setattr(write_module, "known_accounts", known_accounts)
        beside(lambda: write(page(record(1), after_s=30, of=lab))).result(WAIT_S)
        return known

    monkeypatch.setattr(write_module, "known_accounts", known_before)
    written = write(named(record(1, status="DEACTIVATED"), after_s=60))
    sim = Sim.objects.get(giccid=giccid(1))
    assert (sim.account, sim.status) == (lab, "DEACTIVATED")
    assert [event.kind for event in Event.objects.filter(pk__in=written.event_ids)] == ["sim.status"]


class _Fleet:
    """SIMs at the carrier that move on all the time, and the answers that show them as they are just then."""

    def __init__(self) -> None:
        self.versions, self.asked_s, self.shown = [0] * FLEET, 0, dict[int, int]()
        self.lists = [(account(name), range(first, FLEET, 2)) for first, name in enumerate(("first", "second"))]
        self.lock = Lock()

    def answer(self, chance: Random) -> Answer:
        with self.lock:
            self.asked_s += 1
            self.versions = [version + (chance.random() < 0.25) for version in self.versions]
            of, listed = chance.choice(self.lists)
            chosen = list(listed) if chance.random() < 0.5 else chance.sample(range(FLEET), chance.randint(1, FLEET))
            is_listed = len(chosen) == len(listed) and set(chosen) == set(listed)
            chance.shuffle(chosen)
            self.shown |= {number: self.versions[number] for number in chosen}
            records = [record(number, status=f"V{self.versions[number]:03}") for number in chosen]
            return page(*records, after_s=self.asked_s, of=of) if is_listed else named(*records, after_s=self.asked_s)

    def write_some(self, seed: int) -> list[int]:
        """Write answers in the order in which they come through; the ids of what was told."""
        chance = Random(seed)
        return [told for _ in range(ANSWERS) for told in write(self.answer(chance)).event_ids]


WRITERS, ANSWERS, FLEET = 4, 15, 12


def test_whoever_writes_the_copy_ends_as_the_answer_asked_for_last_and_nothing_goes_back() -> None:
    fleet = _Fleet()
    with connections_of_their_own(WRITERS) as beside:
        writing = [beside(partial(fleet.write_some, seed)) for seed in range(WRITERS)]
        ids = [event_id for each in writing for event_id in each.result(60)]
    copied = dict(Sim.objects.values_list("giccid", "status"))
    assert copied == {giccid(number): f"V{version:03}" for number, version in fleet.shown.items()}
    steps: dict[str, list[str]] = {}
    for event in Event.objects.filter(pk__in=ids, kind="sim.status").order_by("id"):
        steps.setdefault(event.subject_key, []).extend([event.data["old"], event.data["new"]])
    assert steps and all(path == sorted(path) for path in steps.values())
