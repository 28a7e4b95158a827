"""A portal to measure: engines as in production, in a temporary folder, with empty tables."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from stack.postgres import Postgres
from stack.valkey import Valkey


class Engines:
    """Those of the portal being measured."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def cool(self) -> None:
        """Start PostgreSQL anew with nothing of its data in memory, neither in its own nor in the system's."""
        from django.db import connection, connections

        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
        connections.close_all()
        self._postgres.stop()
        for path in self._postgres.data.rglob("*"):
            if path.is_file():
                _forget(path)
        self._postgres.start()


def _forget(path: Path) -> None:
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def portal(kept: Path | None = None, **environ: str) -> Iterator[Engines]:
    """Engines of its own and Django set up on them; everything is gone afterwards, unless it is `kept` in a folder."""
    folder = kept or Path(tempfile.mkdtemp(prefix="portal-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    postgres = Postgres(data_dir=folder / "postgres", run_dir=folder / "run")
    valkey = Valkey(data_dir=folder / "valkey", run_dir=folder / "run")
    try:
        postgres.start()
        valkey.start()
        os.environ.update(
            {
                "PORTAL_ENV_FILE": os.devnull,
                "SECRET_KEY": "for-benchmarks-only-" + "x" * 40,
                "PORTAL_DATA_DIR": str(folder / "var"),
                "DATABASE_URL": postgres.url,
                "REDIS_URL": valkey.url,
                "DJANGO_SETTINGS_MODULE": "smarthub_portal.settings",
                **environ,
            }
        )
        _set_up()
        yield Engines(postgres)
    finally:
        valkey.stop()
        postgres.stop()
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def _set_up() -> None:
    import django
    from django.core.management import call_command

    from toolkit.memory import keep_what_is_loaded

    django.setup()
    call_command("migrate", verbosity=0)
    keep_what_is_loaded()  # as the portal's programs do


class PeakMemory:
    """The largest resident set of this process while it is watched, in MB."""

    def __init__(self) -> None:
        self.mb = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        process = psutil.Process()
        while not self._stop.wait(0.1):
            self.mb = max(self.mb, process.memory_info().rss / 2**20)


def say(words: str) -> None:
    """Progress, beside the figures."""
    print(f"  {time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)
