"""The data folder of a portal that has been started before: made once a test run, copied for each stack."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from stack.postgres import Postgres
from stack.state import State, state_file, write_state
from stack.valkey import Valkey

ROOT = Path(__file__).parent.parent


def can_copy() -> bool:
    """Whether this is a run of tests; what is measured starts for itself."""
    return "PORTAL_TEST_PREPARED" in os.environ


def copy_prepared(target: Path, environment: Mapping[str, str]) -> None:
    """Put one at `target`; whoever asks first makes it, with these variables."""
    folder = Path(os.environ["PORTAL_TEST_PREPARED"])
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _make(folder, environment)
    subprocess.run(["cp", "-a", str(folder), str(target)], check=True)


def _make(folder: Path, environment: Mapping[str, str]) -> None:
    draft = folder.with_suffix(".draft")
    postgres = Postgres(data_dir=draft / "postgres", run_dir=draft / "run")
    valkey = Valkey(data_dir=draft / "valkey", run_dir=draft / "run")
    postgres.start()
    valkey.start()
    try:
        write_state(draft, State(database_url=postgres.url, redis_url=valkey.url))
        subprocess.run(
            [sys.executable, "manage.py", "prepare"],
            cwd=ROOT, env={**environment, "PORTAL_DATA_DIR": str(draft)}, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    finally:
        state_file(draft).unlink(missing_ok=True)
        valkey.stop()
        postgres.stop()
    for left in (valkey.home, draft / "log"):
        shutil.rmtree(left)
    draft.rename(folder)
