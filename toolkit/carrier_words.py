"""What a failed call means to a person, and what to do about it."""

from __future__ import annotations

from smarthub import errors
from toolkit.governor import NoToken

WORDS: tuple[tuple[type[Exception], str], ...] = (
    (errors.AuthError, "The carrier refused the key (401). Check SMARTHUB_API_KEY."),
    (errors.PermissionDenied, "The key has no right to this (403). Ask the carrier to grant it."),
    (errors.NotFound, "The carrier does not know it (404)."),
    (errors.IllegalStatus, "The carrier refused: not from its present status."),
    (errors.RateLimited, "The carrier asked for fewer requests (429). It is tried again later."),
    (errors.ServerError, "The carrier has trouble of its own ({status}). It is tried again later."),
    (errors.ValidationFailed, "The carrier did not accept the request ({status})."),
    (errors.TransportError, "The carrier did not answer in time. It is tried again later."),
    (errors.ProtocolError, "The carrier answered something that cannot be read. {detail}"),
    (NoToken, "Too many requests to the carrier right now. Try again in a few seconds."),
)


def words_for(error: Exception) -> str:
    """One or two sentences for a failed carrier call; nothing in them is secret."""
    for kind, words in WORDS:
        if isinstance(error, kind):
            status, detail = getattr(error, "status", None), getattr(error, "detail", "")
            return words.format(status=status or "no status", detail=detail).strip()
    return "The carrier could not be asked."
