"""How old what we show of a SIM is: the newer of its own read and the last list page that showed it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from sims.models import Sim

# One probe of the GIN index for each SIM: for an overlap of arrays the planner expects many pages and scans them all.
_SHOWN = """
SELECT shown.sim_id, page.asked_at
FROM unnest(%(sim_ids)s::bigint[]) AS shown(sim_id),
LATERAL (SELECT max(asked_at) AS asked_at FROM sims_syncpage WHERE sim_ids @> ARRAY[shown.sim_id]) AS page
WHERE page.asked_at IS NOT NULL
"""


def read_times(sims: Iterable[Sim]) -> dict[int, datetime]:
    """By SIM id, when the carrier was last asked for what we show; one query for a screen of SIMs."""
    own = {sim.pk: sim.read_at for sim in sims}
    if not own:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN, {"sim_ids": list(own)})
        shown = dict(cursor.fetchall())
    return {pk: max(read_at, shown.get(pk, read_at)) for pk, read_at in own.items()}
