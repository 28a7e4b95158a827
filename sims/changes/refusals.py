"""The carrier's errors as a person can act on them (contract 2.3 and 11), as tables."""

from __future__ import annotations

from typing import Any

from sims.models import Operation, Sim, Verb
from smarthub import errors
from smarthub.models import ErrorItem
from toolkit.carrier_words import words_for
from toolkit.governor import NoToken

NOTHING = "Nothing was changed."
LOST = "It may have been carried out or not. The SIM is read until that is known; it is not sent again."
BOUGHT = "It may have been bought or not, and it is not sent again. Ask the carrier, then say here what became of it."

ASK = "Ask the carrier what became of it."
CHANGED_API = "Its API may have changed; tell whoever runs this portal."

# By code and field ("" any field); the words may name what was wanted.
BY_CODE: dict[tuple[str, str], str] = {
    ("missing", "servicePackageName"): "The carrier does not offer the package {package} to this account any more. "
    "Choose another.",
    ("invalid", "servicePackageName"): "The carrier does not take the package {package} for this. Choose another.",
    ("already_exists", ""): "The carrier says that the SIM has {package} already. Read the SIM again to see it.",
    ("insufficient_balance", ""): "The balance of the account does not cover {package}. Top it up, then ask again.",
    ("missing", "apnName"): "The APN {apn} is not on this SIM at the carrier. Read the SIM again to see those it has.",
    ("invalid", "apnStatus"): f"The carrier knows no such status of an APN. {CHANGED_API}",
    ("missing", "giccid"): f"The carrier does not know this SIM any more. {ASK}",
    ("invalid", "startTime"): f"The carrier does not take this time of beginning. {CHANGED_API}",
    ("missing_field", ""): f"The carrier wants a field that was not sent ({{field}}). {CHANGED_API}",
    ("invalid", ""): f"The carrier does not take what was sent for {{field}}. {CHANGED_API}",
    ("missing", ""): f"The carrier does not know what was named in {{field}}. {CHANGED_API}",
}
CUSTOM_FIELD = "The carrier does not take the text of {field}. Write it in at most 100 plain characters."
NOT_KNOWN = f"The carrier does not know this SIM any more (404). {ASK}"
NO_SUCH_CALL = f"The carrier shows this SIM but does not know the request (404). {CHANGED_API}"
ILLEGAL = "The carrier refused: not from the SIM’s present status. Read the SIM again to see which that is."
ILLEGAL_NOW = "The carrier refused: it shows the SIM as {status}. {why}"
NO_REASON = "As far as this portal knows it takes the change from there, so ask the carrier why."


def words_of(error: Exception, operation: Operation) -> str:
    """One or more sentences: what happened, what was not done, what to do."""
    if isinstance(error, errors.CarrierError):
        if error.is_outcome_unknown:
            return unknown_words(error, operation)
        if isinstance(error, errors.IllegalStatus):
            return f"{ILLEGAL} {NOTHING}"
        if error.errors:
            said = dict.fromkeys(_item(item, operation) for item in error.errors)
            return f"{' '.join(said)} {NOTHING}"
        if isinstance(error, errors.NotFound):
            return f"{NOT_KNOWN} {NOTHING}"
    return f"{_in_general(error)} {NOTHING}"


def _in_general(error: Exception) -> str:
    if isinstance(error, errors.TransportError):
        return "The carrier cannot be reached, so nothing was sent. Try again in a few minutes."
    if isinstance(error, errors.RateLimited | NoToken):
        return "The carrier takes no more requests at the moment. Try again in a few minutes."
    if isinstance(error, errors.ValidationFailed) and error.detail:
        return f"The carrier did not accept the request ({error.status}): {error.detail.rstrip('.')}."
    if isinstance(error, errors.ValidationFailed) and error.is_sent:
        return f"The carrier does not take the request ({error.status}). {CHANGED_API}"
    if isinstance(error, errors.ValidationFailed):
        return f"{error.title.rstrip('.')}."
    return words_for(error, later="")


def _item(item: ErrorItem, operation: Operation) -> str:
    names: dict[str, Any] = {"field": item.field or "it", "package": "this package", "apn": "", **operation.wanted}
    if operation.verb == Verb.CUSTOM_FIELDS and item.field in operation.wanted:
        return CUSTOM_FIELD.format(field=item.field.capitalize())
    words = BY_CODE.get((item.code, item.field)) or BY_CODE.get((item.code, ""))
    if words is None:
        return _own_words(item)
    return words.format_map(names)


def _own_words(item: ErrorItem) -> str:
    """A code of which nobody has told us: the carrier's own words for it."""
    said = item.message or item.code or "no reason was given"
    return f"The carrier refused: {said.rstrip('.')}. Ask the carrier what stands against it."


def unknown_words(error: errors.CarrierError | None, operation: Operation) -> str:
    """That nobody knows what became of it, and what happens now."""
    after = BOUGHT if operation.verb == Verb.ADD_PACKAGE else LOST
    if error is None:
        return f"The process that sent it ended before the reply. {after}"
    if isinstance(error, errors.ServerError):
        return f"The carrier answered with an error of its own ({error.status}). {after}"
    if isinstance(error, errors.ProtocolError):
        return f"The carrier’s answer cannot be used: {error.detail or 'it is of no known kind.'} {after}"
    return f"The carrier’s reply did not come. {after}"


def unread_words(error: Exception, operation: Operation) -> str:
    """That what had to be read before could not be."""
    if operation.verb != Verb.CUSTOM_FIELDS:
        return words_of(error, operation)
    if isinstance(error, errors.NotFound):
        return f"{NOT_KNOWN} {NOTHING}"
    return f"Its present texts could not be read first. {words_for(error, later='')} Nothing was sent."


def later_words(wait_s: float) -> str:
    """That it waits, and for how long."""
    return f"The carrier takes no more requests at the moment. It is sent in about {round(wait_s)} s."


def no_call_words() -> str:
    """That the request itself is unknown there, and not the SIM."""
    return f"{NO_SUCH_CALL} {NOTHING}"


def illegal_words(sim: Sim, why: str) -> str:
    """The refusal with the status that the carrier really shows."""
    label = dict(Sim.Status.choices).get(sim.status, sim.status)
    return f"{ILLEGAL_NOW.format(status=label, why=why or NO_REASON)} {NOTHING}"


def reply_of_error(error: Exception) -> dict[str, Any]:
    """What is kept of an error: never a request header."""
    kept: dict[str, Any] = {"error": type(error).__name__}
    if not isinstance(error, errors.CarrierError):
        return kept
    kept |= {"status": error.status, "title": error.title, "detail": error.detail}
    kept["errors"] = [{"field": item.field, "code": item.code, "message": item.message} for item in error.errors]
    if error.reply:
        kept |= {"attempts": error.reply.attempts, "elapsed_s": round(error.reply.elapsed_s, 3)}
    return kept
