"""One SIM as its page prints it: everything the carrier says of it, each part with its age."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone

from enterprise.models import ServicePackage
from journal.models import Event
from journal.story import Day, by_days, tell
from sims.ages import read_times
from sims.freshness import is_late
from sims.models import Sim
from sims.rows import packages_of
from sims.standing import Note, notes_on
from toolkit import figures
from toolkit.keyset import Page

JOURNAL_ROWS = 50
ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth")
NUMBERS = (("imei", "IMEI"), ("imsi", "IMSI"), ("msisdn", "Phone number"))


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    name: str = ""
    is_identifier: bool = True
    missing: str = "not reported"


@dataclass(frozen=True, slots=True)
class Profile:
    title: str
    facts: list[Fact]


@dataclass(frozen=True, slots=True)
class Apn:
    """An APN of the SIM, used or only allowed; None is what the carrier did not say."""

    name: str
    status: str | None
    used: Decimal | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The package with what the catalogue knows of it, and how much of it this cycle has used."""

    name: str
    used: Decimal | None
    package: ServicePackage | None
    days_left: int | None

    @property
    def allowance(self) -> Decimal | None:
        return self.package.data_volume_mb if self.package else None

    @property
    def has_no_limit(self) -> bool:
        return self.package is not None and self.package.data_volume_mb is None

    @property
    def share(self) -> int | None:
        return figures.percent(self.used, self.allowance)

    @property
    def left(self) -> str:
        """28.80 MB left, or how much over."""
        if self.used is None or self.allowance is None:
            return ""
        rest = self.allowance - self.used
        return f"{figures.volume(rest)} left" if rest >= 0 else f"{figures.volume(-rest)} over"


@dataclass(frozen=True, slots=True)
class Portrait:
    sim: Sim
    read_at: datetime
    is_late: bool
    notes: list[Note]
    plan: Plan
    icc: Fact
    profiles: list[Profile]
    apns: list[Apn]
    days: list[Day] = field(default_factory=list)
    older: str = ""
    is_older: bool = False


def portrait(sim: Sim, *, older_than: int | None = None) -> Portrait:
    """All of the SIM's page; four queries, or five where its status has to be explained."""
    now = timezone.now()
    read_at = read_times([sim])[sim.pk]
    story = journal_of(sim, older_than=older_than)
    return Portrait(
        sim=sim,
        read_at=read_at,
        is_late=is_late(read_at, now),
        notes=notes_on(sim),
        plan=_plan(sim, now),
        icc=Fact("ICCID", sim.giccid, "iccid"),
        profiles=list(_profiles(sim.devices)),
        apns=list(_apns(sim)),
        days=by_days(tell(story.rows)),
        older=story.after,
        is_older=older_than is not None,
    )


def journal_of(sim: Sim, *, older_than: int | None = None) -> Page[Event]:
    """The SIM's events, newest first, from behind one of them; what is none of its events has nothing behind it."""
    events = Event.objects.filter(sim_id=sim.pk)
    if older_than is not None:
        edge = events.filter(id=older_than).values_list("recorded_at", "id").first()
        if edge is None:
            return Page([])
        at, pk = edge
        events = events.filter(Q(recorded_at__lt=at) | Q(recorded_at=at, id__lt=pk))
    found = list(events.order_by("-recorded_at", "-id")[: JOURNAL_ROWS + 1])
    rows = found[:JOURNAL_ROWS]
    return Page(rows, after=str(rows[-1].id) if len(found) > JOURNAL_ROWS else "")


def _plan(sim: Sim, now: datetime) -> Plan:
    package = packages_of([sim]).get((sim.account_id, sim.package))
    days_left = (sim.package_ends_at - now).days if sim.package_ends_at and sim.package_ends_at > now else None
    return Plan(name=sim.package, used=sim.data_usage_mb, package=package, days_left=days_left)


def _profiles(devices: list[dict[str, Any]]) -> Iterator[Profile]:
    for place, device in enumerate(devices):
        ordinal = ORDINALS[place] if place < len(ORDINALS) else f"{place + 1}th"
        facts = [
            Fact(label, device.get(name) or "", name if place == 0 else f"{name}_{place + 1}")
            for name, label in NUMBERS
        ]
        yield Profile(f"{ordinal} profile" if len(devices) > 1 else "", facts)


def _apns(sim: Sim) -> Iterator[Apn]:
    status = {apn["name"]: apn.get("status") for apn in sim.apns}
    used = {usage["apn"]: usage.get("data_usage_mb") for usage in sim.apn_usages}
    for name in dict.fromkeys([*status, *used]):
        amount = used.get(name)
        yield Apn(name, status.get(name), None if amount is None else Decimal(str(amount)))
