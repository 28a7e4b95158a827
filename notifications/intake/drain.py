"""From the spool into the database, once it is back. Safe in several processes at once, and after any kill."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

import psycopg
import structlog
from django.conf import settings

from notifications.ids import Ids, received_at
from notifications.intake.database import parameters
from notifications.intake.receipt import INSERT, Receipt, columns
from notifications.intake.spool import records, segments

log = structlog.get_logger(__name__)

GROUP = 500
SAME = """
SELECT d.id FROM notifications_delivery d
JOIN unnest(%b::timestamptz[], %b::bigint[], %b::bytea[]) AS r (received_at, id, body) USING (received_at, id)
WHERE d.body = r.body
"""
_ids = Ids()


def spool_folder() -> Path:
    return Path(settings.PORTAL_DATA_DIR) / "spool"


def drain(folder: Path | None = None) -> int:
    """Bring every segment that nobody holds into the inbox; how many deliveries were new there.

    A segment goes away after its commit; its deliveries keep their ids, so that one which had been committed after
    all is not doubled. Raises psycopg.Error where the database is still away.
    """
    waiting = segments(folder or spool_folder())
    if not waiting:
        return 0
    with psycopg.connect(**parameters()) as connection:
        return sum(_drain_segment(connection, path) for path in waiting)


def _drain_segment(connection: psycopg.Connection[Any], path: Path) -> int:
    try:
        with path.open("r+b") as segment:
            fcntl.flock(segment, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return _drain_held(connection, path, segment) if path.exists() else 0
    except (FileNotFoundError, BlockingIOError):
        return 0


def _drain_held(connection: psycopg.Connection[Any], path: Path, segment: IO[bytes]) -> int:
    content = segment.read()
    found = list(records(content))
    new = sum(_insert(connection, group) for group in _groups(receipt for receipt, _ in found))
    end = found[-1][1] if found else 0
    if end < len(content):
        # A write that a kill broke off: nobody was answered 200 for it, but it is kept for a look.
        path.with_suffix(".torn").write_bytes(content[end:])
        log.warning("spool_torn", segment=path.name, bytes=len(content) - end)
    path.unlink()
    log.info("spool_drained", segment=path.name, deliveries=len(found), new=new)
    return new


def _groups(receipts: Iterable[Receipt]) -> Iterator[list[Receipt]]:
    left = iter(receipts)
    while group := list(islice(left, GROUP)):
        yield group


def _insert(connection: psycopg.Connection[Any], group: list[Receipt]) -> int:
    new = {row[0] for row in connection.execute(INSERT, columns(group))}
    others = [receipt for receipt in group if receipt.id not in new]
    return len(new) + (_insert_strangers(connection, others) if others else 0)


def _insert_strangers(connection: psycopg.Connection[Any], receipts: list[Receipt]) -> int:
    """Those whose id is there already: the same delivery, or another process's of the same microsecond."""
    keys = [
        [received_at(receipt.id) for receipt in receipts],
        [receipt.id for receipt in receipts],
        [receipt.body for receipt in receipts],
    ]
    same = {row[0] for row in connection.execute(SAME, keys)}
    strangers = [
        Receipt(_ids.next(), receipt.slug, receipt.source, receipt.headers, receipt.body)
        for receipt in receipts
        if receipt.id not in same
    ]
    return _insert(connection, strangers) if strangers else 0
