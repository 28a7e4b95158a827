"""Folders and files of the stack: private ones, short ones for sockets, and the room left on the disk."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from stack.errors import StackError

SOCKET_PATH_LIMIT = 100  # bytes; macOS allows 104, Linux 108, both with the closing NUL
_LONGEST_SOCKET_NAME = "/.s.PGSQL.5432.lock"
_MB = 1024 * 1024


def private_folder(path: Path, owner: int) -> Path:
    """A folder that only `owner` may enter; an existing one is taken over with all it holds."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    give_to(path, owner)
    return path


def give_to(path: Path, owner: int) -> None:
    if os.geteuid() != 0 or path.stat().st_uid == owner:
        return
    for root, folders, files in os.walk(path):
        for name in [*folders, *files]:
            os.lchown(Path(root) / name, owner, owner)
    os.chown(path, owner, owner)


def refuse_foreign(path: Path, ours: set[int]) -> None:
    """Raises StackError where the folder belongs to somebody who could no longer use it after us."""
    if path.exists() and path.stat().st_uid not in ours:
        owner = path.stat().st_uid
        raise StackError(
            f"{path} belongs to another user (uid {owner}): start as that user, "
            "or set PORTAL_DATA_DIR to a folder of your own."
        )


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read, never half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def socket_folder(wanted: Path) -> Path:
    """The wanted folder, or a short one under the temp folder where socket paths in it would be too long."""
    if len(os.fsencode(f"{wanted}{_LONGEST_SOCKET_NAME}")) <= SOCKET_PATH_LIMIT:
        return wanted
    key = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:10]
    short = Path(tempfile.gettempdir()) / f"smarthub-portal-{os.getuid()}-{key}"
    if len(os.fsencode(f"{short}{_LONGEST_SOCKET_NAME}")) > SOCKET_PATH_LIMIT:
        short = Path("/tmp") / short.name  # noqa: S108 - the folder is private and its owner is checked
    if short.is_symlink():
        raise StackError(f"{short} is a link somebody else may have put there: remove it, then start again.")
    return short


def need_room(path: Path, megabytes: int) -> None:
    """Raises StackError where the disk under `path` has less than `megabytes` left."""
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free // _MB
    if free < megabytes:
        raise StackError(disk_full(path, f"{free} MB left, {megabytes} MB needed"))


def disk_full(path: Path, detail: str) -> str:
    advice = "free some room, or set PORTAL_DATA_DIR to another disk"
    return f"The disk under {path} is full ({detail}): {advice}."
