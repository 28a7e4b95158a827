"""The items of a batch as CSV, some thousand at a time; no cell comes alive in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime

from batches.item_rows import ItemRow, rows_for
from batches.models import Batch, BatchItem, BatchItemQuerySet
from sims.export.chunks import FORMULA_SIGNS
from toolkit.database import let_go

ROWS = 2000
HEADINGS = (
    "Place", "Line", "Entry", "ICCID", "Verdict", "Why", "State", "Before", "After", "Code", "Message", "Chunk",
    "Sent", "Seen at the carrier", "Read", "Account",
)  # fmt: skip


def parts_of(batch: Batch, items: BatchItemQuerySet) -> Iterator[bytes]:
    """By place; no connection is held between two parts."""
    yield ("\ufeff" + _lines([HEADINGS])).encode()
    last = 0
    rows = items.select_related("sim__account", "chunk").order_by("place")
    while found := list(rows.filter(place__gt=last)[:ROWS]):
        last = found[-1].place
        part = _lines(_cells(row) for row in rows_for(batch, found)).encode()
        let_go()
        yield part


def _cells(row: ItemRow) -> tuple[str, ...]:
    item = row.item
    return (
        str(item.place), str(item.line or ""), item.entry or item.giccid, item.giccid,
        BatchItem.Verdict(item.verdict).label, item.why, BatchItem.State(item.state).label, row.before.label,
        row.after.label, item.code, item.message, str(item.chunk.number) if item.chunk else "", _time(item.sent_at),
        _time(item.seen_at), _time(item.read_at), row.account,
    )  # fmt: skip


def _time(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _lines(rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        [defused(cell) for cell in row] for row in rows
    )
    return text.getvalue()


def defused(cell: str) -> str:
    """No spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(tuple(FORMULA_SIGNS)) else cell
