"""Writing a file too big to wait for: a slice of it, under its lease."""

from __future__ import annotations

import errno
import time
from uuid import UUID

import structlog

from sims.export import jobs, store
from sims.export.chunks import Chunks
from sims.export.files import Workbook, csv_head
from sims.export.wanted import Wanted
from sims.models import Export
from toolkit import lease
from toolkit.stopping import is_stopping

log = structlog.get_logger(__name__)

SLICE_S = 20
MAX_ATTEMPTS = 3
NO_ROOM = "The portal’s disk is full. Nothing is offered half: make room, or narrow the list, and export again."
NOT_WRITTEN = "The file could not be written to the portal’s data folder; its log says why. Nothing is offered half."


class LeaseLost(Exception):
    """Another worker has the export; this one must stop."""


class CannotGoOn(Exception):
    """Why, for the person who asked."""


def work_slice(export_id: int, *, slice_s: float = SLICE_S) -> bool:
    """Write at the file for about `slice_s` seconds; True when more is to do and nobody else does it.

    A CSV goes on where its row says it stands. A workbook is written in one go: its writer's state is in memory.
    Several calls for one export are harmless: the lease lets one of them work.
    """
    row = Export.objects.filter(pk=export_id)
    owner = lease.claim(row.filter(state__in=Export.OPEN))
    if owner is None:
        return False
    try:
        with lease.kept(row, owner):
            return _attempt(jobs.begin(export_id), owner, time.monotonic() + slice_s)
    except store.InUse:
        return False
    except LeaseLost:
        log.warning("export_lease_lost", export=export_id)
        return False
    finally:
        lease.release(row, owner)


def _attempt(export: Export, owner: UUID, ends_at: float) -> bool:
    try:
        return not _work(export, owner, ends_at)
    except CannotGoOn as reason:
        jobs.fail(export, owner, str(reason))
    except OSError as error:
        log.warning("export_failed", export=export.pk, error=type(error).__name__, number=error.errno)
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        jobs.fail(export, owner, NO_ROOM if is_full else NOT_WRITTEN)
    return False


def _work(export: Export, owner: UUID, ends_at: float) -> bool:
    wanted = _wanted(export)
    with store.locked(export.file_name) as part:
        if not export.rows and wanted.is_more:
            _note(export, owner, total=wanted.selection.count())
        if export.format == Export.Format.XLSX:
            _write_xlsx(part, export, wanted, owner)
        elif not _write_csv(part, export, wanted, owner, ends_at):
            return False
        if not jobs.finish(export, owner, part.keep()):
            raise LeaseLost
    return True


def _wanted(export: Export) -> Wanted:
    if export.attempts > MAX_ATTEMPTS:
        raise CannotGoOn(f"Writing it was broken off {MAX_ATTEMPTS} times, so it was given up. Export again.")
    if export.user is None:
        raise CannotGoOn("Who asked for it has no account any more.")
    wanted = Wanted(export.user, export.query, export.columns)
    if wanted.errors:
        raise CannotGoOn(f"Its filter cannot be read any more. {wanted.errors[0]}")
    return wanted


def _write_csv(part: store.Part, export: Export, wanted: Wanted, owner: UUID, ends_at: float) -> bool:
    if not part.cut(export.size):
        part.cut(0)
        part.file.write(csv_head(wanted.cells))
        _note(export, owner, rows=0, up_to="", size=0)
    for chunk in Chunks(wanted.sims(), wanted.cells, after=export.up_to):
        part.file.write(chunk.text)
        part.file.flush()
        _note(export, owner, rows=export.rows + chunk.rows, up_to=chunk.last, size=part.file.tell(), attempts=0)
        if is_stopping() or time.monotonic() >= ends_at:
            return False
    return True


def _write_xlsx(part: store.Part, export: Export, wanted: Wanted, owner: UUID) -> None:
    part.cut(0)
    _note(export, owner, rows=0)
    with store.scratch(export.file_name) as folder:
        book = Workbook(part.file, wanted.cells, folder=folder)
        for chunk in Chunks(wanted.sims(), wanted.cells):
            book.write(chunk)
            _note(export, owner, rows=export.rows + chunk.rows)
        book.close()


def _note(export: Export, owner: UUID, **values: object) -> None:
    if not jobs.note(export, owner, **values):
        raise LeaseLost
