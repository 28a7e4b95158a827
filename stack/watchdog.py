"""Ends our children when we die without doing so ourselves, where the system cannot (all but Linux).

One small process reads a pipe whose writing end only we hold: its end of file is our death.
"""

import contextlib
import os
import signal
import subprocess
import sys
from typing import IO

_pipes: list[IO[bytes]] = []  # the one writing end, open as long as we live
NEEDED = not sys.platform.startswith("linux")


def watch(pid: int, death_signal: signal.Signals) -> None:
    if NEEDED:
        _tell(f"+{pid} {int(death_signal)}\n")


def forget(pid: int) -> None:
    if NEEDED:
        _tell(f"-{pid} 0\n")


def _tell(line: str) -> None:
    if not _pipes:
        _pipes.append(start())
    _pipes[0].write(line.encode())
    _pipes[0].flush()


def start() -> IO[bytes]:
    """Start the watching process; returns the pipe it listens to."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, __file__], stdin=subprocess.PIPE, start_new_session=True, cwd="/"
    )
    assert process.stdin is not None
    return process.stdin


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    watched: dict[int, int] = {}
    for line in sys.stdin:
        pid, number = line[1:].split()
        if line[0] == "+":
            watched[int(pid)] = int(number)
        else:
            watched.pop(int(pid), None)
    for child, last in watched.items():
        with contextlib.suppress(OSError):
            os.kill(child, last)


if __name__ == "__main__":
    main()
