"""The last phase of a full run: SIMs that no page showed are asked for by name, and may be missing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from journal.models import Event
from journal.record import Cause, NewEvent, record
from sims.counts import TOTAL
from sims.models import SyncRun
from sims.sync.runs import last_complete
from toolkit.database import set_cursor

# More of the fleet than this going missing at once is a fault of the answer, not of the SIMs.
LARGEST_SHARE = 0.01

# What a page has shown is a SIM of our copy, and none is ever deleted: as many as there are, are all. They need not be
# counted where the last run saw as many, and this one saw the same SIMs on its pages.
ALL_SEEN = f"""
SELECT total FROM (SELECT ({TOTAL}) AS total) AS known
WHERE total = CASE
    WHEN EXISTS (
        SELECT FROM sims_syncrun AS last
        WHERE last.id = %(last_id)s AND last.seen = total
            AND last.pages <= (SELECT count(*) FROM sims_syncpage WHERE run_id = %(last_id)s)
    ) AND NOT EXISTS (
        SELECT shown_id FROM sims_syncpage WHERE run_id = %(last_id)s
        EXCEPT SELECT shown_id FROM sims_syncpage WHERE run_id = %(run_id)s
    ) THEN total
    ELSE (
        SELECT count(DISTINCT id)
        FROM (
            SELECT unnest(sim_ids) AS id FROM sims_pagesims
            WHERE id IN (SELECT shown_id FROM sims_syncpage WHERE run_id = %(run_id)s)
        ) AS seen
    )
END
"""

# First the ids alone, which their index tells, then the few rows that are left.
UNSEEN = """
WITH seen AS MATERIALIZED (
    SELECT unnest(g.sim_ids) AS id FROM sims_syncpage p JOIN sims_pagesims g ON g.id = p.shown_id
    WHERE p.run_id = %(run_id)s
),
unseen AS MATERIALIZED (
    SELECT s.id FROM sims_sim s WHERE NOT EXISTS (SELECT FROM seen WHERE seen.id = s.id)
)
SELECT s.id, s.giccid FROM unseen JOIN sims_sim s USING (id) WHERE s.read_at < %(started_at)s ORDER BY s.giccid
"""

STILL_OPEN = "SELECT id FROM sims_syncrun WHERE id = %s AND state = ANY(%s) FOR UPDATE"

FIRST_ABSENCE = """
UPDATE sims_sim SET absent_runs = 1, digest = NULL
WHERE id = ANY(%s) AND absent_runs = 0 AND read_at < %s
"""

# All that are written are locked, in the order in which each writer does it.
NEWLY_MISSING = """
WITH locked AS MATERIALIZED (
    SELECT id, giccid, account_id, absent_runs FROM sims_sim
    WHERE id = ANY(%s) AND missing_since IS NULL AND read_at < %s
    ORDER BY id FOR NO KEY UPDATE
)
SELECT id, giccid, account_id FROM locked WHERE absent_runs > 0
"""

MARK_MISSING = "UPDATE sims_sim SET missing_since = %s, absent_runs = 2, changed_at = %s WHERE id = ANY(%s)"


class Absence(NamedTuple):
    """How many SIMs are newly missing, and the sentence when too many would have been."""

    missing: int
    note: str = ""


def unseen(run: SyncRun) -> dict[int, str]:
    """The SIMs on no page of the run and not read otherwise since it started: id and ICCID."""
    last = last_complete()
    with set_cursor() as cursor:
        values = {"run_id": run.pk, "last_id": last.pk if last else None, "started_at": run.started_at}
        if every := cursor.execute(ALL_SEEN, values).fetchone():
            (run.seen,) = every
            return {}
        return dict(cursor.execute(UNSEEN, values).fetchall())


def settle_absent(run: SyncRun, sim_ids: list[int]) -> Absence:
    """Count the absence of SIMs that the carrier left out; the second in a row makes them missing.

    None becomes missing when it would be more than 1 % of the fleet at once (one SIM always may). The run ends in the
    caller's transaction, and none is counted where another worker has ended it already.
    """
    if not sim_ids:
        return Absence(0)
    with transaction.atomic(), set_cursor() as cursor:
        if not cursor.execute(STILL_OPEN, [run.pk, list(SyncRun.OPEN)]).fetchone():
            return Absence(0)
        missing = cursor.execute(NEWLY_MISSING, [sim_ids, run.started_at]).fetchall()
        cursor.execute(FIRST_ABSENCE, [sim_ids, run.started_at])
        fleet = _one(cursor.execute("SELECT count(*) FROM sims_sim WHERE missing_since IS NULL").fetchone())
        if len(missing) > max(1, fleet * LARGEST_SHARE):
            return Absence(0, _too_many(len(missing), fleet))
        now = timezone.now()
        cursor.execute(MARK_MISSING, [now, now, [row[0] for row in missing]])
        record([_missing(now, *row) for row in missing], cause=Cause(Event.Cause.RUN, run.pk))
    return Absence(len(missing))


def _missing(now: datetime, sim_id: int, giccid: str, account_id: int | None) -> NewEvent:
    return NewEvent("sim.missing", "sim", giccid, now, sim_id=sim_id, account_id=account_id)


def _too_many(missing: int, fleet: int) -> str:
    return (
        f"{missing:,} of {fleet:,} SIMs were on no page and not found by name, twice in a row. "
        "That is more than 1 % of the fleet at once, so none was called missing."
    )


def _one(row: tuple[int] | None) -> int:
    return row[0] if row else 0
