"""When a batch stops by itself: its first SIMs, or all that was sent, failed more often than a person allowed."""

from __future__ import annotations

from django.db.models import Sum

from batches.models import Batch, BatchItem
from toolkit.figures import count
from toolkit.live import ring

State, ItemState = Batch.State, BatchItem.State
ENDED = (ItemState.DONE, ItemState.FAILED, ItemState.SCHEDULED, ItemState.UNKNOWN)


def stops(batch: Batch) -> bool:
    """Pause the batch where a limit is passed, before anything more is sent; True where it was."""
    ended, failed = _ended(batch)
    if _is_canary_through(batch, ended):
        if _exceeds(batch.canary_percent, ended, failed):
            return _pause(batch, _words(f"the first {count(ended)}", failed, batch.canary_percent))
        Batch.objects.filter(pk=batch.pk).update(is_canary_passed=True)
        batch.is_canary_passed = True
    if _exceeds(batch.abort_percent, ended, failed):
        return _pause(batch, _words(count(ended), failed, batch.abort_percent))
    return False


def lifted(batch: Batch) -> dict[str, object]:
    """What a person's word to go on changes: a limit that is passed already does not count any more."""
    ended, failed = _ended(batch)
    values: dict[str, object] = {"is_canary_passed": True} if _is_canary_through(batch, ended) else {}
    return values | ({"abort_percent": None} if _exceeds(batch.abort_percent, ended, failed) else {})


def _is_canary_through(batch: Batch, ended: int) -> bool:
    """SIMs that were skipped are replaced by the next ones."""
    return bool(batch.canary_size) and not batch.is_canary_passed and ended >= (batch.canary_size or 0)


def _exceeds(percent: float | None, ended: int, failed: int) -> bool:
    return percent is not None and ended > 0 and failed * 100 > percent * ended


def _words(sims: str, failed: int, percent: float | None) -> str:
    what = f"Of {sims} SIMs {count(failed)} did not succeed, more than {percent or 0:g} %."
    return f"{what} Nothing more is sent until somebody resumes it."


def _ended(batch: Batch) -> tuple[int, int]:
    """How many were sent and have ended, and how many of these did not succeed; doubt is no success."""
    rows = batch.counts.filter(state__in=ENDED).values_list("state").annotate(Sum("n"))
    by_state: dict[str, int] = dict(rows.values_list("state", "n__sum"))
    failed = by_state.get(ItemState.FAILED, 0) + by_state.get(ItemState.UNKNOWN, 0)
    return sum(by_state.values()), failed


def _pause(batch: Batch, words: str) -> bool:
    if not Batch.objects.filter(pk=batch.pk, state=State.RUNNING).update(state=State.PAUSED, note=words):
        return False
    batch.state = State.PAUSED
    ring(*batch.topics)
    return True
