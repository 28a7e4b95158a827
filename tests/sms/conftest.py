from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from smarthub import Client
from tests.simulated import Simulated

if TYPE_CHECKING:
    from sims.models import Sim
    from sms.models import Message

_numbers = count(1)


@pytest.fixture
def carrier(simulator: Simulated) -> Simulated:
    """The simulated carrier, which delivers a second after it took a message, by real time."""
    simulator.post("/_sim/reset", {})
    return simulator


@pytest.fixture
def client(carrier: Simulated) -> Iterator[Client]:
    client = Client(base_url=carrier.base_url, api_key=carrier.key, timeout=(1, 1), sleep=lambda seconds: None)
    yield client
    client.close()


@pytest.fixture
def sim(db: None) -> Sim:
    from tests.sims.fleet import make_account, make_sim

    return make_sim(account=make_account())


@pytest.fixture
def mt(sim: Sim) -> Callable[..., Message]:
    """A message to the SIM as its tests need it; accepted by the carrier by default."""

    from sms.models import Message

    def make(**fields: Any) -> Message:
        values = {
            "direction": "mt",
            "state": "accepted",
            "giccid": sim.giccid,
            "sim": sim,
            "account_id": sim.account_id,
            "sms_id": f"sms-{next(_numbers)}",
            "content": "STATUS",
            "alphabet": "gsm7",
            "sent_at": timezone.now(),
        }
        return Message.objects.create(**{**values, **fields})

    return make
