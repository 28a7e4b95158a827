"""Reading again, before a batch may be started, the SIMs whose verdict stands on an old copy."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models.functions import Now

from batches import effects, reread
from batches.judge import judged_sql, judged_values
from batches.kinds import kind_of
from batches.models import Batch, BatchItem
from batches.step import Slice
from sims.sync.named import pages_named
from smarthub import RawPage
from toolkit.database import let_go
from toolkit.live import ring

AT_ONCE = 100
Verdict, State = BatchItem.Verdict, BatchItem.State

THESE = """
SELECT i.id AS key, i.sim_id, i.wanted, '' AS given, '' AS given_why, 1 AS nth, 1 AS first_line
FROM batches_batchitem i WHERE i.id = ANY(%(ids)s)
"""
JUDGE_AGAIN = """
UPDATE batches_batchitem i SET is_stale = false, before = j.before, read_at = j.read_at,
    verdict = CASE WHEN i.giccid = ANY(%(absent)s) THEN 'not_found' WHEN i.giccid = ANY(%(unreadable)s) THEN 'stale'
        ELSE j.verdict END,
    why = CASE WHEN i.giccid = ANY(%(absent)s) THEN %(absent_why)s
        WHEN i.giccid = ANY(%(unreadable)s) THEN %(unreadable_why)s ELSE j.why END,
    state = CASE WHEN j.verdict = 'will_change' AND i.giccid <> ALL(%(absent)s) AND i.giccid <> ALL(%(unreadable)s)
        THEN 'planned' ELSE 'skipped' END
FROM ({judged}) AS j WHERE i.id = j.key AND i.is_stale
"""


def read_some(batch: Batch, slice_: Slice) -> bool:
    """Read the next stale SIMs and judge them anew; True when none is left, and the batch is planned then.

    Raises what the client raises.
    """
    items = list(batch.items.filter(is_stale=True).order_by("place")[:AT_ONCE])
    if not items:
        _planned(batch)
        return True
    slice_.renew()
    let_go()
    pages = list(pages_named(slice_.client, [item.giccid for item in items]))
    with transaction.atomic():
        _judge(batch, items, pages)
        Batch.objects.filter(pk=batch.pk).update(attempts=0, note="")
        ring(*batch.topics)
    return False


def _judge(batch: Batch, items: list[BatchItem], pages: list[RawPage]) -> None:
    left = reread.keep(pages, [item.giccid for item in items])
    kind = kind_of(batch.kind)
    values = judged_values(kind, batch.wanted, batch.accounts)
    with connection.cursor() as cursor:
        cursor.execute(
            JUDGE_AGAIN.format(judged=judged_sql(kind, THESE, size=len(items))),
            {
                **values,
                "ids": [item.pk for item in items],
                "absent": left.absent,
                "unreadable": left.unreadable,
                "absent_why": reread.ABSENT,
                "unreadable_why": reread.UNREADABLE,
            },
        )


def _planned(batch: Batch) -> None:
    values = {"state": Batch.State.PLANNED, "planned_at": Now(), "next_step_at": None, "note": "", "attempts": 0}
    with transaction.atomic():
        if Batch.objects.filter(pk=batch.pk, state=Batch.State.PLANNING).update(**values):
            effects.keep(batch)
            ring(*batch.topics)


def progress(batch: Batch) -> tuple[int, int]:
    """How many of the stale SIMs have been read again, of how many; one small query."""
    left = sum(batch.counts.filter(is_stale=True).values_list("n", flat=True))
    return max(0, batch.to_read - left), batch.to_read
