"""What a person does with operations: ask for one, cancel it, answer what reading cannot, protect a SIM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from enterprise.scope import accounts_for
from journal.models import Event
from journal.record import Cause, NewEvent, record
from sims.changes.checks import Refused, check
from sims.changes.locks import Holder, take
from sims.changes.snapshot import snapshot_of
from sims.changes.states import IN_VAIN, State, announce, pass_on
from sims.changes.wake import send_soon
from sims.models import Operation, Protection, Sim, SimCustomFields, Verb
from toolkit.live import ring
from users import audit
from users.models import User

__all__ = ["Refused", "cancel", "protect", "request_change", "resolve", "undo_wanted", "unprotect"]

PROTECTION = "sim.protection"
OUTCOMES = (State.DONE.value, State.FAILED.value)


def request_change(
    *,
    sim: Sim,
    verb: Verb,
    wanted: Mapping[str, Any],
    user: User,
    reason: str = "",
    undo_of: Operation | None = None,
    seen: int | None = None,
) -> Operation:
    """Write the intent down and queue it: operation, hold on the SIM and audit row in one transaction.

    `seen` is the newest operation of the SIM that this wish knows of. Raises Refused where the change is not legal, the
    SIM is protected, another open change holds it, or somebody asked for one since; then nothing was written.
    """
    verb = Verb(verb)
    with transaction.atomic():
        sim = _theirs(sim.pk, user)
        operation = Operation.objects.create(
            sim=sim,
            verb=verb,
            wanted=check(sim, verb, wanted),
            reason=reason.strip(),
            requested_by=user,
            username=user.username,
            undo_of=undo_of,
            before=snapshot_of(sim),
        )
        if holder := take(operation):
            raise Refused(held_words(holder), holder)
        if seen is not None:
            _is_the_newest(operation, seen)
        audit.record(user, f"sim.{verb}", sim.giccid, operation=operation.pk, wanted=operation.wanted, reason=reason)
        announce(operation)
        send_soon(operation.pk)
    return operation


def _is_the_newest(operation: Operation, seen: int) -> None:
    """Refuses what was decided before somebody else's change, even if that one is through already."""
    others = Operation.objects.filter(sim_id=operation.sim_id, pk__gt=seen, pk__lt=operation.pk)
    if newer := others.exclude(state__in=IN_VAIN).order_by("-id").first():
        holder = Holder(Verb(newer.verb), newer.created_at, newer.pk)
        raise Refused("Another change of this SIM was asked for in the meantime. Look again, then confirm.", holder)


def _theirs(sim_id: int, user: User) -> Sim:
    """The SIM, locked, as long as it is in an account of this person. Raises Refused."""
    sim = Sim.objects.select_for_update(of=("self",), no_key=True).select_related("account").get(pk=sim_id)
    accounts = accounts_for(user)
    if accounts is not None and sim.account_id not in accounts:
        raise Refused("This SIM is in an account that is not yours to change.")
    return sim


def held_words(holder: Holder) -> str:
    """That another change is in the way, and which."""
    what = holder.verb.label.lower()
    if holder.is_scheduled:
        return "Another plan change is scheduled for the next cycle. It has to take place first."
    if holder.batch_uuid:
        return f"A batch is changing this SIM at the moment ({what}). Wait until it is through."
    return f"Another change of this SIM is open ({what}). Wait until it is done."


def cancel(operation: Operation, user: User) -> bool:
    """Take an operation back that has not left yet; False where it has. Raises Refused for a SIM of others."""
    with transaction.atomic():
        _theirs(operation.sim_id, user)
        said = {"by": user.username}
        is_cancelled = pass_on(operation, from_=[State.QUEUED], to=State.CANCELLED, said=said)
        if is_cancelled:
            audit.record(user, "sim.operation.cancel", operation.sim.giccid, operation=operation.pk)
    return is_cancelled


def resolve(operation: Operation, *, outcome: str, reason: str, user: User) -> bool:
    """A person says what became of an unknown operation; False where it is not, or no longer, unknown.

    Raises Refused for a SIM of others.
    """
    if outcome not in OUTCOMES:
        raise ValueError(f"outcome is one of {', '.join(OUTCOMES)}")
    with transaction.atomic():
        _theirs(operation.sim_id, user)
        said = {"by": user.username, "reason": reason, "resolved": True}
        values: dict[str, Any] = {"resolved_by": user, "resolved_reason": reason.strip(), "needs_person": False}
        is_resolved = pass_on(operation, from_=[State.UNKNOWN], to=outcome, said=said, **values)
        if is_resolved:
            detail = {"operation": operation.pk, "outcome": outcome, "reason": reason}
            audit.record(user, "sim.operation.resolve", operation.sim.giccid, **detail)
    return is_resolved


INVERSE = {Verb.ACTIVATE: Verb.SUSPEND, Verb.SUSPEND: Verb.ACTIVATE}


def undo_wanted(operation: Operation) -> tuple[Verb, dict[str, Any]] | None:
    """The change that takes this one back, None where there is none or it did not happen."""
    verb, before = Verb(operation.verb), operation.before
    if operation.state != State.DONE:
        return None
    if verb in INVERSE:
        return INVERSE[verb], {}
    if verb == Verb.CHANGE_PLAN and before.get("package"):
        return verb, {"package": before["package"], "effective": "now"}
    if verb == Verb.APN:
        was = before.get("apns", {}).get(operation.wanted["apn"])
        return (verb, {"apn": operation.wanted["apn"], "apn_status": was}) if was else None
    if verb == Verb.CUSTOM_FIELDS and (fields := before.get("fields")):
        return verb, {name: fields.get(name, "") for name in SimCustomFields.NAMES if name in operation.wanted}
    return None


def protect(sim: Sim, user: User, reason: str = "") -> bool:
    """From now on nobody suspends or retires this SIM; False where it was protected already. Raises Refused for a
    SIM of others."""
    with transaction.atomic():
        _theirs(sim.pk, user)
        values = {"by": user, "reason": reason.strip(), "at": timezone.now()}
        _, is_new = Protection.objects.get_or_create(sim=sim, defaults=values)
        if is_new:
            _note_protection(sim, user, is_protected=True, reason=reason)
    return is_new


def unprotect(sim: Sim, user: User) -> bool:
    """Lift the protection; False where there was none. Raises Refused for a SIM of others."""
    with transaction.atomic():
        _theirs(sim.pk, user)
        is_lifted = bool(Protection.objects.filter(sim=sim).delete()[0])
        if is_lifted:
            _note_protection(sim, user, is_protected=False)
    return is_lifted


def _note_protection(sim: Sim, user: User, *, is_protected: bool, reason: str = "") -> None:
    audit.record(user, "sim.protect" if is_protected else "sim.unprotect", sim.giccid, reason=reason)
    event = NewEvent(
        kind=PROTECTION,
        subject_kind="sim",
        subject_key=sim.giccid,
        happened_at=timezone.now(),
        sim_id=sim.pk,
        account_id=sim.account_id,
        data={"protected": is_protected, "reason": reason},
    )
    record([event], cause=Cause(Event.Cause.PERSON, user.pk))
    ring(f"sim:{sim.giccid}")
