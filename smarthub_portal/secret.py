import contextlib
import os
import secrets
from pathlib import Path

from stack.files import write_private


def kept_secret(path: Path) -> str:
    """The secret in this private file, made the first time; processes that start together agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.new")
        write_private(draft, secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()
