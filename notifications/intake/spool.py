"""Where deliveries wait while the database is away: files of checksummed records, synced before anybody is answered.

Each process appends to a segment of its own and holds its lock; a segment nobody holds is one to drain, whoever wrote
it and however that process ended.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import threading
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import IO

import msgspec
import structlog

from notifications.intake.receipt import CannotKeep, Receipt

log = structlog.get_logger(__name__)

SEGMENT_BYTES = 16 << 20
MOST_BYTES = 4 << 30
FREE_BYTES = 64 << 20
_DIGEST = 16
_HEAD = struct.Struct(f">I{_DIGEST}s")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Receipt).decode


class Spool:
    """The segment of one process; every method may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._segment: IO[bytes] | None = None
        self._size = 0

    @property
    def is_open(self) -> bool:
        """Whether this process holds a segment, which nobody else can drain."""
        return self._segment is not None

    def keep(self, receipts: list[Receipt]) -> None:
        """On disk when it returns. Raises CannotKeep, and then nothing of the group is kept."""
        block = b"".join(map(_record, receipts))
        with self._lock:
            try:
                self._append(block)
            except OSError as error:
                log.error("spool_failed", error=error.strerror)
                self._take_back()
                raise CannotKeep from error

    def close(self) -> None:
        """Let go of the segment, so that it can be drained."""
        with self._lock:
            self._close()

    def _append(self, block: bytes) -> None:
        if self._segment is None or self._size + len(block) > SEGMENT_BYTES:
            self._close()
            self._open()
        assert self._segment is not None
        _write_all(self._segment, block)
        os.fsync(self._segment.fileno())
        self._size += len(block)

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._need_room()
        path = self.folder / f"{time.time_ns()}-{os.getpid()}.spool"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        self._segment, self._size = os.fdopen(descriptor, "wb", buffering=0), 0
        _sync_folder(self.folder)

    def _need_room(self) -> None:
        """A disk that is full stops PostgreSQL too, so some of it is left alone."""
        taken = sum(path.stat().st_size for path in segments(self.folder))
        if taken > MOST_BYTES or shutil.disk_usage(self.folder).free < FREE_BYTES:
            raise OSError(28, "no room left for the spool")

    def _take_back(self) -> None:
        """What was half written was answered to nobody; the segment ends with its last whole group."""
        if self._segment is not None:
            try:
                self._segment.truncate(self._size)
            except OSError as error:
                log.error("spool_not_taken_back", error=error.strerror)
            self._close()

    def _close(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            try:
                segment.close()
            except OSError as error:
                log.error("spool_not_closed", error=error.strerror)


def _write_all(segment: IO[bytes], block: bytes) -> None:
    left = memoryview(block)
    while left:
        left = left[segment.write(left) :]


def _record(receipt: Receipt) -> bytes:
    payload = _encode(receipt)
    return _HEAD.pack(len(payload), blake2b(payload, digest_size=_DIGEST).digest()) + payload


def records(content: bytes) -> Iterator[tuple[Receipt, int]]:
    """The receipts of a segment, each with the place where it ends; stops where a checksum does not hold."""
    place = 0
    while place + _HEAD.size <= len(content):
        length, digest = _HEAD.unpack_from(content, place)
        payload = content[place + _HEAD.size : place + _HEAD.size + length]
        if len(payload) < length or blake2b(payload, digest_size=_DIGEST).digest() != digest:
            return
        place += _HEAD.size + length
        yield _decode(payload), place


def segments(folder: Path) -> list[Path]:
    """Oldest first."""
    return sorted(folder.glob("*.spool"))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
