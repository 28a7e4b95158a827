"""Both test runs, one exit code: the bulk in parallel, then what needs a real stack, one stack a worker.

Tests of a real stack that fail while two stacks share the machine are tried once more, alone; twice is red. Both runs
are printed, so that what needed its second try is seen.
"""

import subprocess
import sys

REAL_STACK = ["tests/browser", "tests/faults"]
RUNS = {
    "tests": ["-n", "auto", *(f"--ignore={folder}" for folder in REAL_STACK)],
    "browser and faults": ["-n", "auto", "--dist", "loadgroup", *REAL_STACK],
}
SECOND_TRY = ["--last-failed", "--last-failed-no-failures", "none", "--maxfail", "5", *REAL_STACK]


def main() -> int:
    codes = {name: run(name, arguments) for name, arguments in RUNS.items()}
    if codes["browser and faults"] == 1:
        codes["browser and faults"] = run("browser and faults, once more what failed", SECOND_TRY)
    print("== " + ", ".join(f"{name}: {'passed' if code == 0 else 'FAILED'}" for name, code in codes.items()))
    return max(codes.values())


def run(name: str, arguments: list[str]) -> int:
    print(f"== {name}", flush=True)
    command = [sys.executable, "-m", "pytest", *arguments, *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
