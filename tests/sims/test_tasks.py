from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from sims import tasks
from sims.models import Sim, SyncRun
from sims.sync import runs, slice
from smarthub import Client
from toolkit import carrier as toolkit_carrier
from toolkit import lease
from toolkit.governor import Lane

pytestmark = pytest.mark.django_db
Callbacks = Callable[..., object]


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(tasks.work_sync, "delay", found.append)
    return found


@pytest.fixture
def run() -> SyncRun:
    return runs.request_full(trigger=SyncRun.Trigger.PLAN)


def test_slice_of_work_queues_the_next_until_the_run_is_complete(
    run: SyncRun, client: Client, queued: list[int], monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callbacks,
) -> None:  # fmt: skip
    monkeypatch.setattr(tasks, "carrier", {Lane.SYNC: client}.__getitem__)
    with django_capture_on_commit_callbacks(execute=True), monkeypatch.context() as short:
        short.setattr(slice.Slice, "is_over", True)
        tasks.work_sync(run.pk)
    assert queued == [run.pk]
    tasks.work_sync(run.pk)
    tasks.work_sync(run.pk)
    run.refresh_from_db()
    assert (run.state, run.read, Sim.objects.count()) == ("finished", 250, 250)


def test_without_a_carrier_the_run_ends_by_name(run: SyncRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "carrier", toolkit_carrier.carrier.__wrapped__)
    with override_settings(SMARTHUB_BASE_URL=None, SMARTHUB_API_KEY=None):
        tasks.work_sync(run.pk)
        tasks.work_sync(run.pk)
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.note.startswith("No carrier is set up.")
    assert run.errors == [run.note]


def test_worker_told_to_stop_hands_its_run_back(
    run: SyncRun, client: Client, queued: list[int], monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callbacks,
) -> None:  # fmt: skip
    monkeypatch.setattr(tasks, "carrier", {Lane.SYNC: client}.__getitem__)
    monkeypatch.setattr(slice, "is_stopping", lambda: True)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.work_sync(run.pk)
    run.refresh_from_db()
    assert (run.state, run.pages, run.lease_owner, queued) == ("running", 0, None, [run.pk])


def test_beat_starts_what_is_due_once_and_picks_up_what_was_left_behind(
    queued: list[int], django_capture_on_commit_callbacks: Callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        tasks.tend_syncs()
    run = SyncRun.objects.get()
    assert (run.trigger, queued) == ("plan", [run.pk])

    SyncRun.objects.update(state="running", lease_until=timezone.now() + timedelta(seconds=30))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.tend_syncs()
    assert queued == [run.pk]

    SyncRun.objects.update(lease_until=timezone.now() - lease.LEASE)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.tend_syncs()
    assert queued == [run.pk, run.pk]
    assert SyncRun.objects.count() == 1


def test_queue_that_is_away_loses_no_run(
    run: SyncRun, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callbacks
) -> None:
    def away(run_id: int) -> None:
        raise OperationalError

    monkeypatch.setattr(tasks.work_sync, "delay", away)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.work_soon(run.pk)
    assert runs.unattended() == [run.pk]
