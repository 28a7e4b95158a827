"""What `manage.py up` does, step by step: engines, tables, web, workers, beat, simulated carrier."""

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from smarthub_portal.env import BASE_DIR, Env
from smarthub_portal.hosts import is_loopback, join_address
from smarthub_portal.programs import Programs
from smarthub_portal.secret import kept_secret
from stack.child import die_with_parent
from stack.errors import StackError
from stack.gate import Gate
from stack.lock import DataLock
from stack.ports import bind, free_port
from stack.postgres import Postgres
from stack.state import State, state_file, write_state
from stack.supervisor import Service, Supervisor, say
from stack.valkey import Valkey

SIMULATOR_KEY = "sim-key-full"
_HOLD_S = 8
# Seconds after the stop began; all of it stays under ten.
_WEB_BY_S, _WORK_BY_S, _CARRIER_BY_S, _VALKEY_BY_S, _POSTGRES_BY_S = 3.5, 6.0, 6.5, 7.5, 9.0


@dataclass(frozen=True)
class Wishes:
    port: int
    web_processes: int
    simulated_sims: int
    """0: no simulated carrier"""
    is_quiet: bool = False
    """Nothing happens to the simulated SIMs by itself."""


class Start:
    def __init__(self, env: Env, wishes: Wishes) -> None:
        self.env = env
        self.wishes = wishes
        self.data_dir = env.data_dir
        self.run_dir = env.data_dir / "run"
        self.log_dir = env.data_dir / "log"
        self.state = State(database_url=env.DATABASE_URL, redis_url=env.REDIS_URL)
        self.login: dict[str, str] = {}
        self.is_announced = False

    def run(self) -> None:
        """Start all of it, watch it until a stop signal, stop it. Raises StackError, one line that says what to do."""
        lock = DataLock(self.data_dir)
        self.listener = bind(self.env.HOST, self.wishes.port)
        self.port = int(self.listener.getsockname()[1])
        gate = Gate()
        self.programs = Programs(self.log_dir, self.port, gate)
        try:
            with Supervisor(say) as self.supervisor:
                self._start_engines()
                self._start_carrier()
                self._start_first()
                self._prepare()
                gate.open()
                self.hold_until = time.monotonic() + _HOLD_S
                self.supervisor.run(self._tick)
                say("stopping")
        finally:
            gate.close()
            state_file(self.data_dir).unlink(missing_ok=True)
            self.listener.close()
            lock.release()

    def _start_engines(self) -> None:
        """Valkey starts while PostgreSQL is still making its data folder."""
        postgres = Postgres(data_dir=self.data_dir / "postgres", run_dir=self.run_dir)
        valkey = Valkey(data_dir=self.data_dir / "valkey", run_dir=self.run_dir)
        if self.env.REDIS_URL is None:
            valkey.prepare()
            valkey_child = self.supervisor.start(Service(valkey.program(), _VALKEY_BY_S, valkey.prepare, wave=4))
        if self.env.DATABASE_URL is None:
            with self.supervisor.interruptible():
                postgres.prepare()
            service = Service(postgres.program(), _POSTGRES_BY_S, postgres.prepare, wave=5)
            child = self.supervisor.start(service)
            with self.supervisor.interruptible():
                postgres.wait_ready(child)
            self.state.database_url = postgres.url
        if self.env.REDIS_URL is None:
            with self.supervisor.interruptible():
                valkey.wait_ready(valkey_child)
            self.state.redis_url = valkey.url

    def _start_carrier(self) -> None:
        if not self.wishes.simulated_sims:
            return
        port = free_port()
        self.state.carrier_url, self.state.carrier_key = f"http://127.0.0.1:{port}/v1", SIMULATOR_KEY
        secret = self.env.PUSH_SIGNATURE_SECRET or ""
        program = self.programs.simulator(
            port,
            self.wishes.simulated_sims,
            push_url=self._push_url(),
            push_secret=secret,
            is_quiet=self.wishes.is_quiet,
        )
        self.supervisor.start(Service(program, _CARRIER_BY_S, wave=3))

    def _push_url(self) -> str:
        """Where the simulated carrier pushes to: ourselves, as long as it can reach us on this machine alone."""
        address = self._own_address()
        if not is_loopback(address.rpartition(":")[0]):
            return ""
        token = self.env.SMARTHUB_WEBHOOK_TOKEN or kept_secret(self.data_dir / "webhook_token")
        return f"http://{address}/webhooks/smarthub/{token}/"

    def _start_first(self) -> None:
        """They load their code while the tables are made; the others come when there is a page to look at."""
        self.run_dir.mkdir(parents=True, exist_ok=True)
        write_state(self.data_dir, self.state)
        *first, self.waiting = self._plan()
        for service in first:
            self.supervisor.start(service)

    def _prepare(self) -> None:
        """In a process of its own: ours read its settings before there was a database."""
        with self.supervisor.interruptible():
            done = subprocess.run(
                [sys.executable, "manage.py", "prepare"],
                cwd=BASE_DIR,
                capture_output=True,
                text=True,
                check=False,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        if done.returncode != 0:
            log = self.log_dir / "prepare.log"
            log.write_text(done.stderr)
            raise StackError(f"Tables and files could not be brought up to date: {_error_of(done.stderr)}; see {log}.")
        self.login = json.loads(done.stdout)

    def _plan(self) -> tuple[Service, Service, list[Service]]:
        """Web and work in the order they should be there: the first page, the first sync, then all the others."""
        metrics = self.run_dir / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir()
        listener = self.listener.fileno()
        pages = [self.programs.web(number, listener, metrics) for number in range(1, self.wishes.web_processes + 1)]
        work = [self.programs.worker(name) for name in ("long", "quick")] + [self.programs.beat()]
        web = [Service(program, _WEB_BY_S, wave=0) for program in pages]
        others = [Service(program, _WORK_BY_S, wave=1) for program in work]
        return web[0], others[0], [*others[1:], *web[1:]]

    def _start_others(self) -> None:
        while self.waiting and (self._answers("/health/live") or self._is_late()):
            self.supervisor.start(self.waiting.pop(0))

    def _is_late(self) -> bool:
        return time.monotonic() > self.hold_until

    def _tick(self) -> None:
        self._start_others()
        pids = self.supervisor.pids()
        if pids != self.state.pids:
            self.state.pids = pids
            self.state.address = f"http://{self._own_address()}"
            write_state(self.data_dir, self.state)
        if not self.is_announced and not self.waiting and self._answers("/health/ready"):
            self.is_announced = True
            self._announce()

    def _answers(self, path: str) -> bool:
        url = f"http://{self._own_address()}{path}"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
        return False

    def _own_address(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.env.HOST, self.env.HOST)  # noqa: S104
        return join_address(host, self.port)

    def _announce(self) -> None:
        env = self.env.model_copy(update={"PORT": self.port})
        carrier = env.SMARTHUB_BASE_URL or "none"
        if self.wishes.simulated_sims:
            carrier = f"simulated, {self.wishes.simulated_sims:,} SIMs (set SMARTHUB_API_KEY for the real one)"
        lines = [
            "", "  SmartHub Portal is ready", f"  Address  {env.public_url}", *self._login_lines(),
            f"  Carrier  {carrier}", f"  Logs     {_short(self.log_dir)}", "  Stop     Ctrl-C", "",
        ]  # fmt: skip
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()

    def _login_lines(self) -> list[str]:
        if "password" in self.login:
            return [f"  Login    {self.login['username']} / {self.login['password']}   (shown only this once)"]
        return [f"  Login    {self.login['username']}, password as set"] if self.login else []


def _error_of(text: str) -> str:
    """The first line of the error that ended a Python program."""
    lines = [
        line for line in text.splitlines() if line and not line.startswith((" ", "Traceback", "During", "The above"))
    ]
    named = [line for line in lines if re.match(r"[\w.]+(Error|Exception)\b", line)]
    return (named or lines or ["no reason given"])[-1].rstrip(".")


def _short(path: Path) -> str:
    return str(path.relative_to(BASE_DIR)) if path.is_relative_to(BASE_DIR) else str(path)
