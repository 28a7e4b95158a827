import re
from pathlib import Path

import pytest

from toolkit.states import STATES, TONES, state_of

SPRITE = Path(__file__).parents[2] / "static" / "states.svg"
GLYPHS = set(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text()))


@pytest.mark.parametrize("state", STATES.values(), ids=lambda state: f"{state.kind}-{state.value}")
def test_every_state_has_a_glyph_a_tone_and_a_word(state):
    assert state.glyph in GLYPHS
    assert state.tone in TONES
    assert state.label.strip() == state.label != ""


def test_violet_means_only_that_an_outcome_is_not_known():
    assert {state.value for state in STATES.values() if state.tone == "unknown"} == {"unknown"}


@pytest.mark.parametrize(
    ("value", "label", "tone", "glyph"),
    [
        ("ACTIVATED", "Active", "ok", "full-circle"),
        ("DEACTIVATED", "Suspended", "warn", "pause"),
        ("ACTIVATE_READY", "Ready to activate", "info", "half-circle"),
        ("TEST_READY", "Test ready", "info", "target"),
        ("INVENTORY", "Inventory", "idle", "ring"),
        ("RETIRED", "Retired", "idle", "ring-cross"),
        ("missing", "Missing", "warn", "broken-ring"),
    ],
)
def test_a_sim_status_is_said_in_our_words(value, label, tone, glyph):
    state = state_of("sim", value)
    assert (state.label, state.tone, state.glyph, state.is_verbatim) == (label, tone, glyph, False)


def test_an_unknown_status_is_shown_as_it_came():
    state = state_of("sim", "FROZEN_2")
    assert (state.label, state.tone, state.glyph, state.is_verbatim) == ("FROZEN_2", "unknown", "diamond", True)


def test_a_known_word_of_another_kind_is_still_unknown():
    assert state_of("sim", "done").is_verbatim
