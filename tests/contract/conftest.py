from collections.abc import Callable, Iterator
from typing import Any

import pytest

from smarthub import Client
from tests.simulated import Simulated

NOW = "2025-08-13T06:00:00+0000"
KNOBS = ("strict_put", "extra_fields", "wrap_detail", "bare_arrays", "not_found_as_422")
OPTIONS = ("--sims", "130", "--quiet", "--now", NOW, "--job-delay", "0", "--sms-delay", "0")


@pytest.fixture(scope="session")
def small_carrier() -> Iterator[Simulated]:
    with Simulated.started(*OPTIONS) as simulated:
        yield simulated


@pytest.fixture
def carrier(small_carrier: Simulated) -> Simulated:
    """A simulated carrier whose clock stands still, in its first state, with every knob off."""
    small_carrier.post("/_sim/reset", {})
    small_carrier.post("/_sim/knobs", {**dict.fromkeys(KNOBS, False), "rate_limit": 0, "max_size": 100})
    return small_carrier


@pytest.fixture(params=["as assumed", *KNOBS, "all of them"])
def any_carrier(carrier: Simulated, request: pytest.FixtureRequest) -> Simulated:
    """The same with each of the assumptions that are most likely wrong switched, one by one and together."""
    knobs = KNOBS if request.param == "all of them" else {request.param} & set(KNOBS)
    carrier.post("/_sim/knobs", dict.fromkeys(knobs, True))
    return carrier


@pytest.fixture
def make_client() -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(carrier: Simulated, key: str = "sim-key-full", **options: Any) -> Client:
        options.setdefault("sleep", lambda seconds: None)
        made.append(Client(base_url=carrier.base_url, api_key=key, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(any_carrier: Simulated, make_client: Callable[..., Client]) -> Client:
    return make_client(any_carrier)
