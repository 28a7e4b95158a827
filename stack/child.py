"""One program that lives no longer than we do."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from stack import watchdog

_PR_SET_PDEATHSIG = 1
_LOG_LIMIT = 20 * 1024 * 1024


@dataclass(frozen=True)
class Program:
    """What to run and how to end it."""

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_s: float = 3.0
    """seconds between the stop signal and the kill"""
    death_signal: signal.Signals = signal.SIGKILL
    """what it gets when we die without stopping it"""
    popen: Mapping[str, Any] = field(default_factory=dict)


class Child:
    """A running Program, in a session of its own so that Ctrl-C reaches us alone."""

    def __init__(self, program: Program) -> None:
        self.program = program
        trim_log(program.log)
        with _open_log(program.log) as log:
            self.process = subprocess.Popen(  # noqa: S603
                program.argv,
                env=dict(program.env),
                cwd=program.cwd or "/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(program.death_signal),
                **program.popen,
            )
        watchdog.watch(self.process.pid, program.death_signal)

    @property
    def pid(self) -> int:
        return self.process.pid

    def exit_code(self) -> int | None:
        return self.process.poll()

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def stop(self, timeout_s: float | None = None) -> None:
        """Ask it to end; kill it and its session when it has not after `timeout_s`."""
        self.signal(self.program.stop_signal)
        self.finish(time.monotonic() + (self.program.stop_s if timeout_s is None else timeout_s))

    def finish(self, deadline: float) -> None:
        """Wait for a child that was asked to end until `deadline` (monotonic), then kill what is left."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        watchdog.forget(self.process.pid)


def _open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640), "wb")


def trim_log(path: Path) -> None:
    """Keep one older log beside the one being written; the writer appends, so that it may go on."""
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.with_suffix(".log.1").write_bytes(path.read_bytes())
        os.truncate(path, 0)


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """Linux tells a child of its parent's death; elsewhere the watchdog does."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return ask
