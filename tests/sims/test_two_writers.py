"""What becomes of a SIM that two answers are written of at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from journal.models import Event
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
