"""How long the runner waits, for what."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

FIRST_S, GROWTH, LONGEST_S = 2.0, 1.5, 30.0
# A job that has not ended by then is not asked about any more; its SIMs are read instead.
JOB_PATIENCE = timedelta(minutes=30)
# A carrier may show a change a little later than it says that it is made.
SEEN_WITHIN = timedelta(minutes=10)
UNNAMED_WITHIN = timedelta(seconds=30)
# So long the next SIMs wait for those whose outcome is not known.
DOUBT_PATIENCE = timedelta(minutes=2)
# What stays in doubt longer than that is looked at ever more rarely.
OFTEN = timedelta(minutes=10)
RARELY_S = 600.0
CYCLE_READS_S = 3600.0


def growing_s(times: int, *, longest_s: float = LONGEST_S) -> float:
    """2 s, 3 s, 4.5 s … up to `longest_s`."""
    return min(FIRST_S * GROWTH ** min(times, 40), longest_s)


def doubt_s(sent_at: datetime, reads: int, now: datetime) -> float:
    """Until what is in doubt is read again: a tenth of its age once it is old."""
    age = now - sent_at
    if age > horizon():
        return CYCLE_READS_S
    return growing_s(reads) if age < OFTEN else min(max(age.total_seconds() / 10, LONGEST_S), RARELY_S)


def horizon() -> timedelta:
    """After that no job can be merely late any more."""
    return timedelta(hours=settings.JOB_HORIZON_HOURS)
