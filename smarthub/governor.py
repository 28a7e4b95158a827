"""Who decides when a request may leave."""

from typing import Protocol


class Governor(Protocol):
    """Keeps all processes together within the carrier's rate limit. Called from several threads at once."""

    def acquire(self) -> None:
        """Wait until one request may leave; called before each attempt, retries and redirects included."""

    def throttled(self, retry_after_s: float) -> None:
        """The carrier answered 429 and asked for this many seconds of silence."""


class Unlimited:
    """No limit at all, for tests and single reads."""

    def acquire(self) -> None:
        return

    def throttled(self, retry_after_s: float) -> None:
        return
