"""A carrier of 130 SIMs on the real clock, our copy of them, and batches worked by hand, slice by slice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from smarthub import Client
from tests.simulated import Simulated

if TYPE_CHECKING:
    from batches.models import Batch
    from sims.models import Sim
    from users.models import User


@pytest.fixture
def carrier(simulator: Simulated) -> Simulated:
    simulator.post("/_sim/reset", {"sims": 130, "quiet": True})
    simulator.post("/_sim/knobs", {"job_delay": 0})
    return simulator


@pytest.fixture
def client(carrier: Simulated) -> Iterator[Client]:
    client = Client(base_url=carrier.base_url, api_key=carrier.key, timeout=(1, 1), sleep=lambda seconds: None)
    yield client
    client.close()


@pytest.fixture
def user(db: None) -> User:
    from users.models import User

    return User.objects.create_user("jonas", password="x")


@pytest.fixture
def fleet(db: None, client: Client) -> list[Sim]:
    """The active SIMs of the copy, which is as fresh as can be; never the one whose items the carrier fails."""
    from enterprise.models import Account, ServicePackage
    from journal.models import Event
    from journal.record import Cause
    from sims.copy import Answer, write_copy
    from sims.models import Sim

    for found in client.enterprise().value.accounts:
        account = Account.objects.create(name=found.name, read_at=timezone.now())
        for page in range(2):
            read = client.list_sims_raw(account_name=account.name, page=page)
            write_copy([Answer(read.records, read.reply.asked_at, account.pk)], cause=Cause(Event.Cause.RUN, 1))
        ServicePackage.objects.bulk_create(
            ServicePackage(account=account, name=package.name, type=package.kind or "", read_at=timezone.now())
            for package in client.service_packages(account.name).value
        )
    refusing = "8986011805021000010"
    return list(Sim.objects.filter(status="ACTIVATED").exclude(giccid=refusing).order_by("giccid"))


@pytest.fixture
def plan(user: User) -> Callable[..., Batch]:
    """A dry run of these SIMs."""
    from batches.plan import SelectionSpec, create_batch

    def planned(sims: list[Sim] | list[str], kind: str = "suspend", reason: str = "why", **wanted: Any) -> Batch:
        giccids = [getattr(sim, "giccid", sim) for sim in sims]
        selection = SelectionSpec(giccids=giccids)
        return create_batch(kind=kind, selection=selection, wanted=wanted, reason=reason, user=user)

    return planned


@pytest.fixture
def work(client: Client, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Batch]:
    """Work a batch until nobody needs to look at it, or `times` slices; what waits does not wait."""
    from batches import work as domain

    monkeypatch.setattr(domain, "NAP_S", -1.0)

    def worked(batch: Batch, times: int = 40, **options: Any) -> Batch:
        for _ in range(times):
            due_now(batch)
            if domain.work_slice(batch.pk, client, **options) is None:
                break
        batch.refresh_from_db()
        return batch

    return worked


def due_now(batch: Batch) -> None:
    """Whatever waits for later waits no longer."""
    from batches.models import Batch, BatchChunk

    now = timezone.now()
    Batch.objects.filter(pk=batch.pk, next_step_at__isnull=False).update(next_step_at=now, lease_until=None)
    BatchChunk.objects.filter(batch=batch, next_step_at__isnull=False).update(next_step_at=now)


def states(batch: Batch) -> dict[str, int]:
    """How many of the items that were to change are in each state."""
    rows = batch.counts.filter(verdict="will_change", n__gt=0).values_list("state", "n")
    return dict(rows)


def sent(carrier: Simulated, operation: str) -> int:
    """How many requests of an operation the carrier has got."""
    return carrier.get("/_sim/requests", params={"limit": 1})["counts"].get(operation, 0)


def done_at_carrier(carrier: Simulated, verb: str) -> dict[str, int]:
    """How often the carrier has done this to each SIM."""
    changes = carrier.get("/_sim/requests", params={"limit": 1})["changes"]
    return {giccid: done[verb] for giccid, done in changes.items() if done.get(verb)}
