from collections.abc import Iterator

import pytest

from tests.simulator.carrier import Carrier, Receiver


@pytest.fixture(scope="session")
def carrier_process() -> Iterator[Carrier]:
    carrier = Carrier("--key", "my-key")
    yield carrier
    carrier.close()


@pytest.fixture
def carrier(carrier_process: Carrier) -> Carrier:
    """The ten seeds, at 2025-08-13T06:00:00Z by a clock that stands still."""
    carrier_process.control("reset")
    return carrier_process


@pytest.fixture
def fleet(carrier: Carrier) -> Carrier:
    """A generated fleet of 400."""
    carrier.control("reset", sims=400)
    return carrier


@pytest.fixture
def receiver(carrier: Carrier) -> Iterator[Receiver]:
    receiver = Receiver().start()
    carrier.control("push-target", url=receiver.url)
    yield receiver
    carrier.control("push-target", url="")
    receiver.close()
