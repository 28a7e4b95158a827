"""The map: which countries have an outline, and what is drawn of a range."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from estate.countries import CountryRow

OUTLINE = Path(__file__).parent.parent / "static" / "world.svg"


@dataclass(frozen=True, slots=True)
class World:
    """Countries with traffic, the quiet land around them, and those too small for the outline."""

    drawn: list[CountryRow]
    quiet: list[str]
    undrawn: list[CountryRow]


def world_of(rows: list[CountryRow]) -> World:
    with_traffic = [row for row in rows if row.is_country and row.step]
    drawn = [row for row in with_traffic if row.code in _outlines()]
    shown = {row.code for row in drawn}
    return World(
        drawn=drawn,
        quiet=[code for code in _outlines() if code not in shown],
        undrawn=[row for row in with_traffic if row.code not in shown],
    )


@cache
def _outlines() -> tuple[str, ...]:
    text = OUTLINE.read_text()
    return tuple(re.findall(r'<path id="([^"]+)"', text))
