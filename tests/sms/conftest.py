from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from sims.models import Sim
    from sms.models import Message

_numbers = count(1)


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
