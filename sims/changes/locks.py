"""Who holds a SIM: at most one open change each, decided by the primary key of `OpenChange`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from sims.models import OpenChange, Operation, ScheduledPlan, Verb
from toolkit.database import array_of

TAKE_FOR_ITEMS = """
INSERT INTO sims_openchange (sim_id, batch_item_id, batch_uuid, verb)
SELECT sim_id, item_id, %s, %s FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (sim_id, item_id)
ORDER BY sim_id
ON CONFLICT (sim_id) DO NOTHING
RETURNING sim_id
"""
# A statement of its own: what held a SIM until a moment ago may have become a plan of the next cycle.
LEAVE_TO_PLANS = """
DELETE FROM sims_openchange o USING sims_scheduledplan s
WHERE o.sim_id = s.sim_id AND o.sim_id = ANY(%s::bigint[]) AND o.batch_uuid = %s
RETURNING o.sim_id
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """What holds a SIM: an operation, or an item of a batch."""

    verb: Verb
    since: datetime | None
    operation_id: int | None = None
    batch_uuid: UUID | None = None
    is_scheduled: bool = False


def take(operation: Operation) -> Holder | None:
    """Hold the operation's SIM for it, in the caller's transaction; the holder that was there first, or None."""
    made = OpenChange(sim_id=operation.sim_id, operation=operation, verb=operation.verb)
    held = None
    while held is None:  # what held it when we tried may have let go of it since
        OpenChange.objects.bulk_create([made], ignore_conflicts=True)
        held = OpenChange.objects.filter(sim_id=operation.sim_id).first()
    # Plans are looked for last: what held the SIM until a moment ago may have become one.
    return _scheduled(operation) if held.operation_id == operation.pk else _holder_of(held)


def _scheduled(operation: Operation) -> Holder | None:
    """The plan of the next cycle that is in the way of another one."""
    if operation.verb != Verb.CHANGE_PLAN:
        return None
    plan = ScheduledPlan.objects.filter(sim_id=operation.sim_id).first()
    return _holder_by(plan) if plan else None


def _holder_by(plan: ScheduledPlan) -> Holder:
    when = plan.effective_at
    return Holder(Verb.CHANGE_PLAN, when, plan.operation_id, plan.batch_uuid, is_scheduled=True)


def take_for_items(items: Mapping[int, int], *, batch_uuid: UUID, verb: Verb) -> set[int]:
    """Hold the SIMs (id → item id) for items of a batch, in the caller's transaction; the ids of those that are held.

    What another change holds is left out. Locks in order of id, so that two batches cannot wait for each other.
    """
    with connection.cursor() as cursor:
        sims, held = array_of(items), array_of(items.values())
        cursor.execute(TAKE_FOR_ITEMS, [batch_uuid, verb.value, sims, held])
        taken = {row[0] for row in cursor.fetchall()}
        if verb == Verb.CHANGE_PLAN:
            cursor.execute(LEAVE_TO_PLANS, [array_of(taken), batch_uuid])
            taken -= {row[0] for row in cursor.fetchall()}
        return taken


def let_go_of(operation: Operation) -> None:
    """The operation holds its SIM no longer."""
    OpenChange.objects.filter(operation=operation).delete()


def let_go_of_items(item_ids: Iterable[int], *, batch_uuid: UUID) -> None:
    """These items of a batch hold their SIMs no longer."""
    OpenChange.objects.filter(batch_uuid=batch_uuid, batch_item_id__in=list(item_ids)).delete()


def holders(sim_ids: Iterable[int], verb: Verb | None = None) -> dict[int, Holder]:
    """What holds these SIMs against `verb`, by id; a scheduled plan holds only against another plan change.

    Without a verb both are told, the open change before the plan.
    """
    ids = list(sim_ids)
    found: dict[int, Holder] = {}
    if verb in (None, Verb.CHANGE_PLAN):
        for plan in ScheduledPlan.objects.filter(sim_id__in=ids):
            found[plan.sim_id] = _holder_by(plan)
    for change in OpenChange.objects.filter(sim_id__in=ids):
        found[change.sim_id] = _holder_of(change)
    return found


def _holder_of(change: OpenChange) -> Holder:
    return Holder(Verb(change.verb), change.since, change.operation_id, change.batch_uuid)
