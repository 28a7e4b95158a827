"""Operations and batches that are open, and batches that ended lately; those that a person may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Min, Q, Sum
from django.urls import reverse
from django.utils import timezone

from batches.kinds import KINDS
from batches.models import Batch
from batches.scope import visible_to
from sims.models import Operation
from sims.scope import operations_of
from toolkit.figures import count, plural
from users.models import User

SHOWN = 4
STATES = (Batch.State.RUNNING, Batch.State.PAUSED, Batch.State.SCHEDULED)
# A batch that ended with failures stands on home for so long.
RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BatchSum:
    """A batch and how many of its items stand where; `skipped` are among `whole`."""

    number: int
    uuid: UUID
    kind: str
    state: str
    due_at: datetime | None
    whole: int
    skipped: int
    settled: int
    done: int
    failed: int
    unknown: int

    @property
    def url(self) -> str:
        return reverse("batches:detail", args=[self.uuid])


def batches_seen(user: User) -> list[BatchSum]:
    """Open ones and those that ended within a day, the newest first; one query."""

    def n(**states: object) -> Sum:
        return Sum("counts__n", filter=Q(**{f"counts__{name}": value for name, value in states.items()}), default=0)

    ended = Q(state=Batch.State.FINISHED, finished_at__gte=timezone.now() - RECENT)
    found = visible_to(user).filter(Q(state__in=STATES) | ended).order_by("-id")
    rows = found.values("uuid", "kind", "state", "due_at", number=F("id")).annotate(
        whole=Sum("counts__n", default=0),
        skipped=n(state="skipped"),
        settled=n(state__in=("done", "failed", "scheduled")),
        done=n(state="done"),
        failed=n(state="failed"),
        unknown=n(state="unknown"),
    )
    return [BatchSum(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class OpenOperations:
    """`stuck` of the `unknown` ones cannot be settled by reading; `oldest` is when the first of these was asked for."""

    open: int
    unknown: int
    stuck: int
    oldest: datetime | None


def open_operations(user: User) -> OpenOperations:
    """One query."""
    is_unknown = Q(state=Operation.State.UNKNOWN)
    found = operations_of(Operation.objects.filter(state__in=Operation.HOLDING), user)
    return OpenOperations(
        **found.aggregate(
            open=Count("pk"),
            unknown=Count("pk", filter=is_unknown),
            stuck=Count("pk", filter=is_unknown & Q(needs_person=True)),
            oldest=Min("created_at", filter=is_unknown),
        )
    )


@dataclass(frozen=True, slots=True)
class OpenBatch:
    number: int
    state: str
    title: str
    due_at: datetime | None
    whole: int
    settled: int
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class UnderWay:
    batches: list[OpenBatch]
    operations: int
    operations_url: str

    @property
    def operation_words(self) -> str:
        return plural(self.operations, "open operation", "open operations")


def under_way(seen: Sequence[BatchSum], operations: OpenOperations) -> UnderWay:
    return UnderWay(
        batches=[_batch(batch) for batch in seen if batch.state in STATES][:SHOWN],
        operations=operations.open,
        operations_url=reverse("sims:operations"),
    )


def _batch(batch: BatchSum) -> OpenBatch:
    whole, kind = batch.whole - batch.skipped, KINDS.get(batch.kind)
    unknown = f", {count(batch.unknown)} unknown" if batch.unknown else ""
    return OpenBatch(
        number=batch.number,
        state=batch.state,
        title=f"{kind.label if kind else batch.kind}, {plural(whole, 'SIM', 'SIMs')}",
        due_at=batch.due_at if batch.state == Batch.State.SCHEDULED else None,
        whole=whole,
        settled=batch.settled,
        words=f"{count(batch.done)} done, {count(batch.failed)} failed{unknown}",
        url=batch.url,
    )
