"""Lists that showed fewer SIMs than the carrier told of, where our copy has not the others either."""

from __future__ import annotations

from sims import counts
from sims.models import SyncPart, SyncRun
from sims.sync.runs import add_error
from toolkit.database import set_cursor

WHAT_NOW = "The rest is not known here. The fleet is read again soon; if that does not help, ask the carrier for them."
ONE_LIST = (
    "The list without accounts: the carrier told of {told:,} SIMs and listed {shown:,}. Where the next runs do not "
    "find the rest either, ask the carrier for them."
)

# What a list showed is counted only where the counts of our copy leave room for a doubt.
SHORT = """
WITH known AS (
    SELECT account_id, sum(n) AS sims
    FROM (TABLE sims_simcount UNION ALL TABLE sims_simcountdelta) AS counted
    WHERE NOT is_missing
    GROUP BY account_id
)
SELECT p.id, a.name, p.total, (
    SELECT count(DISTINCT shown.id)
    FROM sims_syncpage o JOIN sims_pagesims g ON g.id = o.shown_id CROSS JOIN LATERAL unnest(g.sim_ids) AS shown (id)
    WHERE o.run_id = p.run_id AND o.account_id = p.account_id
)
FROM sims_syncpart p
JOIN enterprise_account a ON a.id = p.account_id
LEFT JOIN known ON known.account_id = p.account_id
WHERE p.run_id = %(run)s AND COALESCE(known.sims, 0) + %(kept_aside)s < p.total
ORDER BY a.name
"""

SHOWN = """
SELECT count(DISTINCT shown.id)
FROM sims_syncpage p JOIN sims_pagesims g ON g.id = p.shown_id CROSS JOIN LATERAL unnest(g.sim_ids) AS shown (id)
WHERE p.run_id = %s
"""


def note_shortage_of_one_list(run: SyncRun, told: int) -> None:
    """Say that the list without accounts was short, where our copy has not the others either."""
    kept_aside = SyncRun.objects.values_list("kept_aside", flat=True).get(pk=run.pk)
    if counts.total() + kept_aside >= told:
        return
    with set_cursor() as cursor:
        [shown] = cursor.execute(SHOWN, [run.pk]).fetchone() or (0,)
    if shown + kept_aside < told:
        add_error(run.pk, ONE_LIST.format(told=told, shown=shown))


def note_shortages(run: SyncRun) -> None:
    """Say which lists of the run were short, once all were read; the records that were kept aside were shown too."""
    kept_aside = SyncRun.objects.values_list("kept_aside", flat=True).get(pk=run.pk)
    with set_cursor() as cursor:
        doubtful = cursor.execute(SHORT, {"run": run.pk, "kept_aside": kept_aside}).fetchall()
    for part_id, name, told, shown in doubtful:
        if shown + kept_aside < told:
            note = f"{name}: the carrier told of {told:,} SIMs and listed {shown:,}. {WHAT_NOW}"
            SyncPart.objects.filter(pk=part_id).update(note=note)
            add_error(run.pk, note)
