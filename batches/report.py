"""A batch as its page prints it: numbers from the kept counts, so that 100,000 items cost what 100 do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from batches import words
from batches.estimate import estimate_words
from batches.kinds import KINDS, Kind
from batches.models import Batch, BatchItem
from toolkit.figures import count, percent, plural
from toolkit.states import state_of

Verdict, ItemState, State = BatchItem.Verdict, BatchItem.State, Batch.State
AT_CARRIER = (ItemState.SENDING, ItemState.ACCEPTED)
SEGMENTS = (
    (ItemState.DONE, "ok"),
    (ItemState.SCHEDULED, "idle"),
    (ItemState.FAILED, "bad"),
    (ItemState.SKIPPED, "idle"),
    (ItemState.UNKNOWN, "unknown"),
    (ItemState.ACCEPTED, "info"),
    (ItemState.SENDING, "info"),
)
LEAST_PERCENT = 0.4
NOTES = {
    Verdict.ILLEGAL: "not from their status",
    Verdict.PROTECTED: "somebody protects them",
    Verdict.BUSY: "another change is open",
    Verdict.NOT_FOUND: "not in our copy",
    Verdict.DUPLICATE: "counted once",
}
ADVICE = {
    Verdict.ILLEGAL: "The carrier would refuse them; each row says why.",
    Verdict.PROTECTED: "Somebody does not want them suspended or retired. Lift the protection on the SIM’s page.",
    Verdict.BUSY: "Another operation or batch on them is still open.",
    Verdict.NOT_FOUND: "The identifier is not in our copy of the fleet, or names several SIMs.",
}


@dataclass(frozen=True, slots=True)
class Tile:
    kind: str
    value: str
    figure: str
    note: str
    url: str
    is_chosen: bool
    name: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the bar, in thousandths of its length."""

    tone: str
    start: float
    width: float


