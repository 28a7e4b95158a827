"""A JSON value in words, for the sentence of a RecordError."""

from decimal import Decimal
from typing import Any

LONGEST = 40


def shown(value: Any, *, is_private: bool = False) -> str:
    """The value as a person reads it; long ones are cut, private ones only named by kind."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "a text" if is_private else f"the text “{_cut(_printable(value))}”"
    if isinstance(value, int | float | Decimal):
        return "a number" if is_private else f"the number {_cut(_number(value))}"
    return "a list" if isinstance(value, list) else "an object"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in text[: LONGEST + 1])


def _number(value: int | float | Decimal) -> str:
    try:
        return str(value)
    except ValueError:
        return "of thousands of digits"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
