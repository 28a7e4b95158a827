"""What may be a SIM's key."""

from smarthub.operations import LONGEST_GICCID


def is_giccid(text: str) -> bool:
    """Whether a text can be a SIM's key: 1 to 32 letters and digits. Its check digit is not looked at."""
    return 0 < len(text) <= LONGEST_GICCID and text.isascii() and text.isalnum()
