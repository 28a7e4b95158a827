"""What each kind of push says: one function a kind, of its values and the SIM as it was just read. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sims.identifiers import normalise
from sims.models import Sim, SimIdentifier
from toolkit.figures import count
from toolkit.states import state_of

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Proof:
    """The journal's event that would show the same thing; `data` is what it holds."""

    kind: str
    data: dict[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """`note` says what it led to. `tells` is written to the journal, with a `proof` only where that is not there."""

    note: str
    tells: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    proof: Proof | None = None


def _cycle_usage(values: Values, sim: Sim | None, received_at: datetime) -> Finding:
    kind = (values["usage_type"] or "DATA").upper()
    unit = {"DATA": " MB", "SMS": " messages", "VOICE": " minutes"}.get(kind, "")
    note = f"{used_words(values['usage'], values['threshold'], unit)} in this cycle"
    return Finding(note, "push.usage", {"unit": unit, **_kept(values, "usage", "threshold", "rule", "cycle_ends_at")})


def _prepaid_traffic(values: Values, sim: Sim | None, received_at: datetime) -> Finding:
    note = used_words(values["usage"], values["volume"], " MB")
    return Finding(note, "push.traffic", _kept(values, "usage", "volume", "percent", "package", "rule"))


def _no_session(values: Values, sim: Sim | None, received_at: datetime) -> Finding:
    return Finding(silence_words(values["hours"]), "push.no_session", _kept(values, "hours", "last_at", "rule"))


def _prepaid_expired(values: Values, sim: Sim | None, received_at: datetime) -> Finding:
    """The name says expired, the meaning is about to: the end decides, held against our clock."""
    ends_at = values["ends_at"]
    has_ended = ends_at <= received_at if ends_at else (values["days"] or 0) <= 0
    data = _kept(values, "package", "ends_at", "days", "rule")
    note = "The plan has ended" if has_ended else ending_words(values["days"])
    return Finding(note, "push.plan_ended" if has_ended else "push.plan_ending", data)


def _imei_change(values: Values, sim: Sim | None, received_at: datetime) -> Finding:
    new = values["new"]
    if not new:
        return Finding("IMEI changed; the push does not say to which", "push.imei", _kept(values, "old", "new", "imsi"))
    proof = Proof("sim.imei", {"new": normalise(SimIdentifier.Kind.IMEI, new)})
    return Finding("IMEI changed", "push.imei", _kept(values, "old", "new", "imsi"), proof)


def _sim_status(values: Values, sim: Sim | None, received_at: datetime) -> Finding:
    new = values["new"]
    if not new:
        return Finding("Status changed; the push does not say to which")
    old, label = values["old"], state_of("sim", new).label
    note = f"Status {state_of('sim', old).label} to {label}" if old else f"Status {label}"
    is_so = sim is not None and sim.status == new
    tells = "" if is_so else "push.status"
    return Finding(note, tells, _kept(values, "old", "new", "reason"), Proof("sim.status", {"new": new}))


def _apn_status(values: Values, sim: Sim | None, received_at: datetime) -> Finding:
    apn, new = values["apn"], values["new"]
    if not apn or not new:
        return Finding("An APN changed; the push does not say to what")
    note = f"{apn} {state_of('apn', new).label.lower()}"
    is_so = sim is not None and {"name": apn, "status": new}.items() <= _apn(sim, apn).items()
    proof = Proof("sim.apn", {"apn": apn, "new": new})
    return Finding(note, "" if is_so else "push.apn", _kept(values, "apn", "old", "new"), proof)


FINDERS: MappingProxyType[str, Callable[[Values, Sim | None, datetime], Finding]] = MappingProxyType(
    {
        "cycle-usage": _cycle_usage,
        "imei-change": _imei_change,
        "no-session": _no_session,
        "prepaid-expired": _prepaid_expired,
        "prepaid-traffic": _prepaid_traffic,
        "sim-status": _sim_status,
        "apn-status": _apn_status,
    }
)


def used_words(used: Decimal | None, of: Decimal | None, unit: str) -> str:
    """80.4 MB of 80 MB used."""
    if used is None:
        return f"The mark of {number_words(of)}{unit} was passed" if of is not None else "A mark was passed"
    if of is None:
        return f"{number_words(used)}{unit} used"
    return f"{number_words(used)}{unit} of {number_words(of)}{unit} used"


def silence_words(hours: Decimal | None) -> str:
    return "No connection for a long time" if hours is None else f"No connection for {number_words(hours)} h"


def ending_words(days: int | None) -> str:
    if days is None or days < 0:
        return "The plan ends soon"
    return "The plan ends today" if days == 0 else f"The plan ends in {count(days)} {'day' if days == 1 else 'days'}"


def number_words(value: Decimal | None) -> str:
    """80.4 and 1,024, never 80.40 or 1.024E+3."""
    if value is None:
        return "?"
    text = f"{value:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def _kept(values: Values, *names: str) -> dict[str, Any]:
    return {name: values[name] for name in names if values.get(name) is not None}


def _apn(sim: Sim, name: str) -> dict[str, Any]:
    return next((apn for apn in sim.apns if apn.get("name") == name), {})
