"""An item as a page or a file prints it: every value prepared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from batches import words
from batches.kinds import KINDS
from batches.models import Batch, BatchItem
from sims.freshness import is_late
from sims.models import SimCustomFields
from toolkit.states import state_of
from toolkit.templatetags.look import TIME_STYLES

State, Verdict = BatchItem.State, BatchItem.Verdict


@dataclass(frozen=True, slots=True)
class Shown:
    """What a SIM is, or is to become: a state of the vocabulary where it is one (`kind`), else words."""

    kind: str
    value: str

    @property
    def label(self) -> str:
        return state_of(self.kind, self.value).label if self.kind else self.value


@dataclass(frozen=True, slots=True)
class ItemRow:
    item: BatchItem
    url: str
    account: str
    before: Shown
    after: Shown
    words: str
    read_at: datetime | None
    is_late: bool

    @property
    def name(self) -> str:
        """The ICCID; what was chosen where that is no SIM."""
        return self.item.giccid or self.item.entry


def rows_for(batch: Batch, items: Sequence[BatchItem]) -> list[ItemRow]:
    now, texts = timezone.now(), _texts_of(batch, items)
    return [_row(batch, item, now, texts.get(item.giccid, "")) for item in items]


def _texts_of(batch: Batch, items: Sequence[BatchItem]) -> Mapping[str, str]:
    """What each SIM is sent, for kinds that send; one query for all."""
    kind = KINDS.get(batch.kind)
    if kind is None or kind.texts is None:
        return {}
    return kind.texts([item.giccid for item in items if item.verdict == Verdict.WILL_CHANGE], batch.wanted)


def _row(batch: Batch, item: BatchItem, now: datetime, text: str) -> ItemRow:
    read_at = item.seen_at or item.read_at
    return ItemRow(
        item=item,
        url=reverse("sims:detail", args=[item.giccid]) if item.sim_id and item.giccid else "",
        account=item.sim.account.name if item.sim and item.sim.account else "",
        before=shown_of(batch, item, item.before),
        after=_after(batch, item),
        words=f"“{text}”" if text and item.state == State.PLANNED else words_for(item, is_message=bool(text)),
        read_at=read_at,
        is_late=read_at is not None and batch.started_at is None and is_late(read_at, now),
    )


def shown_of(batch: Batch, item: BatchItem, values: Mapping[str, Any] | None) -> Shown:
    """The part of a SIM that the kind changes."""
    if not values:
        return Shown("", "")
    wanted = item.wanted or batch.wanted
    if batch.kind == "apn":
        return Shown("apn", str((values.get("apns") or {}).get(wanted.get("apn"), "")))
    if batch.kind in ("change-plan", "add-package"):
        return Shown("", str(values.get("package") or "no package"))
    if batch.kind == "custom-fields":
        return Shown("", _texts(values, wanted))
    return Shown("sim", str(values.get("status", "")))


def _texts(values: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    texts = values.get("fields", values)
    names = [name for name in SimCustomFields.NAMES if name in wanted and name in texts]
    return ", ".join(f"“{texts[name]}”" if texts[name] else "empty" for name in names)


def _after(batch: Batch, item: BatchItem) -> Shown:
    """What a read showed where one did; else what is wanted, where it is still to come."""
    if item.after:
        shown = shown_of(batch, item, item.after)
        is_same = item.state == State.FAILED and shown == shown_of(batch, item, item.before)
        return Shown("", "") if is_same else shown
    if item.verdict != Verdict.WILL_CHANGE or item.state in (State.SKIPPED, State.FAILED):
        return Shown("", "")
    if item.state == State.UNKNOWN:
        return Shown("", "?")
    return wanted_of(batch, item)


def wanted_of(batch: Batch, item: BatchItem) -> Shown:
    wanted = item.wanted or batch.wanted
    if batch.kind == "sms":
        return Shown("", "an SMS")
    if batch.kind in words.TARGETS:
        return Shown("sim", words.TARGETS[batch.kind])
    if batch.kind == "apn":
        return Shown("apn", str(wanted.get("apn_status", "")))
    if batch.kind == "custom-fields":
        return Shown("", _texts(wanted, wanted))
    name = str(wanted.get("package", ""))
    return Shown("", f"and {name}" if batch.kind == "add-package" else name)


def words_for(item: BatchItem, *, is_message: bool = False) -> str:
    """What we know of it, as one sentence."""
    if item.verdict != Verdict.WILL_CHANGE:
        return item.why
    told = [item.message] if item.message else []
    seen = "Taken by the carrier" if is_message else "Seen at the carrier"
    match item.state:
        case State.DONE:
            return " ".join([f"{seen} at {_clock(item.seen_at)}.", *told]) if item.seen_at else " ".join(told)
        case State.SCHEDULED:
            when = f" on {item.effective_at.strftime(TIME_STYLES['full'])} UTC" if item.effective_at else ""
            return " ".join([f"The carrier carries it out{when or ' with the next cycle'}.", *told])
        case State.UNKNOWN:
            seen = f" Read {_clock(item.seen_at)}, not seen there." if item.seen_at else " Not read since."
            return " ".join([f"Sent {_clock(item.sent_at)}, no sure reply.{seen}", *told])
        case State.SENDING | State.ACCEPTED:
            return " ".join([f"Sent {_clock(item.sent_at)}.", *told]) if item.sent_at else " ".join(told)
    if item.state == State.PLANNED and item.why:
        told.append(item.why)
    return " ".join(told)


def _clock(at: datetime | None) -> str:
    return f"{at.strftime(TIME_STYLES['clock'])} UTC" if at else "at a time not known"
