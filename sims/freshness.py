"""How fresh the whole fleet is: what every page tells in its top bar."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from sims.models import SyncRun


@dataclass(frozen=True, slots=True)
class Freshness:
    """The last complete reading of the fleet, the run under way, and the newest run that ended."""

    complete: SyncRun | None = None
    under_way: SyncRun | None = None
    ended: SyncRun | None = None

    @property
    def read_at(self) -> datetime | None:
        return self.complete.finished_at if self.complete else None

    @property
    def percent(self) -> int | None:
        """Of the run under way, by the SIMs the carrier has announced; None when none is under way."""
        run = self.under_way
        if run is None:
            return None
        return min(99, int(run.read * 100 // run.sims_expected)) if run.sims_expected else 0

    @property
    def failed(self) -> SyncRun | None:
        """The newest run, when it did not get to its end."""
        return self.ended if self.ended and self.ended.state == SyncRun.State.FAILED else None

    @property
    def is_first_reading(self) -> bool:
        return self.complete is None and self.under_way is not None

    @property
    def is_about_to_fill(self) -> bool:
        """Whether SIMs will appear by themselves within moments."""
        return self.complete is None and (self.under_way is not None or self.ended is None)

    def is_stale(self, now: datetime | None = None) -> bool:
        return self.read_at is not None and is_late(self.read_at, now or timezone.now())


def is_late(read_at: datetime, now: datetime) -> bool:
    """Older than twice the interval in which everything should have been read."""
    return now - read_at > timedelta(minutes=2 * settings.SYNC_INTERVAL_MINUTES)


def interval_words() -> str:
    """How often everything should be read: hour, 15 minutes, 2 hours (to stand behind "every")."""
    minutes = settings.SYNC_INTERVAL_MINUTES
    number, unit = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
    return unit if number == 1 else f"{number} {unit}s"


# Every page asks it; put together by hand, because Django takes longer to write it than PostgreSQL to answer.
NEWEST = """
(SELECT {columns} FROM sims_syncrun WHERE kind = 'full' AND state = 'finished' ORDER BY id DESC LIMIT 1) UNION ALL
(SELECT {columns} FROM sims_syncrun WHERE kind = 'full' AND state = 'failed' ORDER BY id DESC LIMIT 1) UNION ALL
(SELECT {columns} FROM sims_syncrun WHERE kind = 'full' AND state IN ('queued', 'running') ORDER BY id DESC LIMIT 1)
"""


def _newest() -> list[SyncRun]:
    fields = [field.attname for field in SyncRun._meta.concrete_fields]
    with connection.cursor() as cursor:
        cursor.execute(NEWEST.format(columns=", ".join(fields)))
        found = [dict(zip(fields, row, strict=True)) for row in cursor.fetchall()]
    for run in found:
        run["errors"] = json.loads(run["errors"])
    return [SyncRun.from_db(connection.alias, fields, list(run.values())) for run in found]


def freshness() -> Freshness:
    """Read now; one query."""
    states = SyncRun.State
    runs = _newest()
    by_state = {("open" if run.is_open else run.state): run for run in runs}
    ended = [run for run in runs if not run.is_open]
    return Freshness(
        complete=by_state.get(states.FINISHED),
        under_way=by_state.get("open"),
        ended=max(ended, key=lambda run: run.pk, default=None),
    )


def freshness_of(request: HttpRequest) -> Freshness:
    """The same, read once a request."""
    found: Freshness | None = getattr(request, "_fleet_freshness", None)
    if found is None:
        found = freshness()
        request._fleet_freshness = found  # type: ignore[attr-defined]
    return found
