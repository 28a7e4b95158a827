"""Lists that showed fewer SIMs than the carrier told of: nobody else would ever learn of the others."""

from __future__ import annotations

from sims.models import SyncRun
from sims.sync.runs import add_error
from toolkit.database import set_cursor

WHAT_NOW = "Those known before are asked for by name. If new ones are among the rest, ask the carrier for them."

# A page that showed no SIM twice counts its records; those of a run that were kept aside were shown too.
SHORT = """
SELECT a.name, p.total, shown.sims
FROM sims_syncpart p
JOIN enterprise_account a ON a.id = p.account_id
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(cardinality(sim_ids)), 0) AS sims FROM sims_syncpage
    WHERE run_id = p.run_id AND account_id = p.account_id
) AS shown
WHERE p.run_id = %s AND shown.sims + %s < p.total
ORDER BY a.name
"""


def note_shortages(run: SyncRun) -> None:
    """Say on the run which lists were short, once they were read."""
    with set_cursor() as cursor:
        kept_aside = SyncRun.objects.values_list("kept_aside", flat=True).get(pk=run.pk)
        short = cursor.execute(SHORT, [run.pk, kept_aside]).fetchall()
    for name, told, shown in short:
        add_error(run.pk, f"{name}: the carrier told of {told:,} SIMs and listed {shown:,}. {WHAT_NOW}")
