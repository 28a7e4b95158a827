"""What a failed call means to the runner: wait, ask a person, or live with doubt."""

from __future__ import annotations

from smarthub.errors import AuthError, PermissionDenied, RateLimited, TransportError
from toolkit.governor import NoToken


class CannotAsk(Exception):
    """Nothing was sent, and why: the carrier is away, or asks for fewer requests, or does not let us."""

    def __init__(self, error: Exception) -> None:
        super().__init__(type(error).__name__)
        self.error = error


def was_never_sent(error: Exception) -> bool:
    """The request did not leave, or the carrier would not look at it yet: it may leave later."""
    if isinstance(error, (NoToken, RateLimited)):
        return True
    return isinstance(error, TransportError) and not error.is_sent


def is_for_a_person(error: Exception) -> bool:
    """No waiting mends it: the key is wrong or lacks the right."""
    return isinstance(error, (AuthError, PermissionDenied))
