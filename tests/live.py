"""A whole portal of its own, started as an operator starts it, for tests that need real processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg
import requests

from tests.engines import clean_variables
from tests.interpreter import Interpreter
from tests.prepared import can_copy, copy_prepared
from tests.waiting import wait_until

ROOT = Path(__file__).parent.parent
USERNAME, PASSWORD = "admin", "a-password-of-tests"
START_S, STOP_S = 90, 10


class LiveStack:
    """`manage.py up` in a temporary folder, on free ports, with its own engines, workers, beat and simulator.

    To the fleet happens what the test makes happen, and nothing by itself.
    """

    def __init__(self, folder: Path, *options: str, sims: int = 60, workers: int = 1) -> None:
        self.folder = folder
        self.output = folder / "up.out"
        shape = ["--port", "0", "--workers", str(workers), "--sims", str(sims), "--quiet"]
        self.command = ["manage.py", "up", *shape, *options]
        self.process: subprocess.Popen[bytes] | None = None
        self._interpreter: Interpreter | None = None

    @classmethod
    @contextmanager
    def started(cls, *options: str, is_new: bool = False, **wishes: Any) -> Iterator[Self]:
        """A stack that is ready; `is_new`: for the first time, with tables and all to be made."""
        folder = Path(tempfile.mkdtemp(prefix="portal-live-"))
        folder.chmod(0o755)
        stack = cls(folder, *options, **wishes)
        try:
            if not is_new and can_copy():
                copy_prepared(folder / "var", stack.environment)
            stack.start()
            stack.wait_ready()
            yield stack
        finally:
            stack.end()
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def environment(self) -> dict[str, str]:
        return clean_variables() | {
            "PORTAL_DATA_DIR": str(self.folder / "var"),
            "PORTAL_ENV_FILE": os.devnull,
            "PORTAL_ADMIN_USERNAME": USERNAME,
            "PORTAL_ADMIN_PASSWORD": PASSWORD,
        }

    def start(self, python: str = sys.executable, **options: Any) -> None:
        environment = self.environment | options.pop("env", {})
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [python, *self.command], cwd=ROOT, env=environment, stdout=output, stderr=output, **options
            )

    def wait_ready(self) -> None:
        """Until every part answers; fails with what the stack said."""
        deadline = time.monotonic() + START_S
        while not self._is_ready():
            assert self.process is not None
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self._told()
            time.sleep(0.1)

    def _told(self) -> str:
        logs = sorted((self.folder / "var" / "log").glob("*.log"))
        return "\n".join([self.output.read_text(), *(f"== {log.name}\n{log.read_text()[-1500:]}" for log in logs)])

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/ready", timeout=5).status_code == 200
        except (requests.RequestException, KeyError):
            return False

    @property
    def state(self) -> dict[str, Any]:
        try:
            return json.loads((self.folder / "var" / "run" / "stack.json").read_text())
        except OSError:
            return {}

    @property
    def url(self) -> str:
        return self.state["address"]

    @property
    def pids(self) -> dict[str, int]:
        return self.state.get("pids", {})

    def processes(self) -> list[psutil.Process]:
        """All that this stack started and is still there, whoever its parent is now."""
        ours = str(self.folder)
        found = []
        for process in psutil.process_iter():
            try:
                if process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE and _mentions(process, ours):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def manage(self, *arguments: str) -> str:
        """The output of a `manage.py` command against this stack."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    def run(self, code: str) -> str:
        """What a piece of Python prints that has the portal's models at hand, in a process of its own."""
        if self._interpreter is None:
            self._interpreter = Interpreter(self.environment)
        return self._interpreter.run(code)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database of the portal answers; each statement is a transaction of its own."""
        with psycopg.connect(self.state["database_url"], autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def wait_read(self) -> None:
        """Until the fleet has been read, as it is by itself after a start, and nobody reads it again."""
        last = "SELECT state FROM sims_syncrun ORDER BY id DESC LIMIT 1"
        wait_until(lambda: self.ask(last) == [("finished",)], "the fleet is read", within_s=180)

    def kill(self, *names: str) -> None:
        """Kill these parts and wait until each is there again under another pid."""
        with self.away(*names):
            pass

    @contextmanager
    def away(self, *names: str) -> Iterator[None]:
        """Kill these parts, and let nothing start them again before the body has ended."""
        assert self.process is not None
        before = {name: self.pids[name] for name in names}
        self.process.send_signal(signal.SIGSTOP)
        try:
            for pid in before.values():
                os.kill(pid, signal.SIGKILL)
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)
        wait_until(lambda: all(self.pids.get(name, was) != was for name, was in before.items()), f"{names} are back")

    def end(self) -> None:
        """All of it at once; how it stops when it is told to has tests of its own."""
        if self._interpreter is not None:
            self._interpreter.close()
            self._interpreter = None
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            wait_until(lambda: not self.processes(), "all of it is gone")

    def stop(self) -> int | None:
        """As an operator stops it; its exit code."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S + 5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def _mentions(process: psutil.Process, folder: str) -> bool:
    if any(folder in part for part in process.cmdline()):
        return True
    return folder in process.environ().get("PORTAL_DATA_DIR", "")
