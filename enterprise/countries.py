"""What a country code of the carrier means: alpha-2, alpha-3 or a mobile country code, whichever it turns out to be.

The table is countries.txt: alpha-2, alpha-3, numeric, mobile country codes, English short name (from the lists of
i18n-iso-countries and mcc-mnc-list, both MIT).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

_TABLE = Path(__file__).with_name("countries.txt")


class Country(NamedTuple):
    """A country as people name it; `code` is its alpha-2, which is also its path on the map."""

    code: str
    name: str


def country_of(code: str) -> Country | None:
    """The country that a code of the carrier means; None for one that means none."""
    return _by_code().get(code.strip().upper())


@cache
def _by_code() -> Mapping[str, Country]:
    found: dict[str, Country] = {}
    for row in _TABLE.read_text(encoding="utf-8").splitlines():
        alpha2, alpha3, _, mobile, name = row.split(" ", 4)
        country = Country(alpha2, name)
        # Numeric codes of ISO are left out: three digits are a mobile country code here.
        for code in (alpha2, alpha3, *(mobile.split(",") if mobile != "-" else ())):
            found[code] = country
    return found
