"""Whether both lock files hold what pyproject.toml asks for, hashed, and agree; needs no network."""

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, set[str]]:
    """Versions by package; a package may have several, for several Pythons."""
    found: dict[str, set[str]] = {}
    for package, version in PIN.findall((ROOT / name).read_text()):
        found.setdefault(canonicalize_name(package), set()).add(version)
    return found


def missing(wanted: list[str], locked: dict[str, set[str]], name: str) -> list[str]:
    problems = []
    for text in wanted:
        requirement = Requirement(text)
        versions = locked.get(canonicalize_name(requirement.name), set())
        if not any(requirement.specifier.contains(version) for version in versions):
            problems.append(f"{name} has no version of {text}")
    return problems


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    wanted = project["project"]["dependencies"]
    problems = missing(wanted, run, "requirements.lock")
    problems += missing(wanted + project["dependency-groups"]["dev"], dev, "requirements-dev.lock")
    problems += [
        f"{name} differs between the lock files" for name, versions in run.items() if dev.get(name) != versions
    ]
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        problems += [f"{name} records addresses"] if "://" in text else []
        problems += [f"{name} has pins without hashes"] if len(PIN.findall(text)) > text.count("\\\n") else []
    for problem in problems:
        print(f"{problem}: compile it again")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
