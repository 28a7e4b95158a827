"""One spelling for the numbers SIMs are known by: the copy stores it, and a search is turned into it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from sims.models import SimIdentifier

# Nothing that identifies a SIM is longer (contract 2.8: a giccid has at most 32 characters).
MAX_LENGTH = 32
MIN_ENDING = 4
MIN_DIALLED = 7
CHECKED_ICCID = 20

_NOISE = re.compile(r"[^0-9A-Z]")
_PADDED_ICCID = re.compile(r"[0-9]{17,20}F+")
ABROAD = "00"
_DIALLED = SimIdentifier.Kind.MSISDN.value


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search text may stand for: a whole identifier or its beginning, its ending, an ICCID and check digit."""

    whole: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    without_check: str = ""

    def __bool__(self) -> bool:
        return bool(self.whole)


def normalise(kind: int, raw: str) -> str:
    """`raw` with its letters and digits only, in upper case; a phone number also without its leading `+` or `00`."""
    value = raw.upper() if raw.isascii() and raw.isalnum() else compact(raw)
    return value.removeprefix(ABROAD) if kind == _DIALLED else value


def compact(raw: str) -> str:
    """Letters and digits in upper case; full-width ones become plain ones."""
    plain = raw if raw.isascii() else unicodedata.normalize("NFKC", raw)
    return _NOISE.sub("", plain.upper())


def wanted(text: str) -> Wanted:
    """What to look for when a person typed or pasted `text`; nothing when it can be no identifier."""
    typed = compact(text[: MAX_LENGTH * 4])
    if not typed or len(typed) > MAX_LENGTH or len(text) > MAX_LENGTH * 4:
        return Wanted()
    bare = typed.rstrip("F") if _PADDED_ICCID.fullmatch(typed) else typed
    whole = _distinct(typed, bare, typed.removeprefix(ABROAD))
    endings = _distinct(typed, bare, *_dialled(bare))
    is_checked = len(bare) == CHECKED_ICCID and bare.isdigit()
    return Wanted(
        whole=whole,
        endings=tuple(ending for ending in endings if len(ending) >= MIN_ENDING),
        without_check=bare[:-1] if is_checked else "",
    )


def _dialled(number: str) -> tuple[str, ...]:
    """Without what is dialled in front of it; the last digits of a number begin with 0 by chance."""
    bare = (number.removeprefix(ABROAD), number.removeprefix("0"))
    return tuple(each for each in bare if len(each) >= MIN_DIALLED)


def _distinct(*values: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
