"""The parts of a batch that went to the carrier together, each with what became of its SIMs."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count

from batches.models import Batch, BatchChunk, BatchItem
from batches.report import Segment
from toolkit.figures import count, took
from toolkit.keyset import Page, page_of

SHOWN = 8
State, ItemState = BatchChunk.State, BatchItem.State
# A chunk wears the states of an item: what is told of it is told of its SIMs.
STATES = {
    State.SENDING: ("sending", "Sending"),
    State.ACCEPTED: ("accepted", "At the carrier"),
    State.SETTLING: ("accepted", "Reading its SIMs"),
    State.UNKNOWN: ("unknown", "Unknown"),
    State.SCHEDULED: ("scheduled", "Scheduled"),
    State.DONE: ("done", "Settled"),
}
TONES = (
    (ItemState.DONE, "ok"),
    (ItemState.SCHEDULED, "idle"),
    (ItemState.FAILED, "bad"),
    (ItemState.UNKNOWN, "unknown"),
)
WORDS = {
    ItemState.DONE: "done",
    ItemState.SCHEDULED: "scheduled",
    ItemState.FAILED: "failed",
    ItemState.SKIPPED: "skipped",
    ItemState.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class ChunkRow:
    chunk: BatchChunk
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def state(self) -> str:
        return STATES[State(self.chunk.state)][0]

    @property
    def label(self) -> str:
        return STATES[State(self.chunk.state)][1]

    @property
    def settled(self) -> int:
        return sum(self.numbers.get(state, 0) for state in WORDS if state != ItemState.UNKNOWN)

    @property
    def outcome(self) -> str:
        """991 done, 6 failed, 3 unknown. Took 3 min 12 s."""
        told = [f"{count(self.numbers[state])} {word}" for state, word in WORDS.items() if self.numbers.get(state)]
        sentence = f"{', '.join(told)}." if told else ""
        if self.chunk.finished_at and self.chunk.sent_at:
            return f"{sentence} Took {took(self.chunk.finished_at - self.chunk.sent_at)}.".strip()
        return sentence

    @property
    def bar_words(self) -> str:
        return f"{count(self.settled)} of {count(self.chunk.size)} settled"

    @property
    def evidence(self) -> str:
        """What the carrier says of its job, where its counts are others than ours."""
        reported, failed = self.chunk.job_done, self.chunk.job_failed
        if reported is None or self.chunk.state != State.DONE:
            return ""
        done = self.numbers.get(ItemState.DONE, 0) + self.numbers.get(ItemState.SCHEDULED, 0)
        if (reported, failed or 0) == (done, self.numbers.get(ItemState.FAILED, 0)):
            return ""
        return f"The carrier’s own counts: {count(reported)} done, {count(failed or 0)} failed."

    @property
    def job_words(self) -> str:
        if self.chunk.job_id:
            return ""
        return "not sent yet" if self.chunk.sent_at is None else "no job number came back"

    @property
    def segments(self) -> list[Segment]:
        start, found = 0.0, []
        for state, tone in TONES:
            if number := self.numbers.get(state, 0):
                width = number * 100 / max(self.chunk.size, 1)
                found.append(Segment(tone, round(start, 3), round(width, 3)))
                start += width
        return found

    @property
    def can_be_closed(self) -> bool:
        """Some of its SIMs are in doubt, and a person may know more than a read shows."""
        return bool(self.numbers.get(ItemState.UNKNOWN))


def page_of_chunks(
    batch: Batch, after: int | str = "", before: int | str = ""
) -> tuple[list[ChunkRow], Page[BatchChunk]]:
    """Newest first, so that what is under way stands on top; two queries."""
    chunks = batch.chunks.select_related("closed_by")
    page = page_of(chunks, key="number", size=SHOWN, after=after, before=before, newest_first=True)
    numbers: dict[int, dict[str, int]] = {}
    items = BatchItem.objects.filter(chunk__in=[chunk.pk for chunk in page.rows])
    for chunk_id, state, n in items.values_list("chunk", "state").annotate(n=Count("pk")).order_by():
        numbers.setdefault(chunk_id, {})[state] = n
    return [ChunkRow(chunk, numbers.get(chunk.pk, {})) for chunk in page.rows], page
