"""Any part of a number, from 6 characters: by trigrams, so only where nothing is, begins or ends so.

Each trigram is a condition of its own, for then GIN leaps from list to list; with all in one pattern it looks at every
list for each entry of the shortest. It starts with the first condition, so the rarest comes first: at 10,000,000 SIMs
that is 8 ms, not 50, where all numbers of a kind begin alike.
"""

from __future__ import annotations

from django.db import connection

MIN_INSIDE = 6
TRIGRAM = 3

INSIDE = """SELECT 3, sim_id, kind, position, value FROM sims_simidentifier
WHERE {trigrams} AND strpos(value, %s) > 0 LIMIT %s"""

# A hundred numbers from all over the table, as ANALYZE keeps them.
SAMPLE = """SELECT array_to_string(histogram_bounds::text::text[], ' ') FROM pg_stats
WHERE schemaname = current_schema() AND tablename = 'sims_simidentifier' AND attname = 'value'"""


def inside(part: str, limit: int) -> tuple[str, list[str | int]]:
    """The statement for the numbers with `part` in them, and its values. One query to learn what is rare."""
    patterns = [f"%{trigram}%" for trigram in _rarest_first(part, _sample())]
    return INSIDE.format(trigrams=" AND ".join(["value LIKE %s"] * len(patterns))), [*patterns, part, limit]


def _rarest_first(part: str, sample: str) -> list[str]:
    """The last digits of a number differ most, so they come first where the sample cannot tell."""
    starts = range(len(part) - TRIGRAM, -1, -1)
    return sorted(dict.fromkeys(part[start : start + TRIGRAM] for start in starts), key=sample.count)


def _sample() -> str:
    """Empty until the table was analysed."""
    with connection.cursor() as cursor:
        cursor.execute(SAMPLE)
        found = cursor.fetchone()
    return (found and found[0]) or ""
