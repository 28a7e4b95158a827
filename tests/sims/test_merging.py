from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier

import pytest
from django.db import OperationalError, connections
from msgspec.structs import replace

from enterprise.models import Account
from sims.models import Sim, SyncPage, SyncRun
from sims.sync import merging as merging_module
from sims.sync.listing import load_plan
from sims.sync.merging import Merges, merging
from sims.sync.notes import Fetched
from sims.sync.plan import Job
from smarthub import RawPage, Reply
from tests.sims.records import account, giccid, page, record, write

pytestmark = pytest.mark.django_db(transaction=True)

WAIT_S = 20


@pytest.fixture
def run() -> SyncRun:
    run = SyncRun.objects.create(kind=SyncRun.Kind.FULL, trigger=SyncRun.Trigger.PLAN, state="running")
    for name in ("halden-dach", "lab account"):
        run.parts.create(account=account(name))
    return run


@pytest.fixture
def merges(run: SyncRun) -> Iterator[Merges]:
    with merging(run, load_plan(run)) as merges:
        yield merges
    connections.close_all()


def fetched(merges: Merges, number: int, *records: object, of: Account, after_s: float = 0, total: int = 2) -> Fetched:
    """A page as it was read, and taken into the plan."""
    answer = replace(page(*records, after_s=after_s, of=of), page=number)
    merges.plan.part(of.pk).answered(number, records=len(records), size=len(records), total=total)
    shown = RawPage(answer.records, number, len(records), total, Reply(answer.asked_at, None, 1, 0.1))
    return Fetched(Job(of.pk, of.name, number), shown, answer)


def status_of(number: int) -> str:
    return Sim.objects.get(giccid=giccid(number)).status


def test_two_merges_go_on_at_once(merges: Merges, monkeypatch: pytest.MonkeyPatch) -> None:
    both_are_there, merge_new = Barrier(2), merging_module.merge_new

    def meet(*args):
        both_are_there.wait(WAIT_S)
        return merge_new(*args)

    monkeypatch.setattr(merging_module, "merge_new", meet)
    merges.merge([fetched(merges, 0, record(1), of=account(), total=2)])
    merges.merge([fetched(merges, 1, record(2), of=account(), total=2)])
    merges.settle()
    assert set(Sim.objects.values_list("giccid", flat=True)) == {giccid(1), giccid(2)}
    merges.run.refresh_from_db()
    assert (merges.run.pages, merges.run.new, SyncPage.objects.filter(run=merges.run).count()) == (2, 2, 2)
    part = merges.run.parts.get(account=account())
    assert (part.pages, part.is_done, part.total) == (2, True, 2)


@pytest.mark.parametrize("is_later_first", [False, True])
def test_sim_on_two_pages_is_as_the_page_asked_for_last_shows_it(merges: Merges, is_later_first: bool) -> None:
    """Whichever of the two merges comes through first: the other is done again, alone."""
    earlier = fetched(merges, 0, record(1), record(2), of=account())
    later = fetched(merges, 1, record(1, status="DEACTIVATED"), record(3), of=account(), after_s=5)
    for pages in ([later], [earlier]) if is_later_first else ([earlier], [later]):
        merges.merge(pages)
    merges.settle()
    assert (status_of(1), Sim.objects.count()) == ("DEACTIVATED", 3)
    assert sorted(map(len, SyncPage.objects.values_list("shown__sim_ids", flat=True))) == [2, 2]
    merges.run.refresh_from_db()
    assert (merges.run.pages, merges.run.read, merges.run.new) == (2, 4, 3)


def test_sim_that_the_copy_has_is_merged_alone(merges: Merges, monkeypatch: pytest.MonkeyPatch) -> None:
    write(page(record(1, status="INVENTORY"), after_s=-60))
    alone, merge_pages = [], merging_module.merge_pages
    monkeypatch.setattr(merging_module, "merge_pages", lambda *args: alone.append(merge_pages(*args)))
    merges.merge([fetched(merges, 0, record(1), of=account(), total=1)])
    merges.settle()
    assert (status_of(1), len(alone)) == ("ACTIVATED", 1)


def test_list_is_not_at_its_end_while_a_page_of_it_is_not_in_the_copy(
    merges: Merges, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last page may come through first: a run killed then would take the list for read."""
    one, other = (fetched(merges, number, record(number), of=account(), total=2) for number in (0, 1))
    noted, note_parts = [], merging_module.note_parts

    def note(*args):
        note_parts(*args)
        noted.append(merges.run.parts.get(account=account()).is_done)

    monkeypatch.setattr(merging_module, "note_parts", note)
    merges.merge([one])
    merges.merge([other])
    merges.settle()
    assert noted == [False, True]


def test_nor_while_a_page_of_it_waits_to_be_merged_alone(merges: Merges, monkeypatch: pytest.MonkeyPatch) -> None:
    write(page(record(1), after_s=-60))
    new, known = (fetched(merges, number, record(2 - number), of=account(), total=2) for number in (0, 1))
    noted, note_parts, wait = [], merging_module.note_parts, merging_module.wait

    def note(*args):
        note_parts(*args)
        noted.append(merges.run.parts.get(account=account()).is_done)

    def known_first(under_way, **_how):
        return wait([max(under_way, key=lambda future: under_way[future][0].job.page)])

    monkeypatch.setattr(merging_module, "note_parts", note)
    monkeypatch.setattr(merging_module, "wait", known_first)
    merges.merge([new])
    merges.merge([known])
    merges.settle()
    assert (noted, merges.run.parts.get(account=account()).is_done) == ([False], True)


def test_error_of_one_merge_is_raised_and_the_other_stays(run: SyncRun, monkeypatch: pytest.MonkeyPatch) -> None:
    merge_new = merging_module.merge_new

    def fail_on_the_second(run: SyncRun, pages: list[Fetched]):
        if pages[0].job.page == 1:
            raise OperationalError("the engine has gone away")
        return merge_new(run, pages)

    monkeypatch.setattr(merging_module, "merge_new", fail_on_the_second)
    with pytest.raises(OperationalError, match="gone away"), merging(run, load_plan(run)) as merges:
        merges.merge([fetched(merges, 0, record(1), of=account())])
        merges.merge([fetched(merges, 1, record(2), of=account())])
    assert list(Sim.objects.values_list("giccid", flat=True)) == [giccid(1)]
    assert list(SyncPage.objects.values_list("page", flat=True)) == [0]


def test_record_that_cannot_be_read_is_kept_aside_by_either(merges: Merges) -> None:
    merges.merge([fetched(merges, 0, record(1), {"giccid": giccid(9), "status": None}, of=account(), total=2)])
    merges.settle()
    assert [aside.giccid for aside in merges.run.set_aside.all()] == [giccid(9)]
    merges.run.refresh_from_db()
    assert (merges.run.kept_aside, merges.run.new) == (1, 1)


def test_one_after_the_other_where_a_complete_run_is_there(run: SyncRun) -> None:
    plan = load_plan(run)
    plan.last_run_id = run.pk
    with merging(run, plan) as merges:
        assert (merges.at_once, merges.pool) == (1, None)
        merges.merge([fetched(merges, 0, record(1), of=account(), total=1)])
        assert Sim.objects.count() == 1
