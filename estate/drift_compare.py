"""Our copy of a SIM held against what the carrier shows, field by field, and what probably lies behind a difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from django.utils import timezone

from estate.models import DriftFinding
from journal.models import Event
from sims.models import OpenChange, Operation, Sim, Verb
from smarthub import models as carrier_models

Cause = DriftFinding.Cause
# A change asked for within so long may be what a difference comes from.
RECENT = timedelta(days=30)
# The carrier announces these with a push of their own.
PUSHED = ("status", "imei", "apn")
NOT_DONE = (Operation.State.FAILED, Operation.State.REFUSED, Operation.State.UNKNOWN)
WANTED_STATUS = {Verb.ACTIVATE: "ACTIVATED", Verb.SUSPEND: "DEACTIVATED", Verb.RETIRE: "RETIRED"}


class Difference(NamedTuple):
    """A field, and its value here and there as text."""

    field: str
    ours: str
    theirs: str


def differences(sim: Sim, seen: carrier_models.Sim) -> list[Difference]:
    """What differs; usage is left out, because it moves by itself."""
    package = seen.package
    pairs = [
        ("status", sim.status, seen.status),
        ("package", sim.package, package.name if package else ""),
        ("package_started", sim.package_started_at, package.started_at if package else None),
        ("package_ends", sim.package_ends_at, package.ends_at if package else None),
        ("sold", sim.sold_at, seen.sold_at),
        ("activated", sim.activated_at, seen.activated_at),
    ]
    plain = [Difference(field, _text(ours), _text(theirs)) for field, ours, theirs in pairs if ours != theirs]
    return [*plain, *_apns(sim, seen), *_devices(sim, seen)]


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "" if value is None else str(value)


def _apns(sim: Sim, seen: carrier_models.Sim) -> Iterator[Difference]:
    ours = {apn["name"]: apn.get("status") or "" for apn in sim.apns}
    theirs = {apn.name: apn.status for apn in seen.apns}
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            yield Difference(f"apn {name}"[:32], ours.get(name) or "", theirs.get(name) or "")


def _devices(sim: Sim, seen: carrier_models.Sim) -> Iterator[Difference]:
    shown: list[dict[str, Any]] = msgspec.to_builtins(seen.devices)
    for place in range(max(len(sim.devices), len(shown))):
        ours = sim.devices[place] if place < len(sim.devices) else {}
        theirs = shown[place] if place < len(shown) else {}
        for name in ("imei", "imsi", "msisdn"):
            if (ours.get(name) or None) != (theirs.get(name) or None):
                yield Difference(name, ours.get(name) or "", theirs.get(name) or "")


@dataclass(slots=True)
class Suspects:
    """What may lie behind differences: open changes and recent operations of these SIMs, and whether pushes come."""

    open_changes: dict[int, OpenChange]
    operations: dict[int, list[Operation]]
    has_pushes: bool

    @classmethod
    def of(cls, sim_ids: Iterable[int]) -> Suspects:
        """Three queries for any number of SIMs."""
        ids = list(sim_ids)
        since = timezone.now() - RECENT
        operations: dict[int, list[Operation]] = {}
        for operation in Operation.objects.filter(sim__in=ids, created_at__gte=since).order_by("-id"):
            operations.setdefault(operation.sim_id, []).append(operation)
        pushed = Event.objects.filter(cause_kind=Event.Cause.PUSH, recorded_at__gte=since)
        return cls(OpenChange.objects.in_bulk(ids), operations, pushed.exists())

    def behind(self, sim_id: int, found: Difference) -> tuple[Cause, str]:
        """The likely cause and what tells it: a change of ours first, then a push that did not come."""
        if change := self.open_changes.get(sim_id):
            return Cause.UNDER_WAY, f"A change of ours is open: {change.get_verb_display().lower()}."
        for operation in self.operations.get(sim_id, []):
            if told := _told_by(operation, found):
                return Cause.FAILED_WRITE, told
        if found.field.split(" ")[0] in PUSHED and self.has_pushes:
            return Cause.MISSED_PUSH, "The carrier announces such a change by a push, and none led to a read."
        if self.has_pushes:
            return Cause.OUTSIDE, "Nothing of ours asked for it, and the carrier has no push for it."
        return Cause.OUTSIDE, "Nothing of ours asked for it, and no pushes come that would have told."


def _told_by(operation: Operation, found: Difference) -> str:
    wanted = _wanted(operation, found.field)
    if wanted is None:
        return ""
    state, number = operation.get_state_display().lower(), operation.pk
    if operation.state == Operation.State.DONE and found.ours == wanted:
        return f"Operation {number} was believed done, but the carrier does not show it."
    if operation.state in NOT_DONE and found.theirs == wanted:
        return f"Operation {number} is {state} here, yet the carrier carried it out."
    return ""


def _wanted(operation: Operation, field: str) -> str | None:
    """What the operation would have made of the field; None where it does not touch it."""
    verb = Verb(operation.verb)
    if field == "status":
        return WANTED_STATUS.get(verb)
    if field == "package" and verb == Verb.CHANGE_PLAN:
        return str(operation.wanted.get("package", ""))
    if verb == Verb.APN and field == f"apn {operation.wanted.get('apn', '')}"[:32]:
        return str(operation.wanted.get("apn_status", ""))
    return None
