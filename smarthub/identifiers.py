"""What may be a SIM's key."""

import re

from smarthub.operations import GICCID_PATTERN

_matches = re.compile(GICCID_PATTERN).fullmatch


def is_giccid(text: str) -> bool:
    """Whether a text can be a SIM's key: 1 to 32 letters and digits. Its check digit is not looked at."""
    return _matches(text) is not None
