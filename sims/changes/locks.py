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
WHERE %s <> 'change-plan' OR NOT EXISTS (SELECT FROM sims_scheduledplan s WHERE s.sim_id = wanted.sim_id)
ORDER BY sim_id
ON CONFLICT (sim_id) DO NOTHING
RETURNING sim_id
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
    if held := holders([operation.sim_id], Verb(operation.verb)).get(operation.sim_id):
        return held
    made = OpenChange(sim_id=operation.sim_id, operation=operation, verb=operation.verb)
    if OpenChange.objects.bulk_create([made], ignore_conflicts=True) and _is_held_by(operation):
        return None
    return holders([operation.sim_id], Verb(operation.verb)).get(operation.sim_id)


def _is_held_by(operation: Operation) -> bool:
    return OpenChange.objects.filter(sim_id=operation.sim_id, operation=operation).exists()


def take_for_items(items: Mapping[int, int], *, batch_uuid: UUID, verb: Verb) -> set[int]:
    """Hold the SIMs (id → item id) for items of a batch, in the caller's transaction; the ids of those that are held.

    What another change holds is left out. Locks in order of id, so that two batches cannot wait for each other.
    """
    with connection.cursor() as cursor:
        sims, held = array_of(items), array_of(items.values())
        cursor.execute(TAKE_FOR_ITEMS, [batch_uuid, verb.value, sims, held, verb.value])
        return {row[0] for row in cursor.fetchall()}


def let_go_of(operation: Operation) -> None:
    """The operation holds its SIM no longer."""
    OpenChange.objects.filter(operation=operation).delete()


def let_go_of_items(item_ids: Iterable[int], *, batch_uuid: UUID) -> None:
    """These items of a batch hold their SIMs no longer."""
    OpenChange.objects.filter(batch_uuid=batch_uuid, batch_item_id__in=list(item_ids)).delete()


def holders(sim_ids: Iterable[int], verb: Verb | None = None) -> dict[int, Holder]:
    """What holds these SIMs against `verb`, by id; a scheduled plan change holds only against plan changes."""
    ids = list(sim_ids)
    found: dict[int, Holder] = {}
    if verb in (None, Verb.CHANGE_PLAN):
        for plan in ScheduledPlan.objects.filter(sim_id__in=ids):
            found[plan.sim_id] = Holder(
                Verb.CHANGE_PLAN, plan.effective_at, plan.operation_id, plan.batch_uuid, is_scheduled=True
            )
    for change in OpenChange.objects.filter(sim_id__in=ids):
        found[change.sim_id] = Holder(Verb(change.verb), change.since, change.operation_id, change.batch_uuid)
    return found
