"""One SIM as its page prints it: everything the carrier says of it, each part with its age."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from enterprise.models import ServicePackage
from sims.ages import read_times
from sims.custom_fields import custom_fields_of
from sims.freshness import is_late
from sims.history import history_of, is_due, newest_rows
from sims.models import HistoryRead, Sim, SimCustomFields
from sims.pace import Off, Pace, pace_of
from sims.rows import packages_of
from sims.standing import OFF, Note, OffSpan, StatusChange, notes_on, off_spans, status_changes
from sims.story import Cursor, Group, Story, story_of
from sims.usage import Usage, usage_of, zone
from sims.usage_chart import chart_data, chart_words
from toolkit import figures

ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth")
NUMBERS = (("imei", "IMEI"), ("imsi", "IMSI"), ("msisdn", "Phone number"))
# A package of another length than the billing cycle has no share of its allowance for a day or a cycle.
ONE_CYCLE = ("MONTH", 1)


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    name: str = ""
    is_identifier: bool = True
    missing: str = "not reported"


@dataclass(frozen=True, slots=True)
class Profile:
    """The numbers of one profile: the first stands under the ICCID, the others say in their title what is missing."""

    facts: list[Fact]
    title: str = ""
    missing: str = ""


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
    def cycle_allowance(self) -> Decimal | None:
        """The allowance where it is for one billing cycle, as far as the catalogue says."""
        if (
            self.package is None
            or (self.package.validity_unit or "MONTH", self.package.validity_period or 1) != ONE_CYCLE
        ):
            return None
        return self.package.data_volume_mb

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
class UsageCard:
    """The cycle day by day: for the chart, for the table, and the sentence on what it leads to."""

    usage: Usage
    chart: str
    words: str
    pace: Pace
    passed_percent: float

    @property
    def mark(self) -> int:
        """Where today stands on a bar of 1000 units."""
        return round(self.passed_percent * 10)

    @property
    def zone(self) -> str:
        return str(zone())


@dataclass(frozen=True, slots=True)
class History:
    """How far the carrier's history has been read, and whether it is time to read it again."""

    read: HistoryRead | None
    is_due: bool
    begins_at: datetime | None
    error: str = ""

    @property
    def can_go_further(self) -> bool:
        """Whether the carrier may know of something earlier: before its sale nothing happened to a SIM."""
        return self.read is not None and (self.begins_at is None or self.read.since > self.begins_at)


@dataclass(frozen=True, slots=True)
class Portrait:
    sim: Sim
    read_at: datetime
    is_late: bool
    notes: list[Note]
    plan: Plan
    usage: UsageCard
    profiles: list[Profile]
    apns: list[Apn]
    custom_fields: SimCustomFields | None
    history: History
    story: Story
    group: Group | None = None
    is_older: bool = False


def portrait(sim: Sim, *, older: Cursor | None = None, group: Group | None = None, failed: str = "") -> Portrait:
    """All of the SIM's page, in a fixed number of queries; `failed` is why its history could not be read just now."""
    now = timezone.now()
    read_at = read_times([sim])[sim.pk]
    history = newest_rows(sim)
    changes = status_changes(sim, history)
    plan = _plan(sim, now)
    return Portrait(
        sim=sim,
        read_at=read_at,
        is_late=is_late(read_at, now),
        notes=notes_on(sim, changes),
        plan=plan,
        usage=_usage(sim, plan, changes, read_at, now),
        profiles=list(_profiles(sim)),
        apns=list(_apns(sim)),
        custom_fields=custom_fields_of(sim),
        history=History(history_of(sim), is_due(sim, now) and not failed, sim.sold_at, failed),
        story=story_of(sim, history, older=older, group=group),
        group=group,
        is_older=older is not None,
    )


def _plan(sim: Sim, now: datetime) -> Plan:
    package = packages_of([sim]).get((sim.account_id, sim.package))
    days_left = (sim.package_ends_at - now).days if sim.package_ends_at and sim.package_ends_at > now else None
    return Plan(name=sim.package, used=sim.data_usage_mb, package=package, days_left=days_left)


def _usage(sim: Sim, plan: Plan, changes: list[StatusChange], read_at: datetime, now: datetime) -> UsageCard:
    usage = usage_of(sim, now)
    cycle, allowance = usage.cycle, plan.cycle_allowance
    spans = [span for span in off_spans(sim, changes, now=now) if span.end > cycle.starts_at]
    return UsageCard(
        usage=usage,
        chart=chart_data(usage, now=now, per_day=allowance and allowance / cycle.length, off=spans),
        words=chart_words(usage),
        pace=pace_of(
            used=sim.data_usage_mb,
            read_at=read_at,
            origin=usage.origin,
            cycle=cycle,
            allowance=allowance,
            off=_off(sim, spans),
        ),
        passed_percent=round(cycle.place(now) * 100 / cycle.length, 1),
    )


def _off(sim: Sim, spans: list[OffSpan]) -> Off | None:
    """The stretch without data that lasts until now: a retired SIM was suspended before."""
    if sim.status not in OFF or not spans:
        return None
    first = spans[-1]
    for span in reversed(spans):
        if span.end < first.start:
            break
        first = span
    return Off(first.label.lower(), first.start, is_final=sim.status == Sim.Status.RETIRED)


def _profiles(sim: Sim) -> Iterator[Profile]:
    first, *others = sim.devices or [{}]
    icc = Fact("ICCID", sim.giccid, "iccid")
    yield Profile([icc, *_facts(first, "")] if sim.devices else [icc])
    for place, device in enumerate(others, start=1):
        ordinal = ORDINALS[place] if place < len(ORDINALS) else f"{place + 1}th"
        missing = [label for name, label in NUMBERS if not device.get(name)]
        words = f"no {' and no '.join(missing)} reported" if missing else ""
        yield Profile([fact for fact in _facts(device, f"_{place + 1}") if fact.value], f"{ordinal} profile", words)


def _facts(device: dict[str, Any], suffix: str) -> list[Fact]:
    return [Fact(label, device.get(name) or "", f"{name}{suffix}") for name, label in NUMBERS]


def _apns(sim: Sim) -> Iterator[Apn]:
    status = {apn["name"]: apn.get("status") for apn in sim.apns}
    used = {usage["apn"]: usage.get("data_usage_mb") for usage in sim.apn_usages}
    for name in dict.fromkeys([*status, *used]):
        amount = used.get(name)
        yield Apn(name, status.get(name), None if amount is None else Decimal(str(amount)))
