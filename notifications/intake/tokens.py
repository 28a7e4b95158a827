"""Which tokens open the intake: digests in a private file, so that it works before there is a database."""

from __future__ import annotations

import hmac
import time
from hashlib import sha256
from pathlib import Path

import msgspec
from django.conf import settings

from stack.files import write_private

LOOK_EVERY_S = 0.5


class Known(msgspec.Struct):
    """The file: SHA-256 digests in hex of the tokens that are valid, and of those revoked."""

    valid: list[str] = []
    revoked: list[str] = []


def digest_of(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def token_file() -> Path:
    return Path(settings.PORTAL_DATA_DIR) / "webhook_tokens.json"


def read_known() -> Known:
    """An empty one where there is no file yet."""
    try:
        return msgspec.json.decode(token_file().read_bytes(), type=Known)
    except (OSError, msgspec.MsgspecError):
        return Known()


def write_known(known: Known) -> None:
    token_file().parent.mkdir(parents=True, exist_ok=True)
    write_private(token_file(), msgspec.json.encode(known).decode())


class Tokens:
    """The valid tokens of this process, looked up in the file again when it changed."""

    def __init__(self) -> None:
        self._digests: list[str] = []
        self._looked_at = self._changed_at = -1.0

    def accepts(self, token: str) -> bool:
        """Compared with each in constant time, and with all of them whatever is found."""
        asked = digest_of(token)
        return sum([hmac.compare_digest(asked, valid) for valid in self._valid()]) > 0

    def _valid(self) -> list[str]:
        now = time.monotonic()
        if now - self._looked_at > LOOK_EVERY_S or self._looked_at < 0:
            self._looked_at = now
            self._look()
        return self._digests

    def _look(self) -> None:
        try:
            changed_at = float(token_file().stat().st_mtime_ns)
        except OSError:
            changed_at = 0.0
        if changed_at != self._changed_at:
            self._changed_at = changed_at
            known, own = read_known(), digest_of(str(settings.SMARTHUB_WEBHOOK_TOKEN))
            self._digests = sorted({*known.valid, own} - set(known.revoked))
