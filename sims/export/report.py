"""An export as its page prints it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from sims.export.columns import cells_of
from sims.models import Export
from toolkit.figures import count, took

KB = 1024
State = Export.State


@dataclass(frozen=True, slots=True)
class Report:
    """`progress` are rows of `export.total`; `pace` is how long it takes still."""

    export: Export
    who: str
    words: str
    headings: str
    size: str
    pace: str
    took: str


def report_on(export: Export, now: datetime | None = None) -> Report:
    at = now or timezone.now()
    return Report(
        export=export,
        who=export.user.display_name if export.user else "someone who has left",
        words=f"{export.words[:1].upper()}{export.words[1:]}",
        headings=", ".join(cell.heading for cell in cells_of(export.columns)),
        size=file_size(export.size) if export.state == State.FINISHED else "",
        pace=_pace(export, at),
        took=_took(export),
    )


def _pace(export: Export, now: datetime) -> str:
    if export.state == State.QUEUED:
        return "waiting for a worker"
    if export.state != State.RUNNING or not export.started_at or not export.rows:
        return ""
    rate = export.rows / max((now - export.started_at).total_seconds(), 0.001)
    left = max(0, (export.total or 0) - export.rows)
    if not left:
        return "packing the file" if export.format == Export.Format.XLSX else "closing the file"
    return f"about {took(timedelta(seconds=left / rate))} left · {count(round(rate))} SIMs a second"


def _took(export: Export) -> str:
    """Nothing where it was quicker than anybody can look."""
    if not export.finished_at or not export.started_at:
        return ""
    length = export.finished_at - export.started_at
    return took(length) if length >= timedelta(seconds=1) else ""


def file_size(size: int) -> str:
    """812 KB, 64.2 MB, 1.3 GB."""
    if size < KB * KB:
        return f"{count(max(1, round(size / KB)))} KB"
    if size < KB**3:
        return f"{size / KB**2:,.1f} MB"
    return f"{size / KB**3:,.1f} GB"
