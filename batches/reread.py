"""Asking for SIMs by name and keeping what was answered, for a verdict on how they are now."""

from __future__ import annotations

from dataclasses import dataclass

from journal.models import Event
from journal.record import Cause
from sims.copy import Answer, keys_of, write_copy
from smarthub import RawPage

ABSENT = "The carrier does not show it; it was read by its ICCID a moment ago."
UNREADABLE = "The carrier’s record of it cannot be read, so its old state is all that is known."


@dataclass(frozen=True, slots=True)
class Left:
    """What the answers leave open: SIMs that the carrier did not show, and records that cannot be read; by ICCID."""

    absent: list[str]
    unreadable: list[str]


def keep(pages: list[RawPage], giccids: list[str]) -> Left:
    """Bring the copy up to the answers to a question for `giccids`, in the caller's transaction."""
    answers = [Answer(page.records, page.reply.asked_at, is_targeted=True) for page in pages]
    result = write_copy(answers, cause=Cause(Event.Cause.READ)) if answers else None
    shown = {key for page in pages for key in keys_of(page.records)}
    unreadable = [aside.error.giccid or "" for aside in result.aside] if result else []
    return Left([giccid for giccid in giccids if giccid not in shown], unreadable)
