from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

from smarthub import Client

KEY = "key-that-must-not-travel"

# A busy machine is slow now and then, and nothing here is about time.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


class RecordingGovernor:
    """Writes down what it is asked, in the order of the other events of the test."""

    def __init__(self, events: list[Any]) -> None:
        self.events = events

    def acquire(self) -> None:
        self.events.append("acquire")

    def throttled(self, retry_after_s: float) -> None:
        self.events.append(("throttled", retry_after_s))


@pytest.fixture
def events() -> list[Any]:
    return []


@pytest.fixture
def make_client(events: list[Any]) -> Iterator[Callable[..., Client]]:
    """Makes clients that note their waits in `events` instead of sleeping."""
    made: list[Client] = []

    def make(base_url: str, **options: Any) -> Client:
        options.setdefault("governor", RecordingGovernor(events))
        options.setdefault("sleep", lambda seconds: events.append(("sleep", seconds)))
        made.append(Client(base_url=base_url, api_key=KEY, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()
