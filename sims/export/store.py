"""Where the files lie: a private folder, names nobody can guess, a file at its name only when it is whole."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from django.conf import settings

PART, SCRATCH = ".part", ".scratch-"
STRANGER_S = 3600


class InUse(Exception):
    """A worker that lost its lease still writes here; its lock ends with it."""


def folder() -> Path:
    path = Path(settings.PORTAL_DATA_DIR) / "exports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(name: str) -> Path:
    return folder() / name


@dataclass(slots=True)
class Part:
    """A file in the making, open and locked."""

    path: Path
    file: IO[bytes]

    def cut(self, size: int) -> bool:
        """Go to `size` and drop what is behind it; False when the file is not that long any more."""
        length = os.fstat(self.file.fileno()).st_size
        if length < size:
            return False
        if length > size:
            self.file.truncate(size)
        self.file.seek(size)
        return size > 0

    def keep(self) -> int:
        """Give it its name; what was written is on the disk then. Its length."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.path.rename(self.path.with_name(self.path.name.removesuffix(PART)))
        return os.fstat(self.file.fileno()).st_size


@contextmanager
def locked(name: str) -> Iterator[Part]:
    """The part file of `name`, for one worker at a time; raises InUse."""
    path = path_of(name + PART)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse from None
        yield Part(path, file)


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A folder for what is put together into `name`; what a killed worker left of the last one goes."""
    _remove_scratch(name)
    with TemporaryDirectory(prefix=f"{name}{SCRATCH}", dir=folder()) as path:
        yield Path(path)


def remove(name: str) -> None:
    """The file and all that was begun of it."""
    for path in (path_of(name), path_of(name + PART)):
        path.unlink(missing_ok=True)
    _remove_scratch(name)


def _remove_scratch(name: str) -> None:
    for path in folder().glob(f"{name}{SCRATCH}*"):
        shutil.rmtree(path, ignore_errors=True)


def remove_strangers(known: set[str]) -> None:
    """What belongs to no export that is open or kept, once it is old enough not to be one just begun."""
    for path in folder().iterdir():
        name = path.name.split(SCRATCH)[0].removesuffix(PART)
        if name in known:
            continue
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime < STRANGER_S:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
