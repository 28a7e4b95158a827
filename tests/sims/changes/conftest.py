"""A carrier with real time, our copy of its ten seed SIMs, and operations worked by hand, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from smarthub import Client
from tests.simulated import Simulated

if TYPE_CHECKING:
    from sims.models import Operation, Sim
    from users.models import User

READY, INVENTORY, ACTIVE, ACTIVE_TOO, SUSPENDED, RETIRED = (
    "8986011805021000002",
    "8986011805021000003",
    "8986011805021000004",
    "8986011805021000005",
    "8986011805021000007",
    "8986011805021000008",
)


@pytest.fixture
def carrier(simulator: Simulated) -> Simulated:
    """The ten seed SIMs, on the real clock: purchases are dated by it."""
    simulator.post("/_sim/reset", {"sims": 10, "quiet": True})
    return simulator


@pytest.fixture
def client(carrier: Simulated, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """The client of every part of this package, with short time limits and no naps."""
    from sims.changes import evidence, reading, sending

    client = Client(base_url=carrier.base_url, api_key=carrier.key, timeout=(1, 1), sleep=lambda seconds: None)
    for module in (evidence, reading):
        monkeypatch.setattr(module, "carrier", lambda lane: client)
    monkeypatch.setattr(sending, "changing_carrier", lambda: client)
    yield client
    client.close()


@pytest.fixture
def sims(db: None, client: Client) -> dict[str, Sim]:
    """Our copy, by ICCID."""
    from enterprise.models import Account
    from journal.models import Event
    from journal.record import Cause
    from sims.copy import Answer, write_copy
    from sims.models import Sim

    account = Account.objects.create(name="example_account", read_at=timezone.now())
    page = client.list_sims_raw(account_name=account.name)
    write_copy([Answer(page.records, page.reply.asked_at, account.pk)], cause=Cause(Event.Cause.RUN, 1))
    return {sim.giccid: sim for sim in Sim.objects.all()}


@pytest.fixture
def user(db: None) -> User:
    from users.models import User

    return User.objects.create_user("mara")


@pytest.fixture
def ask(sims: dict[str, Sim], user: User) -> Callable[..., Operation]:
    """Write an intent down; nothing is sent by itself."""
    from sims.changes.operations import request_change
    from sims.models import Verb

    def asked(giccid: str, verb: str, *, reason: str = "", **wanted: Any) -> Operation:
        return request_change(sim=sims[giccid], verb=Verb(verb), wanted=wanted, user=user, reason=reason)

    return asked


@pytest.fixture
def settle() -> Callable[[], None]:
    """Read everything that waits, due or not."""
    from sims.changes.settle import settle_due
    from sims.models import Operation

    def settled() -> None:
        Operation.objects.filter(next_read_at__isnull=False).update(next_read_at=timezone.now())
        settle_due()

    return settled


def done_at_carrier(carrier: Simulated, giccid: str) -> dict[str, int]:
    """How often each change of this SIM was carried out there."""
    return carrier.get("/_sim/requests", params={"giccid": giccid, "limit": 1})["changes"][giccid]
