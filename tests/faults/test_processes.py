"""Processes are killed; the stack mends itself, and when it ends nothing of it is left."""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import requests

from tests.live import LiveStack
from tests.stack.conftest import needs_root
from tests.stack.somebody import SOMEBODY, SOMEBODYS_VARIABLES, somebodys_python
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(200)
PARTS = ("web-1", "worker-quick", "worker-long", "beat", "simulator", "valkey", "postgres")


def test_every_killed_part_comes_back(live_stack: LiveStack) -> None:
    spared = live_stack.pids["web-2"]

    live_stack.kill(*PARTS)

    live_stack.wait_ready()
    assert set(live_stack.pids) == {*PARTS, "web-2"}
    assert live_stack.pids["web-2"] == spared


def test_the_same_workers_go_on_with_new_engines(live_stack: LiveStack) -> None:
    workers = {name: live_stack.pids[name] for name in ("worker-quick", "worker-long", "web-1", "web-2", "beat")}

    live_stack.kill("valkey", "postgres")

    log = live_stack.folder / "var" / "log" / "worker-long.log"
    before = log.read_text().count("succeeded in")
    wait_until(lambda: log.read_text().count("succeeded in") > before + 1, "beat's tasks are worked again")
    live_stack.wait_ready()
    assert {name: live_stack.pids[name] for name in workers} == workers


def test_a_killed_web_process_refuses_nobody(live_stack: LiveStack) -> None:
    stop, refused, answered = threading.Event(), [], []

    def ask() -> None:
        while not stop.is_set():
            try:
                answered.append(requests.get(f"{address}/health/live", timeout=30).status_code)
            except requests.ConnectionError as error:
                # A request that the killed process had read is lost with it; a refusal is ours.
                if "refused" in str(error):
                    refused.append(str(error))

    address = live_stack.url
    asking = threading.Thread(target=ask)
    asking.start()
    live_stack.kill("web-1", "web-2")
    seen = len(answered)
    wait_until(lambda: len(answered) > seen, "an answer from the new ones")
    stop.set()
    asking.join()

    assert refused == []
    assert set(answered) == {200}


def test_a_second_start_names_the_first(live_stack: LiveStack) -> None:
    assert live_stack.process is not None
    second = LiveStack(live_stack.folder)
    second.output = live_stack.folder / "second.out"
    second.start()
    assert second.process is not None

    assert second.process.wait(60) == 1
    said = second.output.read_text()
    assert f"already runs on {live_stack.folder / 'var'} (process {live_stack.process.pid})" in said
    assert "Traceback" not in said
    assert live_stack.pids


def test_a_taken_port_is_named(live_stack: LiveStack, tmp_path: Path) -> None:
    port = live_stack.url.rpartition(":")[2]
    other = LiveStack(tmp_path)
    other.command[other.command.index("--port") + 1] = port
    other.start()
    assert other.process is not None

    assert other.process.wait(60) == 1
    assert f"Port {port} on 127.0.0.1 is taken by another program" in other.output.read_text()
    assert other.processes() == []


@pytest.mark.parametrize(
    ("file", "content", "word"),
    [("PG_VERSION", "17\n", "written by PostgreSQL 17, this is 18"), ("letter.txt", "mine", "move it away")],
)
def test_data_that_is_not_ours_ends_the_start_in_a_line(tmp_path: Path, file: str, content: str, word: str) -> None:
    data = tmp_path / "var" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / file).write_text(content)
    stack = LiveStack(tmp_path)
    stack.start()
    assert stack.process is not None

    assert stack.process.wait(60) == 1
    said = stack.output.read_text()
    assert word in said and "Traceback" not in said
    assert (data / file).read_text() == content
    assert stack.processes() == []


@needs_root
def test_a_normal_user_starts_and_stops_all_of_it() -> None:
    folder = Path(tempfile.mkdtemp(prefix="portal-user-"))
    os.chown(folder, SOMEBODY, SOMEBODY)
    stack = LiveStack(folder)
    who = {"user": SOMEBODY, "group": SOMEBODY, "extra_groups": [], "env": SOMEBODYS_VARIABLES | {"HOME": str(folder)}}
    stack.start(somebodys_python(), **who)
    try:
        stack.wait_ready()
        owners = {psutil.Process(pid).uids().real for pid in stack.pids.values()}
    finally:
        code = stack.stop()

    assert (owners, code) == ({SOMEBODY}, 0)
    assert stack.processes() == []
    shutil.rmtree(folder)


# Workers and beat are told together.
WAVES = ("web", "worker", "simulator", "valkey", "postgres")


def _ends(parts: dict[str, psutil.Process]) -> list[str]:
    """What these were, as they end; what ended between two looks counts as in order."""
    alive, ended = sorted(parts, key=_wave, reverse=True), []

    def look() -> bool:
        # The later ones first: whatever they end after has ended by then.
        gone = [name for name in alive if not parts[name].is_running()]
        ended.extend(sorted(map(_wave, gone)))
        alive[:] = [name for name in alive if name not in gone]
        return not alive

    wait_until(look, "all of it has ended")
    return [WAVES[wave] for wave in ended]


def _wave(name: str) -> int:
    return WAVES.index("worker" if name == "beat" else name.partition("-")[0])


def test_nothing_outlives_a_killed_stack_and_it_starts_again(new_stack: LiveStack) -> None:
    assert new_stack.process is not None
    new_stack.process.kill()
    new_stack.process.wait()
    wait_until(lambda: new_stack.processes() == [], "everything of it is gone", within_s=15)

    new_stack.start()
    new_stack.wait_ready()
    parts = {name: psutil.Process(pid) for name, pid in new_stack.pids.items()}
    parts.pop("worker-long").kill()
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        new_stack.process.send_signal(number)

    ends = _ends(parts)
    assert ends == sorted(ends, key=WAVES.index)
    assert new_stack.process.wait(60) == 0
    assert new_stack.processes() == []
    assert not (new_stack.folder / "var" / "run" / "stack.json").exists()
    assert "Traceback" not in new_stack.output.read_text()


@pytest.fixture
def other_database() -> Iterator[str]:
    """An empty one on the engine of the tests, as an operator has made it."""
    address, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE DATABASE elsewhere")
        yield f"{address}/elsewhere"
        connection.execute("DROP DATABASE elsewhere WITH (FORCE)")


def test_engines_and_carrier_of_others_are_used(tmp_path: Path, other_database: str) -> None:
    stack = LiveStack(tmp_path, "--no-simulator")
    stack.start(env={"DATABASE_URL": other_database, "REDIS_URL": os.environ["REDIS_URL"]})
    try:
        stack.wait_ready()
        assert set(stack.pids) == {"web-1", "worker-quick", "worker-long", "beat"}
        assert not {"postgres", "valkey"} & {path.name for path in (tmp_path / "var").iterdir()}
        with psycopg.connect(other_database) as connection:
            tables = connection.execute("SELECT to_regclass('sims_sim')").fetchone()
    finally:
        code = stack.stop()
    assert (tables, code) == (("sims_sim",), 0)


def test_a_stop_in_the_middle_of_the_start_leaves_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    stack = LiveStack(tmp_path_factory.mktemp("broken-off"))
    stack.start()
    assert stack.process is not None
    wait_until(lambda: (stack.folder / "var" / "postgres" / "data" / "postmaster.pid").exists(), "PostgreSQL starts")
    stack.process.send_signal(signal.SIGTERM)

    assert stack.process.wait(30) == 0
    assert stack.processes() == []
    assert "Traceback" not in stack.output.read_text()
