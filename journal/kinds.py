"""What each kind of event is called where kinds are chosen from, as a table."""

from __future__ import annotations

from journal.severity import SEVERITIES

LABELS: dict[str, str] = {
    "sim.status": "SIM status",
    "sim.package": "Plan",
    "sim.period": "Dates of a plan",
    "sim.account": "Account",
    "sim.imei": "IMEI",
    "sim.imsi": "IMSI",
    "sim.msisdn": "Phone number",
    "sim.apn": "APN",
    "sim.activated": "First activation",
    "sim.sold": "Sale",
    "sim.missing": "SIM missing",
    "sim.returned": "SIM back again",
    "sim.note": "Note",
    "sim.operation": "Operation",
    "sim.protection": "Protection",
    "sim.batch": "Batch",
    "sms.received": "SMS received",
    "sms.failed": "SMS failed",
    "sms.unknown": "SMS unknown",
    "pool.warning": "Share pool warned",
    "pool.shortfall": "Share pool short",
    "pool.critical": "Share pool critical",
    "pool.empty": "Share pool empty",
    "push.usage": "Usage of the cycle",
    "push.traffic": "Prepaid traffic",
    "push.no_session": "No connection",
    "push.plan_ending": "Plan about to end",
    "push.plan_ended": "Plan ended",
    "push.imei": "IMEI, as pushed",
    "push.status": "SIM status, as pushed",
    "push.apn": "APN, as pushed",
}


def label_of(kind: str) -> str:
    """The kind in words; one that the table does not know is its own name, read as words."""
    return LABELS.get(kind) or kind.replace(".", " ").replace("_", " ").replace("-", " ").capitalize()


def known_kinds() -> list[str]:
    """Every kind some table knows, in the order of the words people see."""
    return sorted({*LABELS, *SEVERITIES}, key=label_of)
