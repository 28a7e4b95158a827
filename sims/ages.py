"""How old what we show of a SIM is: the newer of its own read and the last list page that showed it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from django.db import connection


class Read(Protocol):
    """A SIM, or what a list shows of it; `read_at` is of its own read."""

    @property
    def pk(self) -> int: ...

    @property
    def read_at(self) -> datetime: ...


# The ids come as a subquery: for a literal array the planner expects many pages to overlap and scans them all. One
# pass over the GIN index, because each pass also reads what the index has not sorted in yet.
_SHOWN = """
WITH wanted AS MATERIALIZED (SELECT %(sim_ids)s::bigint[] AS ids)
SELECT shown.sim_id, max(page.asked_at)
FROM sims_syncpage AS page CROSS JOIN LATERAL unnest(page.sim_ids) AS shown(sim_id)
WHERE page.sim_ids && (SELECT ids FROM wanted) AND shown.sim_id = ANY((SELECT ids FROM wanted)::bigint[])
GROUP BY shown.sim_id
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
