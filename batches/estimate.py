"""How long a batch will take, by how long batches of its kind took lately; no figure where none has run."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Sum

from batches.models import BatchChunk
from toolkit.figures import took

LOOKED_AT = 20
NOT_KNOWN = "not known yet: none of this kind has run"


def estimate_words(kind: str, sims: int) -> str:
    """About 6 min, as the last ones of this kind took; one query."""
    ended = BatchChunk.objects.filter(batch__kind=kind, state=BatchChunk.State.DONE, finished_at__isnull=False)
    latest = ended.filter(sent_at__isnull=False).order_by("-pk").values("pk")[:LOOKED_AT]
    found = BatchChunk.objects.filter(pk__in=latest).aggregate(
        lasted=Sum(F("finished_at") - F("sent_at")), sims=Sum("size")
    )
    if not found["sims"] or not sims:
        return NOT_KNOWN if sims else "nothing to send"
    lasted: timedelta = found["lasted"]
    return f"about {took(lasted / found['sims'] * sims)}, by the last of this kind"
