"""Ends our children when we die without doing so ourselves, where the system cannot (all but Linux).

One small process reads a pipe whose writing end only we hold: its end of file is our death.
"""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

_watchers: list[subprocess.Popen[bytes]] = []  # the one process; its pipe stays open as long as we live
NEEDED = not sys.platform.startswith("linux")


def watch(pid: int, death_signal: signal.Signals) -> None:
    if NEEDED:
        _tell(f"+{pid} {int(death_signal)}\n")


def forget(pid: int) -> None:
    if NEEDED:
        _tell(f"-{pid} 0\n")


def _tell(line: str) -> None:
    if not _watchers:
        _watchers.append(_start())
    pipe = _watchers[0].stdin
    assert pipe is not None
    pipe.write(line.encode())
    pipe.flush()


def _start() -> subprocess.Popen[bytes]:
    command = [sys.executable, str(Path(__file__).absolute())]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, cwd="/")  # noqa: S603


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
