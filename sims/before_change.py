"""What is known before a change is confirmed: read again where our copy is old, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from sims.ages import read_times
from sims.change_card import HolderLink, holder_against, holders_of, protection_of
from sims.changes.checks import PROTECTED_FROM, protected_words
from sims.changes.consequences import consequences
from sims.changes.legality import why_not
from sims.changes.operations import held_words
from sims.custom_fields import custom_fields_of, read_custom_fields
from sims.models import Sim, Verb
from sims.reading import read_again
from users.models import User

# A copy older than this is read again before anybody decides upon it.
OLD = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class ReadFirst:
    """What was read just now, or why it could not be."""

    has_read: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why the change cannot be asked for; `holder` is the other one that is in the way."""

    why: str
    holder: HolderLink | None = None


def read_first(sim: Sim, verb: Verb, user: User) -> ReadFirst:
    """Read what is too old to decide upon (S1, and S4 for the five texts); at most five seconds each."""
    errors, has_read, now = [], False, timezone.now()
    if now - sim.read_at > OLD and now - read_times([sim])[sim.pk] > OLD:
        result = read_again(giccid=sim.giccid, user=user)
        has_read, errors = result.found, [result.error]
    if verb == Verb.CUSTOM_FIELDS and _fields_are_old(sim, now):
        fields = read_custom_fields(sim)
        has_read, errors = has_read or fields.fields is not None, [*errors, fields.error]
    return ReadFirst(has_read, " ".join(filter(None, errors)))


def _fields_are_old(sim: Sim, now: datetime) -> bool:
    fields = custom_fields_of(sim)
    return fields is None or now - fields.read_at > OLD


def obstacle_to(sim: Sim, verb: Verb) -> Obstacle | None:
    """What stands against the verb as far as our copy knows; no query for a SIM read with its holders."""
    if why := why_not(sim.status, verb):
        return Obstacle(why)
    protection = protection_of(sim)
    if protection and verb in PROTECTED_FROM:
        return Obstacle(protected_words(protection))
    link = holder_against(holders_of(sim), verb)
    return Obstacle(held_words(link.holder), link) if link and link.holder else None


# What each verb brings about as long as nobody has chosen what exactly.
GENERAL = {
    Verb.CHANGE_PLAN: [
        "Now: a new period starts and is charged at once, and what is left of the old one may be lost.",
        "With the next cycle: the present plan runs out first; until then no other plan change is taken.",
    ],
    Verb.ADD_PACKAGE: ["The package is bought once, at once. It cannot be given back."],
    Verb.APN: [
        "Opened: devices may connect over it, and what they use counts.",
        "Closed: devices lose their connection over it until it is opened again.",
    ],
    Verb.CUSTOM_FIELDS: ["Only the texts that you change are written anew at the carrier.", "It costs nothing."],
}
NEEDED = {Verb.CHANGE_PLAN: ("package",), Verb.ADD_PACKAGE: ("package",), Verb.APN: ("apn", "apn_status")}


def told_before(sim: Sim, verb: Verb, wanted: dict[str, Any]) -> list[str]:
    """What will change, cost, start and end, in words; in general where not all has been chosen yet."""
    is_chosen = all(wanted.get(name) for name in NEEDED.get(verb, ()))
    if verb == Verb.CUSTOM_FIELDS and not wanted:
        is_chosen = False
    return consequences(sim, verb, wanted) if is_chosen else GENERAL[verb]
