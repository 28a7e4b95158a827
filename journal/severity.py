"""How much an event matters, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from journal.models import Event

INFO, WARNING, CRITICAL = Event.Severity.INFO.value, Event.Severity.WARNING.value, Event.Severity.CRITICAL.value

SEVERITIES: dict[str, str] = {
    "sim.status": INFO,
    "sim.package": INFO,
    "sim.period": INFO,
    "sim.account": WARNING,
    "sim.imei": WARNING,
    "sim.imsi": WARNING,
    "sim.msisdn": WARNING,
    "sim.apn": INFO,
    "sim.activated": INFO,
    "sim.sold": INFO,
    "sim.missing": WARNING,
    "sim.returned": INFO,
    "sms.failed": WARNING,
    "sms.unknown": WARNING,
    "push.usage": WARNING,
    "push.traffic": WARNING,
    "push.no_session": WARNING,
    "push.plan_ending": WARNING,
    "push.plan_ended": CRITICAL,
    "push.imei": WARNING,
    "push.status": INFO,
    "push.apn": INFO,
    "pool.warning": WARNING,
    "pool.shortfall": WARNING,
    "pool.critical": CRITICAL,
    "pool.empty": CRITICAL,
}

BY_NEW_VALUE: dict[tuple[str, str], str] = {
    ("sim.operation", "refused"): WARNING,
    ("sim.operation", "failed"): WARNING,
    ("sim.operation", "unknown"): WARNING,
    ("sim.batch", "failed"): WARNING,
    ("sim.batch", "unknown"): WARNING,
    ("sim.status", "DEACTIVATED"): WARNING,
    ("sim.status", "RETIRED"): WARNING,
}


def severity_of(kind: str, data: Mapping[str, Any]) -> str:
    """The severity of an event; a kind that is not in the table is info."""
    by_value = BY_NEW_VALUE.get((kind, str(data.get("new", data.get("state")))))
    return by_value or SEVERITIES.get(kind, INFO)
