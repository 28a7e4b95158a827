"""How old what we show of a SIM is: the newer of its own read and the last list page that showed it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from django.db import connection

from sims.shown import ON_PAGE


class Read(Protocol):
    """A SIM, or what a list shows of it; `read_at` is of its own read."""

    @property
    def pk(self) -> int: ...

    @property
    def read_at(self) -> datetime: ...


# SIM by SIM: the index leads to the two pages that showed one. Asked for all of a screen at once, the hundred SIMs of
# each page found have to be gone through, and a screen has SIMs of a hundred pages.
SHOWN_AT = f"(SELECT max(p.asked_at) FROM sims_syncpage p WHERE {ON_PAGE})"

_SHOWN = f"""
SELECT asked.sim_id, page.asked_at
FROM unnest(%(sim_ids)s::bigint[]) AS asked (sim_id)
CROSS JOIN LATERAL (SELECT {SHOWN_AT.format(sim_id="asked.sim_id")} AS asked_at) AS page
WHERE page.asked_at IS NOT NULL
"""


def read_times(sims: Iterable[Read]) -> dict[int, datetime]:
    """By SIM id, when the carrier was last asked for what we show; one query for a screen of SIMs."""
    own = {sim.pk: sim.read_at for sim in sims}
    if not own:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN, {"sim_ids": list(own)})
        shown = dict(cursor.fetchall())
    return {pk: max(read_at, shown.get(pk, read_at)) for pk, read_at in own.items()}
