"""What goes wrong at a start is one line that says what to do; what can be mended is."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stack.child import Child, Program
from stack.errors import StackError
from stack.lock import DataLock
from stack.ports import bind
from tests.stack.conftest import needs_root
from tests.stack.engines import postgres_in, valkey_in, visit
from tests.waiting import wait_until


def _message(error: pytest.ExceptionInfo[StackError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.fixture
def another_program(folder: Path) -> Iterator[int]:
    """One of the engine's own user: of anybody else's PostgreSQL itself would see that it is none."""
    account = postgres_in(folder).place.account
    with subprocess.Popen([*account.prefix, "sleep", "300"], cwd="/", **account.popen) as program:
        yield program.pid
        program.kill()


@pytest.mark.parametrize("is_dead", [True, False], ids=["dead", "another program"])
def test_a_stale_pid_file_is_no_obstacle(folder: Path, another_program: int, is_dead: bool) -> None:
    visit(folder)
    pid, pid_file = 4194000 if is_dead else another_program, folder / "postgres" / "data" / "postmaster.pid"
    pid_file.write_text(f"{pid}\n{folder}/postgres/data\n1700000000\n5432\n{folder}/run\n\n  1 2\nready\n")

    assert visit(folder)["postgres"] == 2


def test_a_killed_engine_comes_back_with_its_data(folder: Path) -> None:
    visit(folder)
    postgres, valkey = postgres_in(folder), valkey_in(folder)
    postgres.start()
    valkey.start()
    for engine in (postgres, valkey):
        os.kill(engine.child.pid, signal.SIGKILL)
        engine.child.process.wait()

    after = visit(folder)
    assert (after["postgres"], after["valkey"]) == (2, 2)


def test_data_of_another_major_version(folder: Path) -> None:
    visit(folder)
    (folder / "postgres" / "data" / "PG_VERSION").write_text("17\n")

    with pytest.raises(StackError) as error:
        postgres_in(folder).start()
    assert "written by PostgreSQL 17, this is 18: carry it over with pg_dump" in _message(error)


def test_a_folder_with_something_else_in_it(folder: Path) -> None:
    (folder / "postgres" / "data").mkdir(parents=True)
    (folder / "postgres" / "data" / "letter.txt").write_text("mine")

    with pytest.raises(StackError) as error:
        postgres_in(folder).start()
    assert "is not a PostgreSQL data folder: move it away" in _message(error)
    assert (folder / "postgres" / "data" / "letter.txt").exists()


def test_a_lost_password(folder: Path) -> None:
    visit(folder)
    (folder / "postgres" / "password").unlink()

    with pytest.raises(StackError) as error:
        postgres_in(folder).start()
    assert "password is gone: put it back" in _message(error)


@needs_root
@pytest.mark.parametrize("engine", [postgres_in, valkey_in])
def test_data_of_another_user(folder: Path, engine) -> None:
    for name in ("postgres", "valkey"):
        (folder / name).mkdir()
        os.chown(folder / name, 1234, 1234)

    with pytest.raises(StackError) as error:
        engine(folder).start()
    assert "belongs to another user (uid 1234): start as that user" in _message(error)


def test_a_broken_off_initdb_is_done_again(folder: Path) -> None:
    (folder / "postgres" / "data.new").mkdir(parents=True)
    (folder / "postgres" / "data.new" / "PG_VERSION").write_text("18\n")

    assert visit(folder)["postgres"] == 1


def test_a_second_start_names_the_first(folder: Path) -> None:
    lock = DataLock(folder / "var")

    for _ in range(2):
        with pytest.raises(StackError) as error:
            DataLock(folder / "var")
        assert f"already runs on {folder / 'var'} (process {os.getpid()}): stop that one first" in _message(error)
        lock.release()
        lock = DataLock(folder / "var")
    lock.release()


def test_a_taken_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StackError) as error:
            bind("127.0.0.1", port)
    assert f"Port {port} on 127.0.0.1 is taken by another program" in _message(error)


def test_an_address_of_another_machine() -> None:
    with pytest.raises(StackError) as error:
        bind("203.0.113.9", 0)
    assert "set HOST to an address of this machine" in _message(error)


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of 60 MB, made as far as this machine lets us."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m,mode=755", "tmpfs", str(disk)], check=False)
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@needs_root
def test_a_disk_too_small_for_a_new_cluster(small_disk: Path) -> None:
    with pytest.raises(StackError) as error:
        postgres_in(small_disk).start()
    assert f"The disk under {small_disk}/postgres is full" in _message(error)
    assert "free some room" in _message(error)
    assert not (small_disk / "postgres" / "data").exists()


@needs_root
def test_a_disk_that_fills_while_the_cluster_is_made(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.postgres.need_room", lambda path, megabytes: None)
    (small_disk / "ballast").write_bytes(b"x" * 40_000_000)

    with pytest.raises(StackError) as error:
        postgres_in(small_disk).start()
    assert f"The disk under {small_disk}/postgres is full" in _message(error)
    (small_disk / "ballast").unlink()
    assert visit(small_disk)["postgres"] == 1


@needs_root
def test_a_full_disk_under_valkey(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"x" * 55_000_000)

    with pytest.raises(StackError) as error:
        valkey_in(small_disk).start()
    assert f"The disk under {small_disk}/valkey is full" in _message(error)


def test_a_child_that_ignores_its_stop_signal_is_killed_with_all_it_started(folder: Path) -> None:
    argv = ("/bin/sh", "-c", "trap '' TERM; sleep 300 & echo $! on; while :; do sleep 1; done")
    child = Child(Program(name="deaf", argv=argv, log=folder / "deaf.log", env={"PATH": os.defpath}))
    while "on" not in (folder / "deaf.log").read_text():
        assert child.exit_code() is None
    started = int((folder / "deaf.log").read_text().split()[0])

    child.stop(timeout_s=0.2)

    assert child.exit_code() == -signal.SIGKILL
    wait_until(lambda: is_gone(started), "what it started is gone")


def is_gone(pid: int) -> bool:
    """Also where nobody has asked how it ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
