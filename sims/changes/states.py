"""How an operation passes from one state to the next: always one conditional UPDATE, its story and its bell with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from journal.models import Event
from journal.record import Cause, NewEvent, record
from sims.changes.locks import let_go_of
from sims.models import Operation, ScheduledPlan
from toolkit.live import ring

State = Operation.State
KIND = "sim.operation"
# Those that no change of the copy tells of; a done one may be told by its change.
TOLD = (State.SCHEDULED, State.REFUSED, State.FAILED, State.UNKNOWN, State.CANCELLED)
FINAL = (State.DONE, State.REFUSED, State.FAILED, State.CANCELLED)
# What came to nothing can be asked for again.
IN_VAIN = (State.REFUSED, State.FAILED, State.CANCELLED)
# Those that change more of a SIM's page than how its changes stand: its journal, its values.
SHOWN_WIDELY = frozenset((*TOLD, *FINAL))
# Where the carrier's reply counts: a sweeper may have given it up meanwhile.
AWAITING = (State.SENDING, State.UNKNOWN)


def pass_on(
    operation: Operation,
    *,
    from_: Iterable[str],
    to: str,
    attempt: int | None = None,
    said: dict[str, Any] | None = None,
    **values: Any,
) -> bool:
    """Bring the operation from one of the states `from_` to the state `to`; False where it was in none of them.

    One transaction: the row, who holds the SIM, the event in the journal, the bell of open pages. With `attempt` only
    while that one is the last. `said` is what the event tells beside the state, and has it told in any case. On
    success `operation` carries the new values.
    """
    values = {**(_ending() if to in FINAL else {}), **values, "state": to}
    row = Operation.objects.filter(pk=operation.pk, state__in=tuple(from_))
    if attempt is not None:
        row = row.filter(attempts=attempt)
    with transaction.atomic():
        if not row.update(**values):
            return False
        _take_over(operation, values)
        _let_go(operation)
        if to in TOLD or said or (to == State.DONE and not _is_told(operation)):
            tell(operation, **(said or {}))
        announce(operation)
    return True


def _ending() -> dict[str, Any]:
    return {"finished_at": timezone.now(), "next_read_at": None, "needs_person": False}


def _take_over(operation: Operation, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(operation, name, value)


def _let_go(operation: Operation) -> None:
    """A change of the next cycle holds its SIM's plan only, a final one nothing."""
    if operation.state in FINAL:
        let_go_of(operation)
        ScheduledPlan.objects.filter(operation=operation).delete()
    elif operation.state == State.SCHEDULED:
        let_go_of(operation)
        plan = {"package": operation.wanted["package"], "effective_at": operation.effective_at}
        nobody = {"batch_item_id": None, "batch_uuid": None}
        ScheduledPlan.objects.update_or_create(
            sim_id=operation.sim_id, defaults={"operation": operation, **plan, **nobody}
        )


def _is_told(operation: Operation) -> bool:
    """Whether a change of the copy stands in the journal with this operation as its cause."""
    told = Event.objects.filter(sim_id=operation.sim_id, happened_at__gte=operation.created_at)
    return told.filter(cause_kind=Event.Cause.OPERATION, cause_id=operation.pk).exclude(kind=KIND).exists()


def tell(operation: Operation, **said: Any) -> None:
    """The event `sim.operation` with the state that the operation has come to."""
    data = {"state": str(operation.state), "verb": str(operation.verb), "by": operation.username, **said}
    event = NewEvent(
        kind=KIND,
        subject_kind="sim",
        subject_key=operation.sim.giccid,
        happened_at=timezone.now(),
        sim_id=operation.sim_id,
        account_id=operation.sim.account_id,
        data={**data, "note": operation.note} if operation.note else data,
    )
    record([event], cause=Cause(Event.Cause.OPERATION, operation.pk))


def announce(operation: Operation) -> None:
    """Let open pages that show it look again; the SIM's own page only at the part that changes."""
    part = "sim" if operation.state in SHOWN_WIDELY else "changes"
    ring(f"{part}:{operation.sim.giccid}", f"operation:{operation.pk}", "operations")
