"""How long a batch will take: by how long batches of its kind took lately, else at least what our own pace allows."""

from __future__ import annotations

import math
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Sum

from batches import pace
from batches.kinds import KINDS
from batches.models import BatchChunk
from toolkit.figures import took

LOOKED_AT = 20
NONE_HAS_RUN = "by the rate limit; none of this kind has run yet"
# The requests of a carrier job beside reading its SIMs: it is made, and asked about a few times.
OF_A_JOB = 5
READ_AT_ONCE = 100


def estimate_words(kind: str, sims: int) -> str:
    """About 6 min, as the last ones of this kind took; one query."""
    ended = BatchChunk.objects.filter(batch__kind=kind, state=BatchChunk.State.DONE, finished_at__isnull=False)
    latest = ended.filter(sent_at__isnull=False).order_by("-pk").values("pk")[:LOOKED_AT]
    found = BatchChunk.objects.filter(pk__in=latest).aggregate(
        lasted=Sum(F("finished_at") - F("sent_at")), sims=Sum("size")
    )
    if not sims:
        return "nothing to send"
    if not found["sims"]:
        return f"at least {took(_least(kind, sims))}, {NONE_HAS_RUN}"
    lasted: timedelta = found["lasted"]
    return f"about {took(lasted / found['sims'] * sims)}, by the last of this kind"


def _least(kind: str, sims: int) -> timedelta:
    """By the number of requests and the waits between them, with a carrier that is done at once."""
    row, minute = KINDS[kind], timedelta(minutes=1)
    reads = 0 if row.fates else math.ceil(sims / READ_AT_ONCE)
    if not row.job:
        calls = sims * (3 if row.remember else 1)
        return minute * ((calls + reads) / settings.SMARTHUB_RATE_PER_MINUTE)
    jobs = math.ceil(sims / settings.BATCH_JOB_SIZE)
    waits = timedelta(seconds=pace.FIRST_S) * jobs
    return minute * ((jobs * OF_A_JOB + reads) / settings.SMARTHUB_RATE_PER_MINUTE) + waits
