"""How many of a list's SIMs have used how much of their allowance: counted apart, after the page stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import connection

from sims.counts import CAP
from sims.criteria import Criteria, matching
from sims.ranges import SHARES


def share_counts(asked: Criteria) -> dict[str, int]:
    """For each share, the SIMs that answer all filters but usage; counted just over `CAP`. One query."""
    parts: list[str] = []
    values: list[Any] = []
    for place, share in enumerate(SHARES.values()):
        rows = matching(replace(asked, usage=(share,))).values("id")[: CAP + 1]
        sql, given = rows.query.sql_with_params()
        parts.append(f"SELECT {place} AS place, count(*) FROM ({sql}) AS share")
        values += given
    with connection.cursor() as cursor:
        cursor.execute(f"{' UNION ALL '.join(parts)} ORDER BY place", values)
        counted = [int(found) for _place, found in cursor.fetchall()]
    return dict(zip(SHARES, counted, strict=True))
