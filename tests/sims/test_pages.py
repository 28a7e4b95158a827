"""The pages of runs, and the SIMs that they share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import transaction

from enterprise.models import SharePool
from sims.models import PageSims, Sim, SyncPage, SyncRun
from sims.sync import runs, shared
from sims.sync.absent import unseen
from sims.sync.shared import shared_beside
from sims.sync.slice import RunFailed, Slice
from smarthub import Client
from tests.sims.records import page, record, write
from tests.simulated import Simulated

pytestmark = pytest.mark.django_db
Sync = Callable[..., SyncRun]

SEED = "8986011805021000004"


def shown(run: SyncRun) -> dict[tuple[str, int], int]:
    """By account and page, the row of the SIMs that it showed."""
    rows = run.page_rows.exclude(account=None).values_list("account__name", "page", "shown")
    return {(name, number): row for name, number, row in rows}


def test_runs_that_see_the_same_sims_on_a_page_share_them(sync: Sync, carrier: Simulated) -> None:
    before = shown(sync())
    assert shown(sync()) == before
    carrier.post("/_sim/sims", {"set": {SEED: {"imei": "356938035726999"}}})
    third = sync()
    assert (third.changed, shown(third)) == (1, before)
    assert PageSims.objects.count() == third.pages


def test_sims_of_a_page_are_in_order_and_each_is_there_once(sync: Sync) -> None:
    sync()
    pages = list(PageSims.objects.values_list("sim_ids", flat=True))
    assert all(sim_ids == sorted(set(sim_ids)) for sim_ids in pages)
    assert sorted(sim_id for sim_ids in pages for sim_id in sim_ids) == sorted(Sim.objects.values_list("pk", flat=True))


def test_page_with_another_sim_has_its_own_and_what_no_page_has_any_more_is_forgotten(
    sync: Sync, carrier: Simulated
) -> None:
    before = shown(sync())
    carrier.post("/_sim/sims", {"remove": [SEED]})
    other = {place for place, row in shown(sync()).items() if row != before.get(place)}
    assert other and {name for name, _ in other} == {Sim.objects.get(giccid=SEED).account.name}
    sync(), sync()
    used = set(SyncPage.objects.values_list("shown", flat=True))
    assert set(PageSims.objects.values_list("pk", flat=True)) == used
    assert used.isdisjoint(before[place] for place in other)


def test_run_tells_how_many_sims_its_pages_showed_where_they_are_all(sync: Sync, carrier: Simulated) -> None:
    assert [sync().seen, sync().seen] == [250, 250]
    carrier.post("/_sim/sims", {"remove": [SEED]})
    assert sync().seen is None


def test_sims_are_counted_only_where_the_pages_do_not_show_what_those_of_the_last_run_did(sync: Sync) -> None:
    """A SIM taken from the row that both runs share is found out by counting alone."""
    first, second = sync(), sync()
    SyncRun.objects.filter(pk=second.pk).update(state=SyncRun.State.RUNNING)
    shared_row = PageSims.objects.get(sim_ids__contains=[Sim.objects.get(giccid=SEED).pk])
    shared_row.sim_ids.remove(Sim.objects.get(giccid=SEED).pk)
    shared_row.save()
    assert (unseen(second), second.seen) == ({}, 250)
    for no_proof in ({"seen": None}, {"seen": 249}, {"seen": 250, "pages": first.pages + 1}):
        SyncRun.objects.filter(pk=first.pk).update(**no_proof)
        assert list(unseen(second).values()) == [SEED]


def test_page_as_before_is_held_against_the_copy_by_one_sum(sync: Sync) -> None:
    """A SIM that somebody else has changed since is looked at, whatever the carrier still shows."""
    sync()
    Sim.objects.filter(giccid=SEED).update(status="DEACTIVATED", digest=1)
    assert (sync().moved, Sim.objects.get(giccid=SEED).status) == (1, "ACTIVATED")


class AtOnce(Executor):
    """Does what it is given before it goes on."""

    def __init__(self, *args: Any, **options: Any) -> None:
        pass

    def submit(self, work: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*args, **options))
        return done


@pytest.fixture
def beside(client: Client, monkeypatch: pytest.MonkeyPatch) -> AbstractContextManager[Slice]:
    """Pools and countries, answered by the time the body begins."""
    monkeypatch.setattr(shared, "ThreadPoolExecutor", AtOnce)
    run = runs.begin(runs.request_full(trigger=SyncRun.Trigger.COMMAND).pk)
    return shared_beside(run, Slice(client, ends_at=0, renew=lambda: None))


def test_pools_are_kept_at_the_next_sign_of_life(beside: AbstractContextManager[Slice]) -> None:
    with beside as slice_:
        assert not SharePool.objects.exists()
        slice_.renew()
        assert SharePool.objects.exists()


def test_key_refused_for_pools_does_not_stop_what_is_being_read(
    carrier: Simulated, beside: AbstractContextManager[Slice]
) -> None:
    carrier.post("/_sim/fault", {"operation": "share_pools", "kind": "401", "times": 10})
    with pytest.raises(RunFailed), beside as slice_:
        slice_.renew()
        slice_.renew()
        is_read = True
    assert is_read


@pytest.mark.django_db(transaction=True)
def test_room_made_in_a_transaction_that_was_undone_is_made_again() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write(page(record(1)))
        raise ZeroDivisionError
    assert [write(page(record(number))).new for number in (1, 2)] == [1, 1]
