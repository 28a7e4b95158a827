from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.change_words import HOLDING, ORDER, WORDS, asked_words, done_words, name_of
from sims.models import Operation, Verb
from sims.operation_steps import lasted, steps_of
from sims.operation_words import NOTES
from tests.page import text_of

NOW = datetime(2026, 11, 22, 4, 4, 3, tzinfo=UTC)
State = Operation.State


def operation(verb: Verb = Verb.SUSPEND, **fields: object) -> Operation:
    return Operation(verb=verb, created_at=NOW, username="jonas", **fields)


def told(state: State, **fields: object) -> str:
    later = {
        "reads": 1,
        "sent_at": NOW,
        "answered_at": NOW + timedelta(seconds=0.4),
        "finished_at": NOW + timedelta(seconds=9),
    }
    steps = steps_of(operation(state=state, **{**later, **fields}), NOW + timedelta(minutes=20))
    return " → ".join(text_of(str(step.words)) for step in steps)


def test_every_verb_and_state_has_its_words() -> None:
    assert set(ORDER) == set(WORDS) == set(HOLDING) == set(Verb)
    assert set(NOTES) == set(State)


@pytest.mark.parametrize(
    ("verb", "wanted", "name", "asked", "done"),
    [
        (Verb.RETIRE, {}, "Retire", "retire this SIM", "retired it"),
        (
            Verb.CHANGE_PLAN,
            {"package": "P-1", "effective": "next-cycle"},
            "Change plan to P-1 with the next cycle",
            "change its plan to P-1 with the next cycle",
            "changed its plan to P-1 with the next cycle",
        ),
        (Verb.ADD_PACKAGE, {"package": "A-1"}, "Add A-1", "add the package A-1", "added the package A-1"),
        (
            Verb.APN,
            {"apn": "iot", "apn_status": "CLOSED"},
            "Close iot",
            "close the APN iot",
            "closed the APN iot",
        ),
        (
            Verb.CUSTOM_FIELDS,
            {"custom1": "", "custom3": "x"},
            "Edit custom 1 and 3",
            "edit its custom 1 and 3",
            "edited its custom 1 and 3",
        ),
    ],
)
def test_a_change_by_name(verb: Verb, wanted: dict[str, str], name: str, asked: str, done: str) -> None:
    one = operation(verb, wanted=wanted)
    assert (name_of(one), asked_words(one), done_words(one)) == (name, asked, done)


@given(st.sampled_from(list(Verb)), st.dictionaries(st.sampled_from(["package", "apn", "custom1"]), st.text()))
def test_whatever_was_wanted_has_a_name(verb: Verb, wanted: dict[str, str]) -> None:
    assert name_of(operation(verb, wanted=wanted))


@pytest.mark.parametrize(
    ("state", "fields", "words"),
    [
        (State.QUEUED, {"sent_at": None}, "queued 04:04:03 → waits for a worker"),
        (State.SENDING, {"answered_at": None}, "sent 04:04:03 → waits for the reply"),
        (State.ACCEPTED, {}, "sent 04:04:03 → accepted after 0.4 s → not shown yet after 19 min"),
        (State.DONE, {}, "sent 04:04:03 → accepted after 0.4 s → confirmed by reading after 9.0 s"),
        (State.DONE, {"reads": 0}, "sent 04:04:03 → accepted after 0.4 s → confirmed by its answer after 9.0 s"),
        (State.REFUSED, {}, "sent 04:04:03 → refused after 9.0 s"),
        (State.UNKNOWN, {}, "sent 04:04:03 → no clear reply, outcome unknown"),
        (State.CANCELLED, {"sent_at": None}, "queued 04:04:03 → cancelled before it was sent"),
        (State.SCHEDULED, {}, "sent 04:04:03 → accepted after 0.4 s → scheduled"),
        (State.DONE, {"resolved_reason": "seen"}, "sent 04:04:03 → accepted after 0.4 s → closed as done by somebody"),
    ],
)
def test_each_state_as_steps(state: State, fields: dict[str, object], words: str) -> None:
    assert told(state, **fields) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.03, "30 ms"), (0.4, "0.4 s"), (9, "9.0 s"), (31, "31 s"), (130, "2 min"), (-1, "0 ms")]
)
def test_how_long_it_took(seconds: float, words: str) -> None:
    assert lasted(NOW, NOW + timedelta(seconds=seconds)) == words
