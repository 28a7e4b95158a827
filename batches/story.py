"""Items of batches in the journal: who did it, in which batch, why, and how it went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from batches.models import BatchItem
from batches.tell import KIND
from journal.models import Event
from journal.story import Because, Step
from sims.change_words import asked_words, done_words, name_of
from sims.models import Operation, Verb
from sims.operation_steps import lasted
from toolkit.templatetags.look import when

State = BatchItem.State
ICON = "stack-2"
# The change of the copy that tells a verb's own story, and what it has become then.
OWN_KIND = {
    Verb.ACTIVATE: ("sim.status", "ACTIVATED"),
    Verb.SUSPEND: ("sim.status", "DEACTIVATED"),
    Verb.RETIRE: ("sim.status", "RETIRED"),
    Verb.CHANGE_PLAN: ("sim.package", None),
    Verb.APN: ("sim.apn", None),
}
ENDINGS = {
    State.SKIPPED: "it was left out",
    State.FAILED: "it failed",
    State.UNKNOWN: "whether it happened is not known yet",
    State.SCHEDULED: "it takes place with the next cycle",
}
LAST_STEPS = {
    State.SKIPPED: ("chevrons", "idle", "left out, nothing was sent"),
    State.DONE: ("tick", "ok", "seen at the carrier"),
    State.FAILED: ("triangle", "bad", "failed"),
    State.UNKNOWN: ("diamond", "unknown", "not known; its SIM is read, nothing is sent again"),
    State.SCHEDULED: ("clock", "idle", "scheduled for the next cycle"),
}


def behind(events: list[Event]) -> dict[int, Because]:
    """What is behind events that items of batches have caused; one query."""
    ids = {event.cause_id for event in events if event.cause_id}
    found = BatchItem.objects.filter(pk__in=ids).select_related("batch__requested_by", "chunk")
    items = {item.pk: item for item in found}
    return {event.id: _because(event, items[event.cause_id]) for event in events if event.cause_id in items}


def _because(event: Event, item: BatchItem) -> Because:
    data: dict[str, Any] = event.data if isinstance(event.data, dict) else {}
    if item.batch.kind not in Verb.values:
        return Because(more=_link(item), icon=ICON)
    who, asked = _who(item), _as_operation(item)
    if event.kind == KIND:
        return _outcome(item, data, who, asked)
    if not _is_own(event.kind, data, item):
        actor = format_html("With “{}” of <b>{}</b>, reading found", name_of(asked), who)
        return Because(actor=actor, more=_link(item), icon=ICON)
    return _whole(item, format_html("<b>{}</b> {}", who, done_words(asked)), State.DONE)


def _outcome(item: BatchItem, data: dict[str, Any], who: str, asked: Operation) -> Because:
    state = str(data.get("state") or item.state)
    if state == State.DONE:
        return _whole(item, format_html("<b>{}</b> {}", who, done_words(asked)), state)
    ending = ENDINGS.get(State(state), state) if state in State.values else state
    sentence = format_html("<b>{}</b> asked to {}; <b>{}</b>", who, asked_words(asked), ending)
    return _whole(item, sentence, state, str(data.get("message") or ""))


def _whole(item: BatchItem, sentence: SafeString, state: str, message: str = "") -> Because:
    more = format_html("{} · {}", message, _link(item)) if message else _link(item)
    steps = tuple(_steps(item, state))
    return Because(sentence=sentence, more=more, reason=item.batch.reason, steps=steps, icon=ICON)


def _steps(item: BatchItem, state: str) -> Iterator[Step]:
    if item.sent_at:
        yield Step("tick", "ok", format_html("sent {}", when(item.sent_at, "clock")))
    answered = item.chunk.answered_at if item.chunk else None
    if answered and item.sent_at and answered >= item.sent_at and state != State.UNKNOWN:
        yield Step("tick", "ok", f"accepted after {lasted(item.sent_at, answered)}")
    if state in LAST_STEPS:
        glyph, tone, words = LAST_STEPS[State(state)]
        is_seen = state == State.DONE and item.seen_at and item.sent_at
        yield Step(glyph, tone, f"{words} after {lasted(item.sent_at, item.seen_at)}" if is_seen else words)


def _who(item: BatchItem) -> str:
    user = item.batch.requested_by
    return user.display_name if user else item.batch.username


def _as_operation(item: BatchItem) -> Operation:
    """For its words, which are those of a single change."""
    return Operation(verb=item.batch.kind, wanted=item.wanted or item.batch.wanted)


def _is_own(kind: str, data: dict[str, Any], item: BatchItem) -> bool:
    if item.batch.kind not in OWN_KIND:
        return False
    own, becomes = OWN_KIND[Verb(item.batch.kind)]
    wanted = item.wanted or item.batch.wanted
    if kind == "sim.apn" and data.get("apn") != wanted.get("apn"):
        return False
    return kind == own and becomes in (None, data.get("new"))


def _link(item: BatchItem) -> SafeString:
    batch = item.batch
    return format_html('<a href="{}">Batch {}</a>', reverse("batches:detail", args=[batch.uuid]), batch.pk)
