"""The tasks: leaves that find what is due and do it once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from batches import run, tasks
from batches.models import Batch
from smarthub_portal.celery import app
from tests.batches.conftest import due_now, sent, states
from toolkit.carrier import carrier as carrier_of
from toolkit.governor import Lane


@pytest.fixture
def queued(monkeypatch):
    """What would be queued: (id, seconds)."""
    found: list[tuple[int, float]] = []
    monkeypatch.setattr(tasks, "work_soon", lambda batch_id, in_s=0: found.append((batch_id, in_s)))
    return found


def test_a_slice_and_the_next_run_twice(carrier, client, fleet, plan, user, queued, monkeypatch):
    monkeypatch.setattr(tasks, "carrier", {Lane.BATCH: client}.__getitem__)
    batch = plan(fleet[:2])
    run.start(batch, user)

    for _ in range(6):
        due_now(batch)
        tasks.work_batch(batch.pk)
        tasks.work_batch(batch.pk)

    batch.refresh_from_db()
    assert states(batch) == {"done": 2} and sent(carrier, "B2") == 1


def test_without_a_carrier_it_says_so_and_waits(fleet, plan, user, settings):
    settings.SMARTHUB_BASE_URL = ""
    carrier_of.cache_clear()
    batch = plan(fleet[:1])
    run.start(batch, user)

    tasks.work_batch(batch.pk)

    batch.refresh_from_db()
    assert batch.state == "running" and batch.note.startswith("No carrier is set up")
    assert batch.next_step_at > timezone.now()


def test_the_sweeper_finds_what_is_due_and_nobody_holds(fleet, plan, user, queued):
    due, held, later, done = (plan(fleet[number : number + 1]) for number in range(4))
    now = timezone.now()
    for batch in (due, held):
        run.start(batch, user)
    Batch.objects.filter(pk=held.pk).update(lease_until=now + timedelta(seconds=50))
    run.start(later, user, at=now + timedelta(hours=3))

    tasks.tend_batches()
    tasks.tend_batches()

    assert queued == [(due.pk, 0)] * 2 and done.next_step_at is None


def test_the_tasks_have_their_queue_and_their_beat():
    assert app.conf.task_routes["batches.tasks.*"] == {"queue": "batch"}
    assert app.conf.beat_schedule["tend-batches"]["task"] == tasks.tend_batches.name
