"""Check a pasted list against the copy and keep what came of it as a working set."""

from __future__ import annotations

from django.db import transaction

from sims.models import WorkingSet, WorkingSetItem
from sims.paste.parse import Parsed
from sims.paste.verdicts import Judged, judge
from sims.scope import accounts_of
from toolkit.database import copy_rows, set_cursor
from users.models import User

COLUMNS = (
    "set_id", "place", "line", "entry", "verdict", "sim_id", "kind", "how", "damage", "mended", "hits",
    "candidates", "repeats_line",
)  # fmt: skip


def check(*, text: str, parsed: Parsed, user: User) -> WorkingSet:
    """Look every entry up and keep the list, its report and its SIMs under an address of their own.

    Only SIMs that this person may see are found. A handful of statements however long the list is. Writes a
    `WorkingSet` with its items.
    """
    judged, words = judge(parsed, accounts_of(user))
    with transaction.atomic():
        kept = WorkingSet.objects.create(user=user, text=text, lines=parsed.lines, words_ignored=parsed.words + words)
        with set_cursor() as cursor:
            rows = [_row(kept, place, item) for place, item in enumerate(judged, 1)]
            if rows:
                copy_rows(cursor, WorkingSetItem._meta.db_table, COLUMNS, rows)
    return kept


def _row(kept: WorkingSet, place: int, item: Judged) -> tuple[str | None, ...]:
    numbers = (item.sim_id, item.kind, item.repeats_line)
    sim_id, kind, repeats_line = (None if number is None else str(int(number)) for number in numbers)
    candidates = f"{{{','.join(map(str, item.candidates))}}}"
    return (
        str(kept.pk), str(place), str(item.entry.line), item.entry.text, str(item.verdict), sim_id, kind, item.how,
        item.damage, item.entry.mended, str(item.hits), candidates, repeats_line,
    )  # fmt: skip


def drop_outlived() -> int:
    """Forget the lists that were kept long enough; how many."""
    return WorkingSet.objects.outlived().delete()[1].get("sims.WorkingSet", 0)
