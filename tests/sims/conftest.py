from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from smarthub import Client
from tests.simulated import Simulated

if TYPE_CHECKING:
    from sims.models import SyncRun


@pytest.fixture
def carrier(simulator: Simulated) -> Simulated:
    """A quiet carrier of 250 SIMs on its own clock."""
    simulator.post("/_sim/reset", {"sims": 250, "now": "2025-08-13T06:00:00+0000"})
    return simulator


@pytest.fixture
def client(carrier: Simulated) -> Iterator[Client]:
    client = Client(base_url=carrier.base_url, api_key=carrier.key, timeout=(1, 1), sleep=lambda seconds: None)
    yield client
    client.close()


@pytest.fixture
def sync(client: Client) -> Callable[..., SyncRun]:
    """Work a run, a new full one by default, to its end."""
    from sims.models import SyncRun
    from sims.sync import runs, work

    def work_out(run: SyncRun | None = None) -> SyncRun:
        run = run or runs.request_full(trigger=SyncRun.Trigger.COMMAND)
        while work.work_slice(run.pk, client):
            pass
        run.refresh_from_db()
        return run

    return work_out
