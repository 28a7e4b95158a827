"""Operations and batches that are open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, Sum
from django.urls import reverse

from batches.kinds import KINDS
from batches.models import Batch, BatchCount
from sims.models import Operation
from toolkit.figures import count, plural

SHOWN = 4
STATES = (Batch.State.RUNNING, Batch.State.PAUSED, Batch.State.SCHEDULED)
SETTLED = ("done", "failed", "scheduled")
# More than these are not counted to the last one.
MOST_OPEN = 10_000


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
        many = "10,000 or more" if self.operations >= MOST_OPEN else count(self.operations)
        return f"{many} open operation{'' if self.operations == 1 else 's'}"


def under_way() -> UnderWay:
    """Three queries."""
    batches = list(Batch.objects.filter(state__in=STATES).order_by("-id")[:SHOWN])
    sums: dict[int, dict[str, Any]] = {
        row["batch"]: dict(row)
        for row in BatchCount.objects.filter(batch__in=batches)
        .order_by()
        .values("batch")
        .annotate(
            whole=Sum("n", filter=~Q(state="skipped"), default=0),
            settled=Sum("n", filter=Q(state__in=SETTLED), default=0),
            done=Sum("n", filter=Q(state="done"), default=0),
            failed=Sum("n", filter=Q(state="failed"), default=0),
            unknown=Sum("n", filter=Q(state="unknown"), default=0),
        )
    }
    waiting = Operation.objects.filter(state__in=("queued", "sending", "accepted", "unknown"))
    return UnderWay(
        batches=[_batch(batch, sums.get(batch.pk, {})) for batch in batches],
        operations=waiting[:MOST_OPEN].count(),
        operations_url=reverse("sims:operations"),
    )


def _batch(batch: Batch, sums: dict[str, Any]) -> OpenBatch:
    whole, kind = sums.get("whole", 0), KINDS.get(batch.kind)
    unknown = f", {count(sums['unknown'])} unknown" if sums.get("unknown") else ""
    return OpenBatch(
        number=batch.pk,
        state=batch.state,
        title=f"{kind.label if kind else batch.kind}, {plural(whole, 'SIM', 'SIMs')}",
        due_at=batch.due_at if batch.state == Batch.State.SCHEDULED else None,
        whole=whole,
        settled=sums.get("settled", 0),
        words=f"{count(sums.get('done', 0))} done, {count(sums.get('failed', 0))} failed{unknown}",
        url=reverse("batches:detail", args=[batch.uuid]),
    )
