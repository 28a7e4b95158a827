from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import OperationalError
from django.utils import timezone

from sims.models import SyncRun
from tests.waiting import wait_until
from toolkit import lease

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows():
    run = SyncRun.objects.create(kind="named", trigger="plan")
    return SyncRun.objects.filter(pk=run.pk)


def test_one_worker_holds_it_at_a_time(rows) -> None:
    owner = lease.claim(rows)
    assert owner is not None
    assert lease.claim(rows) is None
    lease.release(rows, owner)
    assert lease.claim(rows) is not None


def test_lease_that_ran_out_is_taken_and_not_renewed(rows) -> None:
    lost = lease.claim(rows)
    rows.update(lease_until=timezone.now() - timedelta(seconds=1))
    taken = lease.claim(rows)
    assert taken not in (None, lost)
    assert lease.renew(rows, lost) is False
    lease.release(rows, lost)
    assert rows.get().lease_owner == taken


def test_lease_from_before_the_clock_went_back_holds_nobody_up(rows) -> None:
    owner = lease.claim(rows)
    rows.update(lease_until=timezone.now() + timedelta(hours=1))
    assert rows.filter(lease.free()).exists()
    assert lease.renew(rows, owner)  # whoever still works has it by the clock as it now is
    assert lease.claim(rows) is None


def test_renewal_moves_the_end(rows) -> None:
    owner = lease.claim(rows)
    rows.update(lease_until=timezone.now() + timedelta(seconds=5))
    assert lease.renew(rows, owner)
    assert rows.get().lease_until > timezone.now() + timedelta(seconds=50)


@pytest.mark.django_db(transaction=True)
def test_lease_is_kept_while_a_step_takes_longer_than_it(rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "KEEP_EVERY_S", 0.01)
    owner = lease.claim(rows)
    with lease.kept(rows, owner):
        rows.update(lease_until=timezone.now() + timedelta(seconds=1))
        wait_until(lambda: rows.get().lease_until > timezone.now() + timedelta(seconds=50), "it is renewed")
    lease.release(rows, owner)
    assert rows.get().lease_owner is None


def held_by(rows, process: int, machine: bytes | None = None) -> UUID:
    """As a worker with this number left it, half a minute before its lease runs out."""
    place = lease._machine() if machine is None else machine
    owner = UUID(bytes=place + process.to_bytes(4, "big") + b"chance")
    rows.update(lease_owner=owner, lease_until=timezone.now() + timedelta(seconds=30))
    return owner


def gone() -> int:
    """The number of a process that has just ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_lease_of_a_dead_process_is_given_back_at_once(rows) -> None:
    held_by(rows, gone())
    assert lease.claim(rows) is None
    lease.give_back_of_the_dead()
    assert lease.claim(rows) is not None


def test_lease_of_a_living_process_stays(rows) -> None:
    owner = lease.claim(rows)
    lease.give_back_of_the_dead()
    assert lease.renew(rows, owner)
    assert lease.claim(rows) is None


def test_lease_of_a_process_elsewhere_stays(rows) -> None:
    owner = held_by(rows, gone(), machine=b"others")
    lease.give_back_of_the_dead()
    assert lease.renew(rows, owner)


@pytest.mark.django_db(transaction=True)
def test_lease_is_released_once_the_database_is_back(rows, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, release, calls = lease.claim(rows), lease._release, []

    def away_at_first(rows, owner) -> None:
        calls.append(owner)
        if len(calls) < 3:
            raise OperationalError("away")
        release(rows, owner)

    monkeypatch.setattr(lease, "RELEASE_EVERY_S", 0.01)
    monkeypatch.setattr(lease, "_release", away_at_first)
    with pytest.raises(OperationalError):
        lease.release(rows, owner)
    wait_until(lambda: rows.get().lease_owner is None, "it is released")
