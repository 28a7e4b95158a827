"""The process ends at each step between intent and outcome: the operation stays true, the carrier acts at most once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sims.changes import operations, outcomes, sending, settle, states
from sims.changes.settle import settle_due, sweep
from sims.models import OpenChange, Operation
from tests.sims.changes.conftest import done_at_carrier
from tests.sims.changes.test_outcomes import CASES
from users.models import AuditEntry

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """What no handler of ours catches, as kill -9."""


def killed_before(function: Callable[..., Any]) -> Callable[..., Any]:
    def killed(*arguments: Any, **options: Any) -> Any:
        raise Killed

    return killed


def killed_after(function: Callable[..., Any]) -> Callable[..., Any]:
    def killed(*arguments: Any, **options: Any) -> Any:
        function(*arguments, **options)
        raise Killed

    return killed


# Where it ends, the state that is left there, whether the carrier has done it, and what it comes to.
STEPS = {
    "before the texts are read": (sending, "prepare", killed_before, "queued", 0, "done"),
    "before the claim": (sending, "claim", killed_before, "queued", 0, "done"),
    "in the transaction of the claim": (states, "announce", killed_before, "queued", 0, "done"),
    "between claim and request": (sending, "call", killed_before, "sending", 0, "failed"),
    "just before the request leaves": (sending, "send_request", killed_before, "sending", 0, "failed"),
    "between request and outcome": (sending, "send_request", killed_after, "sending", 1, "done"),
    "before the outcome is written": (outcomes, "_conclude", killed_before, "sending", 1, "done"),
    "in the transaction of the outcome": (outcomes, "pass_on", killed_before, "sending", 1, "done"),
    "after the outcome": (outcomes, "_conclude", killed_after, "accepted", 1, "done"),
}  # fmt: skip
SETTLING = {
    "before the read": (settle, "seen_of", killed_before),
    "between read and verdict": (settle, "seen_of", killed_after),
    "before the last word is written": (settle, "pass_on", killed_before),
    "after the last word": (settle, "pass_on", killed_after),
}


def state_of(operation: Operation) -> str:
    return Operation.objects.get(pk=operation.pk).state


def let_time_pass(operation: Operation) -> None:
    """As long as it takes until nobody believes any more that somebody works on it."""
    before = timezone.now() - timedelta(minutes=31)
    row = Operation.objects.filter(pk=operation.pk)
    row.update(created_at=before)
    row.filter(sent_at__isnull=False).update(sent_at=before)
    row.filter(next_read_at__isnull=False).update(next_read_at=timezone.now())


def mend(operation: Operation, work: list[int]) -> None:
    """What beat does, until nothing more comes of it."""
    for _ in range(4):
        let_time_pass(operation)
        work.clear()
        sweep()
        for pk in work:
            sending.send(pk)
        let_time_pass(operation)
        settle_due()


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the sweeper queues, for `mend` to work; the queue itself is gone."""
    queued: list[int] = []
    monkeypatch.setattr(settle, "send_soon", queued.append)
    return queued


@pytest.mark.parametrize("verb", CASES)
@pytest.mark.parametrize("step", STEPS)
def test_an_end_at_this_step(ask, carrier, monkeypatch, queue, verb, step):
    module, name, kill, state, done, outcome = STEPS[step]
    giccid, wanted, change = CASES[verb]
    operation = ask(giccid, verb, **wanted)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(module, name, kill(getattr(module, name)))
        sending.send(operation.pk)

    if verb == "add-package" and state == "accepted":
        state = "done"  # the reply itself proves a purchase
    assert state_of(operation) == state
    assert done_at_carrier(carrier, giccid) == ({change: 1} if done else {})
    assert OpenChange.objects.exists() == (state != "done")

    mend(operation, queue)

    if verb == "add-package" and outcome == "failed":
        outcome = "unknown"  # no read disproves a purchase
    assert state_of(operation) == outcome
    happened = outcome == "done"
    assert done_at_carrier(carrier, giccid) == ({change: 1} if happened else {})


@pytest.mark.parametrize("verb", [verb for verb in CASES if verb != "add-package"])
@pytest.mark.parametrize("step", SETTLING)
def test_an_end_while_it_is_settled(ask, carrier, monkeypatch, queue, verb, step):
    module, name, kill = SETTLING[step]
    giccid, wanted, change = CASES[verb]
    operation = ask(giccid, verb, **wanted)
    sending.send(operation.pk)
    let_time_pass(operation)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(module, name, kill(getattr(module, name)))
        settle_due()
    assert state_of(operation) == ("done" if step == "after the last word" else "accepted")

    mend(operation, queue)

    assert state_of(operation) == "done"
    assert not OpenChange.objects.exists()
    assert done_at_carrier(carrier, giccid) == {change: 1}


def test_an_end_while_the_intent_is_written_leaves_nothing(ask, monkeypatch):
    monkeypatch.setattr(operations, "send_soon", killed_before(operations.send_soon))
    with pytest.raises(Killed):
        ask(CASES["suspend"][0], "suspend")
    assert not Operation.objects.exists()
    assert not OpenChange.objects.exists()
    assert not AuditEntry.objects.exists()
