"""Texts as they can be kept and shown: PostgreSQL takes neither NUL nor half a surrogate pair."""

from __future__ import annotations

import re
import unicodedata

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Marks that turn the writing direction of what follows, up to the end of the line.
TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def keepable(text: str) -> str:
    """`text` as it can be stored: NUL becomes its picture, half a surrogate pair the replacement character."""
    return LONE_SURROGATE.sub(REPLACEMENT, text).replace("\0", "\N{SYMBOL FOR NULL}")


def shown(text: str) -> str:
    """`text` for a page: what has no form or turns the writing direction is written out, as ␇ or ⟨U+202E⟩."""
    return "".join(map(_shown, text))


def _shown(sign: str) -> str:
    if sign == "\n" or (sign >= " " and sign < "\x7f"):
        return sign
    if sign < " ":
        return chr(0x2400 + ord(sign))
    if sign == "\x7f":
        return "\N{SYMBOL FOR DELETE}"
    if sign in TURNS or unicodedata.category(sign) in ("Cc", "Zl", "Zp"):
        return f"⟨U+{ord(sign):04X}⟩"
    return sign
