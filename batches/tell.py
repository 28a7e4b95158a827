"""Every item on its SIM's journal: what no change of our copy has told of is an event of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from batches.kinds import kind_of
from batches.models import Batch, BatchItem
from journal.models import Event
from journal.record import Cause, NewEvent, record
from sims.models import Sim
from toolkit.database import set_cursor
from toolkit.live import ring

KIND = "sim.batch"
State = BatchItem.State
RING_MOST = 200
# A change that one of these items has brought about stands in the journal with the item as its cause.
TOLD = """
SELECT DISTINCT cause_id FROM journal_event
WHERE sim_id = ANY(%s) AND cause_kind = %s AND cause_id = ANY(%s) AND happened_at >= %s AND kind <> %s
"""


def tell_items(batch: Batch, items: Iterable[BatchItem]) -> None:
    """Record what these items have come to, in the caller's transaction, and ring for their SIMs."""
    rows = [item for item in items if item.sim_id]
    if kind_of(batch.kind).verb is None:
        return  # its app tells of what it did itself
    told = _told(rows)
    untold = [item for item in rows if item.pk not in told]
    accounts = _accounts_of(untold)
    record([_event(batch, item, accounts) for item in untold], cause=Cause(Event.Cause.BATCH_ITEM))
    if rows:
        ring(*(f"sim:{item.giccid}" for item in rows[:RING_MOST]))


def _told(rows: list[BatchItem]) -> set[int]:
    done = [row for row in rows if row.state == State.DONE and row.sent_at]
    if not done:
        return set()
    since: datetime = min(row.sent_at for row in done if row.sent_at)
    sims, ids = [row.sim_id for row in done], [row.pk for row in done]
    with set_cursor() as cursor:
        rows_ = cursor.execute(TOLD, [sims, Event.Cause.BATCH_ITEM.value, ids, since, KIND]).fetchall()
        return {row[0] for row in rows_}


def _accounts_of(items: list[BatchItem]) -> dict[int, int | None]:
    ids = [item.sim_id for item in items if item.sim_id]
    return dict(Sim.objects.filter(pk__in=ids).values_list("pk", "account_id")) if ids else {}


def _event(batch: Batch, item: BatchItem, accounts: dict[int, int | None]) -> NewEvent:
    data: dict[str, Any] = {
        "batch": batch.pk,
        "uuid": str(batch.uuid),
        "verb": batch.kind,
        "state": str(item.state),
        "by": batch.started_by or batch.username,
        "reason": batch.reason,
    }
    more = {"code": item.code, "message": item.message, "wanted": item.wanted or batch.wanted}
    return NewEvent(
        kind=KIND,
        subject_kind="sim",
        subject_key=item.giccid,
        happened_at=item.seen_at or timezone.now(),
        sim_id=item.sim_id,
        account_id=accounts.get(item.sim_id or 0),
        data=data | {name: value for name, value in more.items() if value},
        cause=Cause(Event.Cause.BATCH_ITEM, item.pk),
    )
