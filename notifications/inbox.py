"""The inbox: every push as it came and what became of it, newest first; those not taken apart yet among them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from django.db.models import Model, Q, QuerySet

from journal.feed import Scope
from notifications.ids import received_at
from notifications.models import Push, PushKey, Untaken
from sims.identifiers import compact
from sims.lookup import find_sims
from sims.models import Sim

SIZE = 50
COUNTED = 10_000
MOST_SIMS = 200
BIGGEST = 2**63 - 1
Row = TypeVar("Row", bound=Model)


class Place(NamedTuple):
    """What names a push, and where it stands in the order: its delivery, and its place in that."""

    delivery_id: int
    place: int = 0

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """None for what can be no push."""
        found = re.fullmatch(r"(\d{1,19})(?:-(\d{1,5}))?", text, re.ASCII)
        if found is None or int(found[1]) > BIGGEST or int(found[2] or 0) > 32767:
            return None
        return cls(int(found[1]), int(found[2] or 0))

    @property
    def key(self) -> tuple[datetime, int, int]:
        return received_at(self.delivery_id), self.delivery_id, self.place

    def __str__(self) -> str:
        return f"{self.delivery_id}-{self.place}" if self.place else str(self.delivery_id)


@dataclass(frozen=True, slots=True)
class InboxFilter:
    text: str = ""
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    is_impossible: bool = False


@dataclass(slots=True)
class InboxPage:
    pushes: list[Push]
    older: str = ""
    newer: str = ""


def pushes_of(asked: InboxFilter, scope: Scope) -> QuerySet[Push]:
    """The pushes taken apart that a filter means; with a scope only those about SIMs of its accounts."""
    if asked.is_impossible:
        return Push.objects.none()
    pushes = Push.objects.filter(_between(asked), *_if(asked.states, Q(state__in=asked.states)))
    if scope is not None:
        pushes = pushes.filter(sim_id__in=Sim.objects.filter(account_id__in=scope).values("pk"))
    return pushes.filter(_named(asked.text)) if asked.text else pushes


def untaken_of(asked: InboxFilter, scope: Scope) -> QuerySet[Untaken]:
    """Deliveries that wait to be taken apart: what they are about is not known yet."""
    is_about_others = bool(asked.states and Push.State.RECEIVED not in asked.states)
    if asked.is_impossible or asked.text or scope is not None or is_about_others:
        return Untaken.objects.none()
    return Untaken.objects.filter(_between(asked))


def page_of_inbox(
    asked: InboxFilter, scope: Scope, *, after: Place | None = None, before: Place | None = None
) -> InboxPage:
    """A page, newest first: older than `after`, or newer than `before`."""
    is_backward = before is not None and after is None
    place = after or before
    pushes = _cut(pushes_of(asked, scope), place.key if place else None, "delivery_id", is_backward, with_place=True)
    untaken = _cut(untaken_of(asked, scope), place.key[:2] if place else None, "id", is_backward)
    found = [*pushes, *map(_as_push, untaken)]
    found.sort(key=lambda push: (push.delivery_id, push.place), reverse=not is_backward)
    has_more, shown = len(found) > SIZE, found[:SIZE]
    if is_backward:
        shown.reverse()
    if not shown:
        return InboxPage([])
    return InboxPage(
        shown,
        older=shown[-1].label if has_more or is_backward else "",
        newer=shown[0].label if (has_more if is_backward else after) else "",
    )


def count_of_inbox(asked: InboxFilter, scope: Scope) -> int:
    """How many there are, `COUNTED` + 1 for more than that."""
    pushes = pushes_of(asked, scope).values("place")[: COUNTED + 1].count()
    return pushes + untaken_of(asked, scope).values("id")[: COUNTED + 1].count()


def count_of_state(state: str) -> int:
    """The same for one of the states that are few, over all time."""
    few: int = Push.objects.filter(state=state).values("place")[: COUNTED + 1].count()
    return few


def find_push(place: Place, scope: Scope) -> Push | None:
    """One push, or its delivery as one that was just received."""
    found = pushes_of(InboxFilter(), scope).filter(pk=place.key).first()
    if found is None and not place.place:
        waiting = untaken_of(InboxFilter(), scope).filter(pk=place.key[:2]).first()
        return _as_push(waiting) if waiting else None
    return found


def arrivals(pushes: list[Push]) -> dict[tuple[str, str], int]:
    """How often each of these came, by kind and key."""
    repeated = [push for push in pushes if push.event_key]
    keys = PushKey.objects.filter(slug__in={p.slug for p in repeated}, key__in={p.event_key for p in repeated})
    return {(slug, key): times for slug, key, times in keys.values_list("slug", "key", "times")} if repeated else {}


def _as_push(waiting: Untaken) -> Push:
    return Push(
        received_at=waiting.received_at,
        delivery_id=waiting.id,
        place=0,
        slug=waiting.slug,
        event_key="",
        state=Push.State.RECEIVED,
        note="Not taken apart yet",
    )


def _between(asked: InboxFilter) -> Q:
    found = Q()
    if asked.kinds:
        found &= Q(slug__in=asked.kinds)
    if asked.since:
        found &= Q(received_at__gte=asked.since)
    if asked.until:
        found &= Q(received_at__lt=asked.until)
    return found


def _if(given: object, found: Q) -> tuple[Q, ...]:
    return (found,) if given else ()


def _named(text: str) -> Q:
    """By event id, by number of the push, or by any number of its SIM."""
    place, whole = Place.parse(text), compact(text)
    found = Q(event_key=text)
    if place is not None:
        found |= Q(received_at=place.key[0], delivery_id=place.delivery_id)
    giccids = {whole} if whole else set()
    hits = find_sims(text, limit=MOST_SIMS)
    giccids |= set(Sim.objects.filter(pk__in=hits.sim_ids).values_list("giccid", flat=True)) if hits.sim_ids else set()
    return found | Q(giccid__in=giccids) if giccids else found


def _cut(
    rows: QuerySet[Row], key: tuple[object, ...] | None, name: str, is_backward: bool, *, with_place: bool = False
) -> list[Row]:
    if key is not None:
        rows = rows.filter(**{f"pk__{'gt' if is_backward else 'lt'}": key})
    order = ["received_at", name, *(["place"] if with_place else [])]
    return list(rows.order_by(*(each if is_backward else f"-{each}" for each in order))[: SIZE + 1])
