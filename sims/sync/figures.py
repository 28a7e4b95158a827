"""What a run tells of its questions beside the lists: how many requests they took, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sims.models import SyncRun
from sims.sync.runs import add_error, count_requests
from smarthub import Answer
from smarthub.errors import CarrierError


def attempts_of(error: CarrierError) -> int:
    return error.reply.attempts if error.reply else 1


def note_answers(run: SyncRun, answers: Sequence[tuple[str, Answer[Any]]]) -> None:
    """Count the requests, and tell what of the answers could not be read, by name of what was asked."""
    count_requests(run.pk, [answer.reply.attempts for _, answer in answers])
    refused: dict[str, list[str]] = {}
    for what, answer in answers:
        refused.setdefault(what, []).extend(error.reason for error in answer.refused)
    for what, reasons in refused.items():
        if reasons:
            more = f" And {len(reasons) - 1} more like it." if len(reasons) > 1 else ""
            add_error(run.pk, f"{what}: {reasons[0]} That was left out.{more}")
