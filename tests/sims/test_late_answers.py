"""Answers that are merged after what was asked for later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from msgspec.structs import replace

from sims.copy import note_pages
from sims.models import Sim, SyncRun
from tests.sims.records import NOON, account, named, page, record, told, write
from toolkit.database import set_cursor

pytestmark = pytest.mark.django_db


def show(after_s: float, *, kind: SyncRun.Kind = SyncRun.Kind.FULL) -> None:
    """A page of a run that shows the SIM as our copy has it, which leaves its row as it is."""
    run, answer = SyncRun.objects.create(kind=kind, trigger="plan"), replace(page(record(1), after_s=after_s), page=0)
    result = write(answer, run_id=run.pk)
    assert (result.moved, result.sim_ids) == (0, [[Sim.objects.get().pk]])
    with set_cursor() as cursor:
        note_pages(cursor, run.pk, [answer], result.shown, result.sim_ids)


def test_read_by_name_asked_before_a_page_that_showed_the_sim_changes_nothing() -> None:
    """What it found has passed: the page was asked for later."""
    write(page(record(1)))
    show(after_s=60)
    result = write(named(record(1, status="DEACTIVATED"), after_s=30))
    assert (Sim.objects.get().status, result.stale, told()) == ("ACTIVATED", 1, [])


def test_page_asked_before_that_of_another_run_changes_nothing() -> None:
    write(page(record(1)))
    show(after_s=60, kind=SyncRun.Kind.ACCOUNT)
    full = SyncRun.objects.create(kind=SyncRun.Kind.FULL, trigger="plan")
    write(page(record(1, status="DEACTIVATED"), after_s=30), run_id=full.pk)
    assert (Sim.objects.get().status, told()) == ("ACTIVATED", [])


def test_page_read_before_the_clock_went_back_holds_up_no_answer() -> None:
    write(page(record(1)))
    show(after_s=3600)
    write(named(record(1, status="DEACTIVATED"), after_s=60), now=NOON + timedelta(seconds=61))
    assert Sim.objects.get().status == "DEACTIVATED"


def test_page_tells_whose_a_sim_is_though_it_was_read_by_name_meanwhile() -> None:
    """Nobody with an account of their own would see it until the next run."""
    write(named(record(1, status="DEACTIVATED"), after_s=60))
    write(page(record(1), after_s=30))
    sim = Sim.objects.get()
    assert (sim.account, sim.status, told()) == (account(), "DEACTIVATED", [])
    with connection.cursor() as cursor:
        cursor.execute("SELECT account_id, sum(n) FROM sims_simcountdelta GROUP BY 1 HAVING sum(n) <> 0")
        assert cursor.fetchall() == [(account().pk, 1)]
