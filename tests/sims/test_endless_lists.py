"""Lists that have no end of their own: their pages come again for ever, or ever new ones come."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from msgspec import structs

from sims.models import Sim, SyncRun
from sims.sync import listing, merging, plan, runs, work
from smarthub import Client, RawPage
from tests.simulated import Simulated

pytestmark = pytest.mark.django_db
Sync = Callable[..., SyncRun]
PER_PAGE = 20
MOST_QUESTIONS = 20_000


class Shuffling:
    """Past the end of an account's list come its records again, each time in another order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, total: Callable[[int], int | None]) -> None:
        self.questions = 0
        self._random, self._total, self._read_page = random.Random(7), total, Client.list_sims_raw
        self._whole: dict[str, RawPage] = {}
        monkeypatch.setattr(Client, "list_sims_raw", lambda client, **query: self.page_of(client, **query))

    def page_of(self, client: Client, *, account_name: str = "", page: int = 0, **query: object) -> RawPage:
        self.questions += 1
        assert self.questions < MOST_QUESTIONS
        if not account_name:
            return self._read_page(client, page=page, **query)
        whole = self._all_of(client, account_name)
        shown = whole.records[page * PER_PAGE :][:PER_PAGE]
        shown = shown or self._random.sample(whole.records, min(PER_PAGE, len(whole.records)))
        return structs.replace(whole, records=shown, page=page, size=PER_PAGE, total=self._total(len(whole.records)))

    def _all_of(self, client: Client, account_name: str) -> RawPage:
        if account_name not in self._whole:
            pages = [self._read_page(client, account_name=account_name, page=page) for page in range(3)]
            records = [record for page in pages for record in page.records]
            self._whole[account_name] = structs.replace(pages[0], records=records)
        return self._whole[account_name]


TOTALS = [lambda count: None, lambda count: 1, lambda count: count + 7, lambda count: 2_000_000_000]


@pytest.mark.parametrize("total", TOTALS, ids=["none", "too small", "too large", "far too large"])
def test_pages_that_come_again_in_ever_new_orders_end_a_list_and_lose_nothing(
    sync: Sync, monkeypatch: pytest.MonkeyPatch, total: Callable[[int], int | None]
) -> None:
    Shuffling(monkeypatch, total=total)
    # As merges are in the time that a carrier takes, which this one does not.
    monkeypatch.setattr(listing, "MERGE_EVERY_S", 0)
    for _ in range(2):
        run = sync()
        assert (run.state, Sim.objects.count()) == ("finished", 250)
        assert run.pages_expected <= run.pages


def test_run_killed_past_the_end_of_a_list_ends_it_when_resumed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die_past_the_end(*args: object) -> object:
        merged.append(merge(*args))
        if carrier.questions > 60:
            raise Killed
        return merged[-1]

    carrier, merge, merged = Shuffling(monkeypatch, total=lambda count: None), merging.merge_pages, []
    run = runs.request_full(trigger=SyncRun.Trigger.PLAN)
    with monkeypatch.context() as patch:
        patch.setattr(merging, "merge_pages", die_past_the_end)
        with pytest.raises(Killed):
            while work.work_slice(run.pk, client):
                pass
    SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    while work.work_slice(run.pk, client):
        pass
    run.refresh_from_db()
    assert (run.state, Sim.objects.count()) == ("finished", 250)


def test_list_that_shows_ever_new_sims_is_given_up_by_name(
    sync: Sync, carrier: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_page = Client.list_sims_raw

    def ever_new(client: Client, account_name: str | None = None, page: int = 0, **query: object) -> RawPage:
        if account_name != "lab account":
            return read_page(client, account_name, page=page, **query)
        first = read_page(client, account_name, **query)
        record = b'{"giccid":"99%08d","status":"INVENTORY"}' % page
        return structs.replace(first, records=[record], page=page, size=100, total=None)

    monkeypatch.setattr(plan, "MOST_UNTOLD", 30)
    monkeypatch.setattr(Client, "list_sims_raw", ever_new)
    run = sync()
    assert (run.state, run.missing) == ("failed", None)
    assert run.note.startswith("lab account: the list does not end. 30 pages were read")
    assert Sim.objects.filter(giccid__startswith="99").count() == 30
