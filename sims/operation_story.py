"""Operations in the journal: who did it, why, and how it went, for every event that one of them has caused."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from journal.models import Event
from journal.story import Because, Told
from sims.change_words import asked_words, done_words, name_of
from sims.changes.operations import PROTECTION, undo_wanted
from sims.changes.states import KIND
from sims.models import Operation, OperationQuerySet, Verb
from sims.operation_steps import steps_of

__all__ = ["KIND", "PROTECTION", "behind", "tell_protection", "with_people"]

State = Operation.State
# The change of the copy that tells a verb's own story; what else was found with it is said beside it.
OWN_KIND = {
    Verb.ACTIVATE: "sim.status",
    Verb.SUSPEND: "sim.status",
    Verb.RETIRE: "sim.status",
    Verb.CHANGE_PLAN: "sim.package",
    Verb.APN: "sim.apn",
}
ICON = "user"


def with_people(operations: OperationQuerySet) -> OperationQuerySet:
    """With who asked and who answered, and whether somebody has taken it back already."""
    undone = Operation.objects.filter(undo_of=OuterRef("pk")).exclude(state__in=NOT_UNDONE)
    return operations.select_related("requested_by", "resolved_by").annotate(is_undone=Exists(undone))


# An undo that came to nothing can be asked for again.
NOT_UNDONE = (State.REFUSED, State.FAILED, State.CANCELLED)


def behind(events: list[Event]) -> dict[int, Because]:
    """What is behind events that operations have caused; one query."""
    ids = {event.cause_id for event in events if event.cause_id}
    operations = {operation.pk: operation for operation in with_people(Operation.objects.filter(pk__in=ids))}
    found = [(event, operations.get(event.cause_id or 0)) for event in events]
    return {event.id: _because(event, operation) for event, operation in found if operation}


def who(operation: Operation) -> str:
    return operation.requested_by.display_name if operation.requested_by else operation.username


def undo_url(operation: Operation) -> str:
    """Where it can be taken back; empty where it cannot, or has been."""
    if getattr(operation, "is_undone", False) or undo_wanted(operation) is None:
        return ""
    return reverse("sims:operation-undo", args=[operation.pk])


def _because(event: Event, operation: Operation) -> Because:
    data = event.data if isinstance(event.data, dict) else {}
    if event.kind == KIND:
        return _outcome(operation, data)
    if not _is_own(event.kind, data, operation):
        actor = format_html("With “{}” of <b>{}</b>, reading found", name_of(operation), who(operation))
        return Because(actor=actor, more=_link(operation), icon=ICON)
    return _whole(operation, format_html("<b>{}</b> {}", who(operation), done_words(operation)), State.DONE)


def _is_own(kind: str, data: dict[str, Any], operation: Operation) -> bool:
    is_own = kind == OWN_KIND.get(Verb(operation.verb)) and operation.state in (State.DONE, State.ACCEPTED)
    return is_own and (kind != "sim.apn" or data.get("apn") == operation.wanted.get("apn"))


def _outcome(operation: Operation, data: dict[str, Any]) -> Because:
    state = str(data.get("state") or operation.state)
    if state == State.DONE:
        sentence = format_html("<b>{}</b> {}", who(operation), done_words(operation))
    else:
        sentence = format_html("<b>{}</b> asked to {}", who(operation), asked_words(operation))
    return _whole(operation, sentence, state, str(data.get("note") or ""))


def _whole(operation: Operation, sentence: SafeString, state: str, note: str = "") -> Because:
    own = state if operation.state == state or state != State.DONE else operation.state
    answer = f"“{operation.resolved_reason}”" if operation.resolved_reason and operation.state == state else ""
    parts = [part for part in (note, answer) if part]
    return Because(
        sentence=sentence,
        more=format_html("{} · {}", " ".join(parts), _link(operation)) if parts else _link(operation),
        reason=operation.reason,
        steps=steps_of(operation, state=own),
        undo_url=undo_url(operation) if state == operation.state else "",
        icon=ICON,
    )


def _link(operation: Operation) -> SafeString:
    return format_html('<a href="{}">Operation {}</a>', reverse("sims:operation", args=[operation.pk]), operation.pk)


def tell_protection(events: list[Event]) -> dict[int, Told]:
    """The events `sim.protection` in words."""
    return {event.id: _protection(event.data if isinstance(event.data, dict) else {}) for event in events}


def _protection(data: dict[str, Any]) -> Told:
    reason = f"“{data['reason']}”" if data.get("reason") else ""
    if data.get("protected"):
        return format_html("<b>{}</b> this SIM: nobody can suspend or retire it", "protected"), reason
    return format_html("<b>{}</b> the protection of this SIM", "lifted"), reason