class Report:
    """One query for its counts, whatever its size."""

    def __init__(self, batch: Batch, verdict: str = "", state: str = "") -> None:
        self.batch, self.verdict, self.state = batch, verdict, state
        self.url = reverse("batches:detail", args=[batch.uuid])

    @cached_property
    def counts(self) -> list[tuple[str, str, bool, int]]:
        return list(self.batch.counts.values_list("verdict", "state", "is_stale", "n"))

    def number(self, *, verdict: str = "", state: str = "") -> int:
        return sum(n for v, s, _, n in self.counts if verdict in ("", v) and state in ("", s))

    @cached_property
    def kind(self) -> Kind | None:
        return KINDS.get(self.batch.kind)

    @property
    def total(self) -> int:
        return self.number()

    @property
    def changing(self) -> int:
        """Those the plan is about."""
        return self.number(verdict=Verdict.WILL_CHANGE)

    @property
    def stale(self) -> int:
        return sum(n for _, _, is_stale, n in self.counts if is_stale)

    def planned_number(self, state: str) -> int:
        """Of the SIMs that the plan is about, how many stand there."""
        return self.number(verdict=Verdict.WILL_CHANGE, state=state)

    @property
    def is_planning(self) -> bool:
        return self.batch.state in (State.PLANNING, State.PLANNED, State.SCHEDULED)

    @property
    def has_started(self) -> bool:
        return self.batch.started_at is not None

    @property
    def is_dry_run(self) -> bool:
        return not self.has_started

    @property
    def step(self) -> int:
        if self.batch.state == State.FINISHED:
            return 4
        return 3 if self.has_started and self.batch.is_open else 4 if self.has_started else 2

    @property
    def title(self) -> str:
        number = self.total if self.is_dry_run else self.changing
        if self.batch.state == State.PLANNING and not number:
            return f"{words.label_of(self.batch.kind)}: dry run"
        title = words.title_of(self.batch, number)
        return f"{title}: dry run" if self.is_dry_run and self.batch.state != State.CANCELLED else title

    @property
    def details(self) -> str:
        return words.details_of(self.batch)

    @property
    def button(self) -> str:
        return words.button_of(self.batch, self.changing)

    @property
    def state_value(self) -> str:
        """The look has a state of its own for a batch that finished with failures."""
        is_bad = self.batch.state == State.FINISHED and (self.failed or self.unknown)
        return "finished-with-failures" if is_bad else self.batch.state

    @property
    def state_words(self) -> str:
        if self.batch.state == State.PLANNED:
            return "Nothing has been sent"
        if self.batch.state == State.FINISHED:
            told = [f"{count(self.failed)} failed"] * bool(self.failed)
            told += [f"{count(self.unknown)} unknown"] * bool(self.unknown)
            return ", ".join(["Finished", *told])
        if self.batch.state == State.CANCELLED and self.is_dry_run:
            return "Discarded"
        return ""

    @property
    def done(self) -> int:
        return self.planned_number(ItemState.DONE)

    @property
    def failed(self) -> int:
        return self.planned_number(ItemState.FAILED)

    @property
    def unknown(self) -> int:
        return self.planned_number(ItemState.UNKNOWN)

    @property
    def skipped(self) -> int:
        """Left out after the dry run."""
        return self.planned_number(ItemState.SKIPPED)

    @property
    def left(self) -> int:
        """Not sent yet."""
        return self.planned_number(ItemState.PLANNED)

    @property
    def at_carrier(self) -> int:
        return sum(self.planned_number(state) for state in AT_CARRIER)

    @property
    def settled(self) -> int:
        return self.changing - self.left - self.at_carrier - self.unknown

    @property
    def pace(self) -> str:
        started, ended = self.batch.started_at, self.batch.finished_at
        if started is None:
            return ""
        left = self.changing - self.settled if self.batch.state == State.RUNNING else 0
        return words.pace_words(self.settled, left, (ended or timezone.now()) - started, is_over=ended is not None)

    @cached_property
    def segments(self) -> list[Segment]:
        """Each outcome about 0.4 % wide at least, so that one failure among 100,000 is seen."""
        numbers = {state: self.planned_number(state) for state, _ in SEGMENTS}
        whole = max(self.changing, 1)
        widths = {state: max(n * 100 / whole, LEAST_PERCENT) for state, n in numbers.items() if n}
        shrink = 100 / max(100.0, sum(widths.values()) + self.left * 100 / whole)
        start, found = 0.0, []
        for state, tone in SEGMENTS:
            if width := widths.get(state, 0.0) * shrink:
                found.append(Segment(tone, round(start, 3), round(width, 3)))
                start += width
        return found

    def _url(self, **wishes: str) -> str:
        return f"{self.url}?{urlencode(wishes)}" if wishes else self.url

    @cached_property
    def tiles(self) -> list[Tile]:
        return self._verdict_tiles() if self.is_dry_run else self._state_tiles()

    def _verdict_tiles(self) -> list[Tile]:
        found = [self._verdict_tile(Verdict.WILL_CHANGE, self.changing)]
        if self.stale:
            found.append(self._verdict_tile(Verdict.STALE, self.stale))
        rest = (v for v in Verdict if v not in (Verdict.WILL_CHANGE, Verdict.STALE))
        return [*found, *(self._verdict_tile(verdict, self.number(verdict=verdict)) for verdict in rest)]

    def _verdict_tile(self, verdict: BatchItem.Verdict, number: int) -> Tile:
        is_chosen = self.verdict == verdict
        url = self.url if is_chosen else self._url(verdict=verdict.value)
        note = self._verdict_note(verdict)
        return Tile("verdict", verdict.value, count(number), note, url, is_chosen, verdict.value)

    def _verdict_note(self, verdict: BatchItem.Verdict) -> str:
        if verdict == Verdict.WILL_CHANGE:
            return words.NEXT_CYCLE if self.batch.wanted.get("effective") == "next-cycle" else "once it is started"
        if verdict == Verdict.NO_CHANGE:
            return self.kind.again if self.kind and self.kind.again else "so already"
        if verdict == Verdict.STALE:
            return "being read again" if self.batch.state == State.PLANNING else "read again"
        return NOTES[verdict]

    def _state_tiles(self) -> list[Tile]:
        whole, finished = self.changing, self.done + self.failed
        is_cancelled = self.batch.state == State.CANCELLED
        rows = [
            (ItemState.DONE, f"{percent(self.done, whole) or 0} % of {count(whole)}"),
            (ItemState.FAILED, f"{self.failed * 100 / finished:.1f} % of the finished" if finished else "none yet"),
            (ItemState.SKIPPED, "cancelled, or changed since" if is_cancelled else "changed since the dry run"),
            (ItemState.UNKNOWN, "being read, not sent again" if self.unknown else "none"),
            (ItemState.ACCEPTED, "sent, being settled"),
            (ItemState.SCHEDULED, words.NEXT_CYCLE),
            (ItemState.PLANNED, "not sent"),
        ]
        always = {ItemState.DONE, ItemState.FAILED, ItemState.SKIPPED, ItemState.UNKNOWN}
        if self.batch.is_open:
            always.add(ItemState.PLANNED)
        return [self._state_tile(*row) for row in rows if row[0] in always or self._figure(row[0])]

    def _figure(self, state: BatchItem.State) -> int:
        return self.at_carrier if state == ItemState.ACCEPTED else self.planned_number(state)

    def _state_tile(self, state: BatchItem.State, note: str) -> Tile:
        is_chosen = self.state == state
        url = self.url if is_chosen else self._url(state=state.value)
        return Tile("item", state.value, count(self._figure(state)), note, url, is_chosen, state.value)

    @property
    def left_out(self) -> list[dict[str, Any]]:
        """What the dry run leaves out, and what to do."""
        return [
            {"verdict": verdict.value, "number": number, "advice": advice, "url": self._url(verdict=verdict.value)}
            for verdict, advice in ADVICE.items()
            if (number := self.number(verdict=verdict))
        ]

    @property
    def jobs(self) -> int:
        size = self.job_size
        return math.ceil(self.changing / size) if self.is_job else self.changing

    @property
    def is_job(self) -> bool:
        """Many SIMs go to the carrier at once; else each is a call of its own."""
        return bool(self.kind and self.kind.job)

    @property
    def job_size(self) -> int:
        return self.batch.job_size or settings.BATCH_JOB_SIZE

    @property
    def jobs_words(self) -> str:
        return words.steps_words(self.jobs, self.job_size, self.is_job)

    @cached_property
    def estimate(self) -> str:
        return estimate_words(self.batch.kind, self.changing)

    @property
    def read_again(self) -> int:
        return max(0, self.batch.to_read - self.stale)

    @property
    def bar_words(self) -> str:
        """What the bar shows, for who cannot see it."""
        told = [f"{tile.figure} {state_of('item', tile.value).label.lower()}" for tile in self._state_tiles()]
        return ", ".join(told)

    @property
    def effects(self) -> list[dict[str, str]]:
        return [{"icon": "info-circle", **effect} for effect in self.batch.effects]

    @property
    def is_live(self) -> bool:
        """Something may still change by itself."""
        return self.batch.next_step_at is not None or self.batch.state in (State.PLANNING, State.RUNNING)

    @property
    def is_final(self) -> bool:
        return bool(self.kind and self.kind.is_final)

    @property
    def why_not_start(self) -> str:
        """Why it cannot be started now; "" where it can."""
        if self.batch.state == State.PLANNING:
            return (
                f"{plural(self.stale, 'SIM is', 'SIMs are')} read again first."
                if self.stale
                else "It is being planned."
            )
        return "" if self.changing else "No SIM would change, so there is nothing to start."

    @property
    def took(self) -> timedelta | None:
        started, ended = self.batch.started_at, self.batch.finished_at
        return ended - started if started and ended else None

    def can_retry(self) -> bool:
        return self.batch.state in (State.FINISHED, State.CANCELLED) and self.failed > 0

    def can_undo(self) -> bool:
        has_inverse = bool(self.kind and self.kind.inverse)
        return has_inverse and self.batch.state in (State.FINISHED, State.CANCELLED) and self.done > 0

    @property
    def undo_words(self) -> str:
        return f"Undo the {count(self.done)} done…"

    @property
    def chosen_word(self) -> str:
        """What is listed under the tiles."""
        if self.verdict:
            return state_of("verdict", self.verdict).label
        return state_of("item", self.state).label if self.state else "All"
