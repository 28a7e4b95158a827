"""Each process of the portal imports its own way into Django, before anything has set Django up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("module", ["smarthub_portal.asgi", "smarthub_portal.web", "smarthub_portal.celery"])
def test_entry_point_is_imported_by_a_fresh_process(module: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", f"import {module}"]
    environment = {**os.environ, "PORTAL_ENV_FILE": os.devnull, "PORTAL_ROLE": "web"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
