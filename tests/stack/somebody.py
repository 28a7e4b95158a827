"""Doing things as a user who is nobody special, where the tests run as root."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SOMEBODY = pwd.getpwnam("daemon").pw_uid
SOMEBODYS_VARIABLES = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": os.pathsep.join(sys.path[1:])}


def as_somebody(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, user=SOMEBODY, group=SOMEBODY, extra_groups=[], capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], **SOMEBODYS_VARIABLES},
    )  # fmt: skip


def somebodys_python() -> str:
    """A Python that others may run and that finds our packages; skips the test where there is none."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if as_somebody(python, "-c", "import stack.postgres, redis").returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip("no Python here that other users can run")
