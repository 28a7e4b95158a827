"""Reading the SIMs of items at the carrier, and whether what it shows is what was wanted (contract 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction

from batches.judge import before_sql, fresh_since
from batches.kinds import Kind
from batches.models import Batch, BatchItem
from journal.models import Event
from journal.record import Cause
from sims.copy import Answer, keys_of, write_copy
from sims.models import ChangeLogRow, SimCustomFields
from sims.sync.named import pages_named
from smarthub import Client, RawPage
from smarthub.errors import NotFound
from smarthub.operations import MAX_GICCIDS_PER_QUERY
from sms.fates import Fate
from toolkit.database import let_go

# The carrier's clock and ours may differ by so much.
CLOCKS = timedelta(minutes=2)

SHOWN = """
SELECT i.id, {shown}, {before}
FROM batches_batchitem i JOIN sims_sim s ON s.id = i.sim_id
CROSS JOIN LATERAL (SELECT coalesce(i.wanted, %(wanted)s::jsonb) AS wanted) AS w
WHERE i.id = ANY(%(ids)s) AND s.giccid = ANY(%(giccids)s)
"""


@dataclass(slots=True)
class Seen:
    """What was seen: items (by id) that are as wanted, what their SIMs show now; by ICCID when each was asked for,
    which the carrier left out, and which records cannot be read; items that certainly were not carried out, with why.
    """

    shows: set[int] = field(default_factory=set)
    after: dict[int, dict[str, Any]] = field(default_factory=dict)
    at: dict[str, datetime] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    never: dict[int, str] = field(default_factory=dict)


@contextmanager
def read(client: Client, kind: Kind, items: list[BatchItem], batch: Batch) -> Iterator[Seen]:
    """Ask for the SIMs of these items, then give what was seen within the transaction that keeps it.

    No connection is held while the carrier is asked. Raises what the client raises.
    """
    if kind.fates is not None:
        with transaction.atomic():
            yield _told(kind.fates, items)
        return
    let_go()
    pages = [page for some in _hundreds(items) for page in pages_named(client, some)]
    proven = OTHERWISE[kind.value](client, items, batch) if kind.value in OTHERWISE else {}
    with transaction.atomic():
        seen = _written(pages, items)
        _compare(kind, items, batch, seen)
        for item_id, (is_shown, after) in proven.items():
            seen.after[item_id] = seen.after.get(item_id, {}) | after
            if is_shown:
                seen.shows.add(item_id)
        yield seen


def _hundreds(items: list[BatchItem]) -> Iterator[list[str]]:
    giccids = [item.giccid for item in items]
    for start in range(0, len(giccids), MAX_GICCIDS_PER_QUERY):
        yield giccids[start : start + MAX_GICCIDS_PER_QUERY]


def _told(fates: Callable[[Iterable[int]], dict[int, Fate]], items: list[BatchItem]) -> Seen:
    """What the app of the kind knows of its items; no SIM would show it."""
    seen, giccids = Seen(), {item.pk: item.giccid for item in items}
    for item_id, fate in fates(giccids).items():
        if fate.is_taken:
            seen.shows.add(item_id)
            if fate.at:
                seen.at[giccids[item_id]] = fate.at
        elif fate.is_taken is False:
            seen.never[item_id] = fate.words
    return seen


def _written(pages: list[RawPage], items: list[BatchItem]) -> Seen:
    answers = [Answer(page.records, page.reply.asked_at, is_targeted=True) for page in pages]
    result = write_copy(answers, cause=Cause(Event.Cause.READ)) if answers else None
    seen, asked = Seen(), {item.giccid for item in items}
    for page in pages:
        seen.at |= {key: page.reply.asked_at for key in keys_of(page.records) if key in asked}
    seen.unreadable = {aside.error.giccid or "" for aside in result.aside} if result else set()
    seen.absent = asked - seen.at.keys() - seen.unreadable
    return seen


def _compare(kind: Kind, items: list[BatchItem], batch: Batch, seen: Seen) -> None:
    """Hold the copy, which was just written, against what was wanted of each."""
    giccids = [giccid for giccid in seen.at if giccid not in seen.unreadable]
    sql = SHOWN.format(shown=kind.shown or "false", before=before_sql(kind))
    values: dict[str, Any] = {"wanted": msgspec.json.encode(batch.wanted).decode(), "ids": [item.pk for item in items]}
    with connection.cursor() as cursor:
        cursor.execute(sql, values | {"giccids": giccids, "fresh_since": fresh_since()})
        for item_id, is_shown, after in cursor.fetchall():
            seen.after[item_id] = msgspec.json.decode(after) if isinstance(after, str) else after
            if is_shown:
                seen.shows.add(item_id)


Proven = dict[int, tuple[bool, dict[str, Any]]]


def _texts(client: Client, items: list[BatchItem], batch: Batch) -> Proven:
    """The five texts (S4), SIM by SIM; they are kept as read."""
    found: Proven = {}
    rows = []
    for item in items:
        try:
            answer = client.custom_fields(item.giccid)
        except NotFound:
            continue
        texts = {name: getattr(answer.value, name) or "" for name in SimCustomFields.NAMES}
        rows.append(SimCustomFields(sim_id=item.sim_id or 0, read_at=answer.reply.asked_at, **texts))
        wanted = item.wanted or batch.wanted
        found[item.pk] = (all(texts[name] == (text or "") for name, text in wanted.items()), {"fields": texts})
    columns = [*SimCustomFields.NAMES, "read_at"]
    SimCustomFields.objects.bulk_create(rows, update_conflicts=True, unique_fields=["sim"], update_fields=columns)
    return found


def _packages(client: Client, items: list[BatchItem], batch: Batch) -> Proven:
    """A row of the carrier's history (S3) since the request: that package, and none before it."""
    since = min(item.sent_at for item in items if item.sent_at) - CLOCKS
    rows = client.sim_change_logs([item.giccid for item in items], ChangeLogRow.PACKAGE, start_at=since)
    ordered = {
        (row.giccid, row.new_value) for row in rows.value if row.old_value is None and row.kind == ChangeLogRow.PACKAGE
    }
    wanted = {item.pk: (item.wanted or batch.wanted).get("package") for item in items}
    return {item.pk: ((item.giccid, wanted[item.pk]) in ordered, {}) for item in items}


OTHERWISE: dict[str, Callable[[Client, list[BatchItem], Batch], Proven]] = {
    "custom-fields": _texts,
    "add-package": _packages,
}
"""What no record of a SIM shows."""
