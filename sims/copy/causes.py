"""What led to a difference: the change under way that brings it about, else whoever was reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from journal.models import Event
from journal.record import Cause, NewEvent
from sims.models import Operation, Sim, Verb

CauseFor = Cause | Callable[[str], Cause]
"""The cause of what is found, for all or by ICCID."""

PLAN = ("sim.package", "sim.period")
# The kinds of difference that a verb brings about.
BROUGHT_ABOUT: dict[str, tuple[str, ...]] = {
    Verb.ACTIVATE: ("sim.status", "sim.activated", "sim.period"),
    Verb.SUSPEND: ("sim.status",),
    Verb.RETIRE: ("sim.status", "sim.period", "sim.apn"),
    Verb.CHANGE_PLAN: PLAN,
    Verb.APN: ("sim.apn",),
}
BECOMES: dict[str, str] = {
    Verb.ACTIVATE: Sim.Status.ACTIVATED,
    Verb.SUSPEND: Sim.Status.DEACTIVATED,
    Verb.RETIRE: Sim.Status.RETIRED,
}

Change = tuple[str, Cause]
Changes = Mapping[int, list[Change]]
"""The changes under way at the carrier, by SIM: what was sent, and plans of the next cycle."""

# Of the SIMs that differ.
CHANGES = """
SELECT i.sim_id, o.verb, o.operation_id, o.batch_item_id
FROM copy_incoming i
JOIN sims_openchange o USING (sim_id)
LEFT JOIN sims_operation p ON p.id = o.operation_id
WHERE i.differs AND NOT i.is_stale AND p.state IS DISTINCT FROM %(queued)s
UNION ALL
SELECT i.sim_id, %(plan)s, p.operation_id, p.batch_item_id
FROM copy_incoming i JOIN sims_scheduledplan p USING (sim_id)
WHERE i.differs AND NOT i.is_stale
"""
CHANGES_ASKED = {"queued": Operation.State.QUEUED, "plan": Verb.CHANGE_PLAN}


def with_causes(events: list[NewEvent], cause: CauseFor, changes: Changes) -> list[NewEvent]:
    """The events with the cause of each, where that is another than the one cause of all."""
    if not changes and isinstance(cause, Cause):
        return events
    return [
        msgspec.structs.replace(event, cause=_cause_of(event, changes.get(event.sim_id or 0, []), cause))
        for event in events
    ]


def _cause_of(event: NewEvent, changes: list[Change], cause: CauseFor) -> Cause:
    for verb, found in changes:
        if event.kind in BROUGHT_ABOUT.get(verb, ()) and _fits(event, verb):
            return found
    return cause if isinstance(cause, Cause) else cause(event.subject_key)


def _fits(event: NewEvent, verb: str) -> bool:
    return event.kind != "sim.status" or event.data.get("new") == BECOMES.get(verb)


def changes_of(rows: Iterable[tuple[int, str, int | None, int | None]]) -> Changes:
    """The rows of `CHANGES` by SIM."""
    found: dict[int, list[Change]] = {}
    for sim_id, verb, operation_id, item_id in rows:
        found.setdefault(sim_id, []).append((verb, _cause(operation_id, item_id)))
    return found


def _cause(operation_id: int | None, item_id: int | None) -> Cause:
    if operation_id is not None:
        return Cause(Event.Cause.OPERATION, operation_id)
    return Cause(Event.Cause.BATCH_ITEM, item_id)
