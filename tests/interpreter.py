"""Python beside a live stack, Django set up once: `python -m tests.interpreter` runs each line it is sent."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

_ROOT = Path(__file__).parent.parent


class Interpreter:
    """The process as its user sees it. A `manage.py shell` would take three seconds a call."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.interpreter"],
            cwd=_ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, code: str) -> str:
        """What the code printed; what it raised fails the test in its own words."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["said"]

    def close(self) -> None:
        with self._process:
            self._process.kill()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarthub_portal.settings")
    import django

    django.setup()
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line))), flush=True)


def _run(code: str) -> dict[str, str]:
    from django.db import connections

    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            exec(code, {})
    except Exception:
        return {"error": traceback.format_exc()}
    finally:
        # The next one may meet another database.
        connections.close_all()
    return {"said": said.getvalue()}


if __name__ == "__main__":
    main()
