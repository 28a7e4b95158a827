"""The Python processes of the portal, as the supervisor starts them."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from smarthub_portal.celery import WORKERS
from smarthub_portal.env import BASE_DIR
from stack.child import Program
from stack.gate import Gate

# A change may hold its thread for 40 s while the carrier takes its time; clicks and pushes of others must not wait for
# a handful of those. Threads that wait hold no connection to the database (toolkit/database.py).
_THREADS = {"quick": 32, "long": 6}
_CELERY = ("-m", "celery", "-A", "smarthub_portal")


@dataclass(frozen=True)
class Programs:
    log_dir: Path
    port: int
    """where the portal really listens; PORT may have asked for any"""
    gate: Gate | None = None
    """where web and workers wait, their code loaded, until there are tables"""

    def web(self, number: int, listener: int, metrics: Path) -> Program:
        """One web process on a listening socket that it inherits under this file number."""
        return self._python(
            f"web-{number}",
            ("-m", "smarthub_portal.web", str(listener)),
            role="web",
            more={"PROMETHEUS_MULTIPROC_DIR": str(metrics)},
            inherited=(listener,),
        )

    def worker(self, name: str) -> Program:
        options = ("-Q", ",".join(WORKERS[name]), "-n", f"{name}@portal", "-P", "threads", "-c", str(_THREADS[name]))
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "INFO")
        return self._python(f"worker-{name}", (*_CELERY, "worker", *options, *quiet), role="worker")

    def beat(self) -> Program:
        """Its schedule only polls tables, so it keeps nothing that a kill could spoil."""
        return self._python("beat", (*_CELERY, "beat", "-S", "celery.beat:Scheduler", "-l", "INFO"), role="beat")

    def simulator(self, port: int, sims: int, *, push_url: str, push_secret: str, is_quiet: bool = False) -> Program:
        """It pushes to the address, which nobody sees who lists processes."""
        command = ("-m", "simulator", "--port", str(port), "--sims", str(sims), *(["--quiet"] if is_quiet else []))
        pushes = {"SIMULATOR_PUSH_URL": push_url, "SIMULATOR_PUSH_SECRET": push_secret}
        return self._python("simulator", command, role="carrier", more=pushes)

    def _python(
        self,
        name: str,
        command: tuple[str, ...],
        *,
        role: str,
        more: Mapping[str, str] | None = None,
        inherited: tuple[int, ...] = (),
    ) -> Program:
        ours = {"PORTAL_ROLE": role, "PORT": str(self.port), "PYTHONUNBUFFERED": "1", **(more or {})}
        if self.gate is not None and role in ("web", "worker"):
            ours |= self.gate.environment
            inherited = (*inherited, self.gate.waiting_end)
        return Program(
            name=name,
            argv=(sys.executable, *command),
            log=self.log_dir / f"{name}.log",
            env={**os.environ, **ours},
            cwd=BASE_DIR,
            popen={"pass_fds": inherited} if inherited else {},
        )
