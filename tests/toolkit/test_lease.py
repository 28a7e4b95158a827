from __future__ import annotations

from datetime import timedelta

import pytest
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
