"""A slice ends in the middle of what it does, and its run is nobody else's meanwhile."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from sims.models import SyncRun
from sims.sync import listing, runs, slice, work
from smarthub import Client, RawPage
from tests.waiting import wait_until
from toolkit import lease

PATIENCE_S = 20


@pytest.fixture
def run() -> SyncRun:
    return runs.request_full(trigger=SyncRun.Trigger.PLAN)


@pytest.mark.django_db
def test_pages_that_nobody_has_begun_to_ask_for_are_left_to_the_next_slice(
    run: SyncRun, client: Client, monkeypatch: pytest.MonkeyPatch, settings
) -> None:
    settings.SMARTHUB_PAGE_SIZE = 5
    is_over, is_let_off = threading.Event(), threading.Event()
    read_page, let_off = client.list_sims_raw, listing._let_off

    def answered_late(**query: object) -> RawPage:
        is_over.set()
        is_let_off.wait(PATIENCE_S)
        return read_page(**query)

    def note(reading: listing._Reading) -> None:
        let_off(reading)
        is_let_off.set()

    monkeypatch.setattr(client, "list_sims_raw", answered_late)
    monkeypatch.setattr(listing, "_let_off", note)
    monkeypatch.setattr(slice.Slice, "is_over", property(lambda _: is_over.is_set()))
    assert work.work_slice(run.pk, client)
    run.refresh_from_db()
    assert (run.state, run.phase) == ("running", "listing")
    assert 0 < run.pages <= listing.PAGES_AT_ONCE


@pytest.mark.django_db(transaction=True)
def test_run_stays_its_workers_while_a_page_takes_longer_than_the_lease(
    run: SyncRun, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, read_page = SyncRun.objects.filter(pk=run.pk), client.list_sims_raw

    def hanging(**query: object) -> RawPage:
        rows.update(lease_until=timezone.now() + timedelta(seconds=1))
        wait_until(lambda: rows.get().lease_until > timezone.now() + timedelta(seconds=30), "it is renewed", PATIENCE_S)
        connection.close()  # of this thread
        return read_page(**query)

    monkeypatch.setattr(lease, "KEEP_EVERY_S", 0.01)
    monkeypatch.setattr(client, "list_sims_raw", hanging)
    assert work.work_slice(run.pk, client) is False
    run.refresh_from_db()
    assert run.state == "finished"
