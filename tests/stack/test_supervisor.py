import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stack import supervisor as supervising
from stack.child import Program
from stack.errors import StackError
from stack.supervisor import Service, Supervisor


def shell(folder: Path, name: str, script: str) -> Program:
    return Program(name=name, argv=("/bin/sh", "-c", script), log=folder / f"{name}.log", env={"PATH": os.defpath})


class Clock:
    """A monotonic clock that goes on by as much as it is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def watched(said: list[str]) -> Iterator[Supervisor]:
    """Not entered: a test process keeps its own signal handlers."""
    supervisor = Supervisor(said.append)
    yield supervisor
    for service in supervisor.services:
        if service.child is not None:
            service.child.stop(timeout_s=0)
    supervisor.close()


def test_pauses_grow_from_half_a_second_to_half_a_minute(
    folder: Path, watched: Supervisor, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(supervising, "time", clock)
    service = Service(shell(folder, "weak", "exit 3"), stop_by_s=1)
    watched.start(service)
    for _ in range(8):
        assert service.child is not None
        service.child.process.wait()
        watched._look_after_all()
        assert service.start_at is not None
        clock.now = service.start_at
        watched._look_after_all()

    pauses = [line.split("again in ")[1].split(" s")[0] for line in said]
    assert pauses == ["0.5", "1", "2", "4", "8", "16", "30", "30"]
    assert said[0].startswith("weak ended with exit code 3")


def test_a_steady_program_starts_again_at_once(
    folder: Path, watched: Supervisor, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(supervising, "time", clock)
    service = Service(shell(folder, "steady", "read line"), stop_by_s=1, failures=6)
    child = watched.start(service)
    clock.now = supervising.STEADY_S
    child.process.wait()
    watched._look_after_all()

    assert "starts again in 0.5 s" in said[0]


def test_a_start_that_cannot_be_made_is_tried_again(folder: Path, watched: Supervisor, said: list[str]) -> None:
    service = Service(shell(folder, "late", "exit 0"), stop_by_s=1)
    child = watched.start(service)
    child.process.wait()
    watched._look_after_all()

    def full() -> None:
        raise StackError("The disk is full.")

    service.prepare, service.start_at = full, 0.0
    watched._look_after_all()

    assert "late cannot start: The disk is full." in said[-1]
    assert service.start_at is not None


def test_services_stop_in_order_of_their_waves(folder: Path, watched: Supervisor) -> None:
    story = folder / "story"
    for wave, name in ((2, "engine"), (1, "worker"), (0, "web")):
        script = f"trap 'echo {name} >> {story}; exit 0' TERM; echo on; while :; do sleep 0.05; done"
        service = Service(shell(folder, name, script), stop_by_s=5, wave=wave)
        watched.start(service)
        while not (folder / f"{name}.log").read_text():
            assert service.child is not None
            assert service.child.exit_code() is None

    watched.stop()

    assert story.read_text().split() == ["web", "worker", "engine"]
    assert watched.pids() == {}


def test_no_start_after_a_stop_signal(folder: Path, watched: Supervisor) -> None:
    watched.is_stopping = True

    with pytest.raises(KeyboardInterrupt):
        watched.start(Service(shell(folder, "never", "exit 0"), stop_by_s=1))
    assert watched.services == []


ORPHAN = """
import os, signal, sys
from pathlib import Path
from stack.child import Child, Program
child = Child(Program(name="child", argv=("/bin/sleep", "300"), log=Path(sys.argv[1]) / "child.log", env={}))
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_child_dies_with_a_killed_parent(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", ORPHAN, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL

    child = int(done.stdout)

    _wait_until_gone(child)


def _wait_until_gone(pid: int) -> None:
    try:
        psutil.Process(pid).wait(timeout=10)
    except psutil.NoSuchProcess:
        return


def test_where_the_system_cannot_the_watchdog_ends_the_children(folder: Path) -> None:
    code = "import stack.watchdog as w, stack.child as c; w.NEEDED = True; c.die_with_parent = lambda number: None\n"
    command = [sys.executable, "-c", code + ORPHAN, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL

    _wait_until_gone(int(done.stdout))
