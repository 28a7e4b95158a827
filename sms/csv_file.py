"""Messages as CSV, drawn row by row, with nothing in it that a spreadsheet would calculate."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet

from sims.export.chunks import FORMULA_SIGNS
from sms.models import Message
from sms.thread import who
from sms.words import reason_words
from toolkit.database import let_go

CHUNK = 2000
BOM = b"\xef\xbb\xbf"
HEAD = (
    "id", "time", "direction", "iccid", "account", "state", "reason", "sender", "template", "encoding", "parts",
    "text", "sent", "finished", "answer",
)  # fmt: skip


def parts(rows: QuerySet[Message]) -> Iterator[bytes]:
    """The file in parts, newest first; no connection is held between two of them."""
    yield BOM + _lines([HEAD])
    below: int | None = None
    shown = rows.select_related("account", "template", "user").order_by("-id")
    while True:
        found = list((shown if below is None else shown.filter(pk__lt=below))[:CHUNK])
        let_go()
        if not found:
            return
        yield _lines([_cells(message) for message in found])
        below = found[-1].pk


def _cells(message: Message) -> tuple[str, ...]:
    return (
        str(message.pk),
        _time(message.at),
        message.get_direction_display(),
        message.giccid,
        message.account.name if message.account else "",
        message.get_state_display(),
        reason_words(message.reason),
        who(message),
        message.template.name if message.template else "",
        message.encoding,
        str(message.parts),
        message.content,
        _time(message.sent_at),
        _time(message.finished_at),
        message.answer,
    )


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else ""


def harmless(text: str) -> str:
    """A text that a spreadsheet would calculate gets an apostrophe in front."""
    return f"'{text}" if text[:1] in FORMULA_SIGNS and text else text


def _lines(rows: list[tuple[str, ...]]) -> bytes:
    made = io.StringIO()
    csv.writer(made, quoting=csv.QUOTE_ALL).writerows([harmless(cell) for cell in row] for row in rows)
    return made.getvalue().encode()
