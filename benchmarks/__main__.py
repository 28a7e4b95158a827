"""`make bench`: every benchmark in a process of its own; a table here, JSON in benchmarks/results."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
NAMES = (
    "estate",
    "simulator", "copying", "whole_run", "first_page", "export", "search", "inventory", "changes", "batches", "intake",
    "messages", "feed",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which to run; all by default")
    failed = [name for name in parser.parse_args().names or NAMES if not _run(name)]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return bool(failed)


def _run(name: str) -> bool:
    print(f"\n{name}", flush=True)
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return False
    figures = json.loads(done.stdout.splitlines()[-1])
    RESULTS.mkdir(exist_ok=True)
    kept = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), **figures}
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n")
    _table(figures)
    return True


def _table(figures: dict[str, Any], indent: str = "  ") -> None:
    for key, value in figures.items():
        if isinstance(value, dict):
            print(f"{indent}{key}")
            _table(value, indent + "  ")
        else:
            print(f"{indent}{key:<36} {value}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
