"""What can be done to a SIM now, what waits for an open change, and what its status rules out, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse

from sims.change_words import HOLDING, ORDER, WORDS
from sims.changes.checks import PROTECTED_FROM, protected_words
from sims.changes.legality import why_not
from sims.changes.locks import Holder
from sims.models import Operation, Protection, Sim, Verb
from sims.operation_story import with_people
from sims.operation_words import OperationNote, note_of
from toolkit.figures import count
from toolkit.states import state_of

# What has just ended stands on the page for a while; what went wrong longer. The journal keeps both.
JUST_ENDED, WENT_WRONG = timedelta(minutes=15), timedelta(hours=24)
MOST = 10
State = Operation.State


@dataclass(frozen=True, slots=True)
class Offer:
    """One verb on the card; `why` stands instead of the button."""

    verb: str
    label: str
    icon: str
    words: str
    button: str = ""
    url: str = ""
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class HolderLink:
    """The change that is in the way, and where it stands."""

    words: str
    url: str
    holder: Holder | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """All that a SIM's page says of changing it."""

    now: list[Offer]
    waits: list[Offer]
    not_now: list[Offer]
    waits_title: str = ""
    not_title: str = ""
    notes: list[OperationNote] = field(default_factory=list)
    holder: HolderLink | None = None
    protection: Protection | None = None
    open_count: int = 0
    has_unknown: bool = False

    @property
    def can_change_apns(self) -> bool:
        return any(offer.verb == Verb.APN for offer in self.now)

    @property
    def lead(self) -> Offer | None:
        """What most people open the page for: switching the SIM on, or off."""
        return next((offer for offer in self.now if offer.verb in (Verb.ACTIVATE, Verb.SUSPEND)), None)

    @property
    def open_words(self) -> str:
        return f"{count(self.open_count)} open operation{'' if self.open_count == 1 else 's'}"


def changes_of(sim: Sim, now: datetime) -> Changes:
    """One query where the SIM came with its holders and its protection (`with_holders`)."""
    held, protection = holders_of(sim), protection_of(sim)
    operations = list(_worth_a_note(sim, now))
    open_ones = [operation for operation in operations if operation.is_open]
    sorted_ = _sorted(sim, held, protection)
    return Changes(
        **sorted_,
        waits_title=_waits_title(held),
        not_title=f"Not from {state_of('sim', sim.status).label}",
        notes=[note_of(operation, now) for operation in operations],
        holder=held[-1] if held else None,
        protection=protection,
        open_count=len(open_ones),
        has_unknown=any(operation.state == State.UNKNOWN for operation in open_ones),
    )


WITH_HOLDERS = ("open_change", "scheduled_plan", "protection", "protection__by")
"""What a SIM is read together with, so that its page costs no query for them."""


def holders_of(sim: Sim) -> list[HolderLink]:
    """What holds the SIM: a plan change of the next cycle, and the one that holds all of it (last)."""
    found = []
    if plan := getattr(sim, "scheduled_plan", None):
        holder = Holder(Verb.CHANGE_PLAN, plan.effective_at, plan.operation_id, plan.batch_uuid, is_scheduled=True)
        found.append(link_to(holder))
    if change := getattr(sim, "open_change", None):
        found.append(link_to(Holder(Verb(change.verb), change.since, change.operation_id, change.batch_uuid)))
    return found


def link_to(holder: Holder) -> HolderLink:
    if holder.operation_id:
        return link_to_operation(holder.operation_id, holder)
    return HolderLink("Open its batch", f"/batches/{holder.batch_uuid}/", holder)


def link_to_operation(operation_id: int, holder: Holder | None = None) -> HolderLink:
    url = reverse("sims:operation", args=[operation_id])
    return HolderLink(f"Open operation {operation_id}", url, holder)


def protection_of(sim: Sim) -> Protection | None:
    return getattr(sim, "protection", None)


def _worth_a_note(sim: Sim, now: datetime) -> Iterator[Operation]:
    """The open ones, what has just ended, and the last one where it went wrong; newest first."""
    recent = Q(finished_at__gte=now - WENT_WRONG)
    found = with_people(Operation.objects.filter(Q(state__in=Operation.OPEN) | recent, sim=sim)).order_by("-id")[:MOST]
    for place, operation in enumerate(found):
        operation.sim = sim
        ended = operation.finished_at
        is_bad = operation.state in (State.REFUSED, State.FAILED)
        if ended is None or (place == 0 and (is_bad or now - ended < JUST_ENDED)):
            yield operation


def _sorted(sim: Sim, held: list[HolderLink], protection: Protection | None) -> dict[str, list[Offer]]:
    groups: dict[str, list[Offer]] = {"now": [], "waits": [], "not_now": []}
    for verb in ORDER:
        if why := why_not(sim.status, verb):
            groups["not_now"].append(_refused(verb, why))
        elif protection and verb in PROTECTED_FROM:
            groups["not_now"].append(_refused(verb, protected_words(protection)))
        elif holder := holder_against(held, verb):
            if not _is_itself(holder, verb):
                groups["waits"].append(_refused(verb, _hint(sim, verb)))
        else:
            groups["now"].append(_offer(sim, verb))
    return groups


def _is_itself(link: HolderLink, verb: Verb) -> bool:
    """A verb that is under way does not wait for itself; a plan of the next cycle keeps other plans waiting."""
    return link.holder is not None and link.holder.verb == verb and not link.holder.is_scheduled


def _waits_title(held: list[HolderLink]) -> str:
    holder = held[-1].holder if held else None
    return f"Waits until {HOLDING[holder.verb]} is resolved" if holder else ""


def holder_against(held: list[HolderLink], verb: Verb) -> HolderLink | None:
    """What is in the way of this verb: a scheduled plan change only of another one."""
    against = [each for each in held if each.holder and (not each.holder.is_scheduled or verb == Verb.CHANGE_PLAN)]
    return against[-1] if against else None


def _offer(sim: Sim, verb: Verb) -> Offer:
    words = WORDS[verb]
    return Offer(
        verb=verb,
        label=words.label,
        icon=words.icon,
        words=_hint(sim, verb),
        button=BUTTONS[verb],
        url=reverse(f"sims:{verb}", args=[sim.giccid]),
        is_final=words.is_final,
    )


# "…": a page follows before anything happens.
BUTTONS = {
    Verb.ACTIVATE: "Activate…",
    Verb.SUSPEND: "Suspend…",
    Verb.RETIRE: "Retire…",
    Verb.CHANGE_PLAN: "Change…",
    Verb.ADD_PACKAGE: "Add…",
    Verb.APN: "Choose…",
    Verb.CUSTOM_FIELDS: "Edit…",
}


def _refused(verb: Verb, why: str) -> Offer:
    return Offer(verb=verb, label=WORDS[verb].label, icon=WORDS[verb].icon, words=why)


def _hint(sim: Sim, verb: Verb) -> str:
    if verb != Verb.APN or not sim.apns:
        return WORDS[verb].hint
    opened = sum(apn.get("status") == "OPEN" for apn in sim.apns)
    return f"{count(opened)} open, {count(len(sim.apns) - opened)} closed"
