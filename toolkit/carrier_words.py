"""What a failed call means to a person, and what to do about it."""

from __future__ import annotations

from smarthub import errors
from toolkit.carrier import NoCarrier
from toolkit.governor import NoToken

WORDS: tuple[tuple[type[Exception], str], ...] = (
    (errors.AuthError, "The carrier refused the key (401). Check SMARTHUB_API_KEY."),
    (errors.PermissionDenied, "The key has no right to this (403). Ask the carrier to grant it."),
    (errors.NotFound, "The carrier does not know it (404)."),
    (errors.IllegalStatus, "The carrier refused: not from its present status."),
    (errors.RateLimited, "The carrier asked for fewer requests (429). {later}"),
    (errors.ServerError, "The carrier has trouble of its own ({status}). {later}"),
    (errors.ValidationFailed, "The carrier did not accept the request ({status})."),
    (errors.TransportError, "{lost} {later}"),
    (errors.ProtocolError, "The carrier answered something that cannot be read. {detail}"),
    (NoCarrier, "No carrier is set up. Set SMARTHUB_BASE_URL and SMARTHUB_API_KEY, or start the simulated one."),
    (NoToken, "Too many requests to the carrier right now. Try again in a few seconds."),
)
NO_ANSWER = "The carrier did not answer, or not to the end."
OUT_OF_REACH = "The carrier cannot be reached. Check SMARTHUB_BASE_URL, and the network between."
BY_ITSELF = "It is tried again later."
BY_HAND = "Try again in a few minutes."


def words_for(error: Exception, *, later: str = BY_ITSELF) -> str:
    """One or two sentences for a failed carrier call; nothing in them is secret.

    `later` says what becomes of it where the carrier may answer another time: `BY_HAND` where nobody tries by itself.
    """
    for kind, words in WORDS:
        if isinstance(error, kind):
            status, detail = getattr(error, "status", None), getattr(error, "detail", "")
            lost = NO_ANSWER if getattr(error, "is_sent", True) else OUT_OF_REACH
            return words.format(status=status or "no status", detail=detail, lost=lost, later=later).strip()
    return "The carrier could not be asked."
