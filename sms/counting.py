"""How the network counts a text: the rules that the page's live counter (static/js/sms-count.js) follows as well."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# GSM 03.38, the default alphabet and its extension table (each sign of which takes two places).
GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")

TEXT, HEX = "text", "hex"
GSM7_NAME, UCS2_NAME, OCTETS_NAME = "gsm7", "ucs2", "octets"
# What one message holds, and a part of several (six octets go to the parts' own head).
LIMITS = {GSM7_NAME: 160, UCS2_NAME: 70, OCTETS_NAME: 140}
PART_LIMITS = {GSM7_NAME: 153, UCS2_NAME: 67, OCTETS_NAME: 134}
UNITS = {GSM7_NAME: "characters", UCS2_NAME: "characters", OCTETS_NAME: "octets"}
LABELS = {GSM7_NAME: "GSM-7", UCS2_NAME: "UCS-2", OCTETS_NAME: "octets"}

# Half a pair; a browser, and the reading of a form, put the replacement character in its place.
_BROKEN = re.compile("[\ud800-\udfff\ufffd]")
_BLANK = re.compile(r"\s+")
_NO_HEX = re.compile(r"[^0-9A-Fa-f]")


@dataclass(frozen=True, slots=True)
class Count:
    """A text as the network counts it; `error` says in words why it cannot be sent, "" where it can.

    `used` is in places of `alphabet` (septets, 16-bit units, octets); `content` what would be sent.
    """

    content: str
    encoding: str
    alphabet: str
    used: int
    parts: int
    error: str = ""

    @property
    def limit(self) -> int:
        return LIMITS[self.alphabet]

    @property
    def words(self) -> str:
        """ "36 of 160 characters, GSM-7, 1 SMS"."""
        name = "" if self.alphabet == OCTETS_NAME else f", {LABELS[self.alphabet]}"
        return f"{self.used} of {self.limit} {UNITS[self.alphabet]}{name}, {self.parts} SMS"


def count(content: str, encoding: str) -> Count:
    """Count what a person wants to send, as "text" or as "hex" digits; line ends as one sign, hex without blanks."""
    return _count_hex(content) if encoding == HEX else _count_text(content.replace("\r\n", "\n"))


def _count_text(text: str) -> Count:
    alphabet, used = _measure(text)
    return Count(text, TEXT, alphabet, used, parts_of(used, alphabet), _why_not_text(text, alphabet, used))


def _measure(text: str) -> tuple[str, int]:
    signs = set(text)
    if signs <= GSM7:
        return GSM7_NAME, len(text)
    if signs <= GSM7 | GSM7_EXTENSION:
        return GSM7_NAME, sum(2 if sign in GSM7_EXTENSION else 1 for sign in text)
    return UCS2_NAME, sum(2 if sign > "\uffff" else 1 for sign in text)


def _why_not_text(text: str, alphabet: str, used: int) -> str:
    if not text:
        return "Nothing is written yet. A message has at least one character."
    if lone := _BROKEN.search(text):
        place = lone.start() + 1
        return f"Character {place} is half of a pair (a lone surrogate) or damaged. Take it out."
    if "\0" in text:
        return f"Character {text.index(chr(0)) + 1} is NUL, which ends a text on many devices. Send it as hex."
    if used <= LIMITS[alphabet]:
        return ""
    if alphabet == GSM7_NAME:
        return f"{_too_long(used, alphabet)}{_doubled(text)}"
    return f"{_too_long(used, alphabet)} {_first_strange(text)}"


def _too_long(used: int, alphabet: str) -> str:
    parts = parts_of(used, alphabet)
    return (
        f"{used} {UNITS[alphabet]} are {used - LIMITS[alphabet]} too many: the carrier takes one SMS of "
        f"{LIMITS[alphabet]} at a time, and this would be {parts}."
    )


def _doubled(text: str) -> str:
    double = [sign for sign in dict.fromkeys(text) if sign in GSM7_EXTENSION]
    return f" {' '.join(double).strip()} count twice." if double else ""


def _first_strange(text: str) -> str:
    strange = next(sign for sign in text if sign not in GSM7 and sign not in GSM7_EXTENSION)
    return f"“{strange}” (character {text.index(strange) + 1}) is outside GSM-7; without such characters 160 would fit."


def _count_hex(raw: str) -> Count:
    digits = _BLANK.sub("", raw).upper()
    used = (len(digits) + 1) // 2
    return Count(digits, HEX, OCTETS_NAME, used, parts_of(used, OCTETS_NAME), _why_not_hex(digits, used))


def _why_not_hex(digits: str, used: int) -> str:
    if not digits:
        return "Nothing is written yet. A message has at least one octet, as two hex digits."
    if strange := _NO_HEX.search(digits):
        return f"“{strange[0]}” at place {strange.start() + 1} is no hex digit. Octets are written with 0-9 and A-F."
    if len(digits) % 2:
        return f"{len(digits)} hex digits are half an octet too many or too few: an octet has two."
    return _too_long(used, OCTETS_NAME) if used > LIMITS[OCTETS_NAME] else ""


def parts_of(used: int, alphabet: str) -> int:
    """How many SMS the network would make of it."""
    if used <= LIMITS[alphabet]:
        return 1
    return -(-used // PART_LIMITS[alphabet])


def count_received(content: str, encoding: str | None) -> dict[str, Any]:
    """The columns of a message that came: never refused, whatever it holds."""
    is_hex = (encoding or "").strip().lower() == HEX
    found = count(content, HEX if is_hex else TEXT)
    if is_hex and _NO_HEX.search(found.content):
        found = _count_text(content)
    return {
        "content": found.content,
        "encoding": found.encoding,
        "alphabet": found.alphabet,
        "parts": min(found.parts, 255),
    }
