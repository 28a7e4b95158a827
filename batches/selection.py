"""What a batch is made from, before anything is looked up: which of the five ways, what it holds, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import QueryDict

from batches.models import Batch
from sims.models import WorkingSet
from sims.paste.parse import Parsed, parse
from sims.selection import Selection
from toolkit.figures import count, plural
from users.models import User

MOST = 100_000
Chosen = Batch.Chosen


class CannotPlan(Exception):
    """Why no batch was made of it, in words for the person who asked."""


@dataclass(frozen=True, slots=True)
class SelectionSpec:
    """Exactly one of: a pasted text, a file taken apart, a query string of the list, a working set, ICCIDs."""

    identifiers: str | None = None
    file: Parsed | None = None
    filter: str | None = None
    set: UUID | None = None
    giccids: Sequence[str] | None = None
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A selection that may be planned. `size` is how many entries it has, `entries` what the rows are made of."""

    chosen: str
    size: int
    chosen_from: str = ""
    words: str = ""
    entries: tuple[list[Any], ...] = ()


def choice_of(spec: SelectionSpec, user: User) -> Choice:
    """Raises CannotPlan for a selection that is empty, too large, or cannot be read."""
    if spec.identifiers is not None:
        found = _of_text(spec.identifiers)
    elif spec.file is not None:
        words = f"{spec.file_name or 'a file'}, {plural(len(spec.file.entries), 'row', 'rows')}"
        found = _of_parsed(Chosen.FILE, spec.file, spec.file_name, words)
    elif spec.filter is not None:
        found = _of_filter(spec.filter, user)
    elif spec.set is not None:
        found = _of_set(spec.set, user)
    else:
        found = _of_giccids(list(spec.giccids or ()))
    if not found.size:
        raise CannotPlan("No SIM was chosen, so there is nothing to plan.")
    if found.size > MOST:
        raise CannotPlan(
            f"A batch takes at most {count(MOST)} SIMs, and these are more. Nothing was planned. Narrow the selection, "
            "or make several batches of it."
        )
    return found


def _of_text(text: str) -> Choice:
    if "\x00" in text:
        raise CannotPlan("This is not text but the inside of a file. Nothing was planned.")
    parsed = parse(text)
    if not parsed.entries and text.strip():
        raise CannotPlan(f"None of the {count(parsed.words)} words is an identifier. Nothing was planned.")
    return _of_parsed(Chosen.IDENTIFIERS, parsed, "", f"a pasted list of {count(len(parsed.entries))}")


def _of_parsed(chosen: str, parsed: Parsed, name: str, words: str) -> Choice:
    entries = tuple(
        [entry.line, entry.text, entry.value, entry.damage and str(entry.damage), entry.mended, entry.is_guess]
        for entry in parsed.entries[: MOST + 1]
    )
    return Choice(chosen, len(entries), name[:200], words, entries)


def _of_filter(query: str, user: User) -> Choice:
    selection = Selection.from_query(QueryDict(query), user)
    if selection.errors:
        raise CannotPlan(f"{selection.errors[0]} Nothing was planned.")
    return Choice(Chosen.FILTER, selection.count(cap=MOST + 1), query, selection.words())


def _of_set(key: UUID, user: User) -> Choice:
    try:
        kept = WorkingSet.objects.readable_by(user).filter(pk=key).defer("text").first()
    except (ValidationError, ValueError):
        kept = None
    if kept is None:
        raise CannotPlan("This pasted list is not there any more, or is somebody else’s. Nothing was planned.")
    size = kept.items.count()
    return Choice(Chosen.SET, size, str(kept.pk), f"a pasted list of {count(size)}")


def _of_giccids(giccids: list[str]) -> Choice:
    entries = tuple([giccid] for giccid in giccids[: MOST + 1])
    return Choice(Chosen.TICKED, len(entries), "", plural(len(entries), "ticked SIM", "ticked SIMs"), entries)
