"""All checks, two at a time; shows what failed and how to mend it."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parent.parent
CHECKS: dict[str, list[str]] = {
    "types": [str(BIN / "mypy"), "."],
    "format (mend: ruff format .)": [str(BIN / "ruff"), "format", "--check", "."],
    "lint (mend: ruff check --fix .)": [str(BIN / "ruff"), "check", "."],
    "imports": [str(BIN / "lint-imports")],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
    "templates compile": [sys.executable, "manage.py", "compile_templates"],
    "templates lint": [str(BIN / "djlint"), "templates", "--lint", "--quiet"],
    "Django": [sys.executable, "manage.py", "check", "--fail-level", "WARNING"],
    "lock files": [sys.executable, ".ci/locks.py"],
}


def run(name: str) -> bool:
    started = time.monotonic()
    # Nothing runs yet that could be asked about migrations that were applied.
    env = {**os.environ, "PYTHONWARNINGS": "ignore::RuntimeWarning", "PORTAL_ENV_FILE": os.devnull}
    done = subprocess.run(CHECKS[name], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    took = time.monotonic() - started
    print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name} ({took:.1f} s)", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def main() -> int:
    with ThreadPoolExecutor(2) as pool:
        return 0 if all(list(pool.map(run, CHECKS))) else 1


if __name__ == "__main__":
    sys.exit(main())
