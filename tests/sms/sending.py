"""Sending to the simulated carrier in tests: messages made as the form makes them, loops run in place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from smarthub import Client
from sms import loop
from sms.models import Message, SendLoop
from tests.simulated import Simulated


def send_all(client: Client, *, many: bool = False) -> bool:
    lane = SendLoop.Lane.MANY if many else SendLoop.Lane.PROMPT
    return loop.work(lane, client, at_once=1)


def at_the_carrier(carrier: Simulated) -> int:
    """How many messages the carrier was handed, repeats included."""
    return carrier.get("/_sim/requests?operation=sms_send")["counts"].get("M1", 0)


def queue(count: int = 1, *, sim, **fields) -> list[Message]:
    row = {"direction": "mt", "state": "queued", "giccid": sim.giccid, "sim": sim, "content": "STATUS"}
    return [Message.objects.create(**{**row, **fields}) for _ in range(count)]


@contextmanager
def dying(monkeypatch, place: object, name: str) -> Iterator[None]:
    """A worker that is killed where it calls `name`: nothing after it happens, no cleaning up either."""

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(place, name, die)
        patch.setattr(loop, "close", lambda *_: 0)
        try:
            yield
        except Killed:
            return
