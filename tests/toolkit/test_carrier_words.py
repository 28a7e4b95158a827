from __future__ import annotations

import pytest

from smarthub import errors
from toolkit.carrier_words import BY_HAND, words_for


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.TransportError("sim_list", is_sent=True), "The carrier did not answer, or not to the end. It is tried"),
        (
            errors.TransportError("sim_list", is_sent=False),
            "The carrier cannot be reached. Check SMARTHUB_BASE_URL, and",
        ),
        (errors.ProtocolError("sim_list", title="The answer is empty"), "be read. The answer is empty."),
        (errors.ServerError("sim_list", status=503), "The carrier has trouble of its own (503). It is tried"),
    ],
)
def test_it_is_said_what_went_wrong_and_what_to_do(error: errors.CarrierError, words: str) -> None:
    assert words in words_for(error)


def test_who_asked_by_hand_is_told_to_try_again() -> None:
    assert words_for(errors.RateLimited("sim_list", status=429), later=BY_HAND).endswith("Try again in a few minutes.")
