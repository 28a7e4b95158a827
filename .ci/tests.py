"""Both test runs, one exit code: the bulk in parallel, then what needs a real stack, one stack a worker."""

import subprocess
import sys

REAL_STACK = ["tests/browser", "tests/faults"]
RUNS = {
    "tests": ["-n", "auto", *(f"--ignore={folder}" for folder in REAL_STACK)],
    "browser and faults": ["-n", "auto", "--dist", "loadgroup", *REAL_STACK],
}


def main() -> int:
    codes = {}
    for name, arguments in RUNS.items():
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", "pytest", *arguments, *sys.argv[1:]]
        codes[name] = subprocess.run(command, check=False).returncode
    print("== " + ", ".join(f"{name}: {'passed' if code == 0 else 'FAILED'}" for name, code in codes.items()))
    return max(codes.values())


if __name__ == "__main__":
    sys.exit(main())
