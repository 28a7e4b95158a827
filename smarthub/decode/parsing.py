"""From bytes to JSON values, for input that may be anything."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

LONGEST_WHOLE = 1000
"""Digits; Python itself refuses to convert more than 4300."""


def parse_lenient(raw: bytes) -> Any:
    """JSON with exact decimals. ValueError where it is none.

    Broken UTF-8 and lone surrogates survive as characters that `is_storable` refuses, so that one bad text spoils
    its own record only; NaN and Infinity become Decimals that no reader takes.
    """
    try:
        return json.loads(
            raw.decode("utf-8", "surrogateescape"),
            parse_int=_whole,
            parse_float=_decimal,
            parse_constant=Decimal,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) < LONGEST_WHOLE else Decimal(text)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal("Infinity")
