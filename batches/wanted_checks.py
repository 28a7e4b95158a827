"""Whether a kind can use what it was given; what depends on the single SIM is a verdict of the dry run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batches.kinds import Kind
from batches.selection import CannotPlan
from sims.changes.checks import APN_STATUSES, EFFECTIVE, LONGEST_CUSTOM_FIELD
from sims.models import SimCustomFields

LONGEST_NAME = 200


def clean(kind: Kind, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the kind needs of `wanted`, and nothing else. Raises CannotPlan."""
    if kind.why_not is not None:
        return _own(kind, wanted)
    if kind.fields == SimCustomFields.NAMES:
        return _texts(wanted)
    found = {name: str(wanted.get(name) or "").strip() for name in kind.fields}
    for name, check in CHECKS.items():
        if name in found:
            found[name] = check(found[name])
    return found


def _own(kind: Kind, wanted: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: str(wanted.get(name) or "") for name in kind.fields}
    if kind.why_not is not None and (why := kind.why_not(found)):
        raise CannotPlan(f"{why} Nothing was planned.")
    return found


def _package(name: str) -> str:
    if not name or len(name) > LONGEST_NAME:
        raise CannotPlan("Choose a package. Nothing was planned.")
    return name


def _effective(text: str) -> str:
    if (text or "now") not in EFFECTIVE:
        raise CannotPlan("A plan changes now, or with the next cycle. Nothing was planned.")
    return text or "now"


def _apn(name: str) -> str:
    if not name or len(name) > LONGEST_NAME:
        raise CannotPlan("Say which APN. Nothing was planned.")
    return name


def _apn_status(text: str) -> str:
    if text.upper() not in APN_STATUSES:
        raise CannotPlan("An APN is opened or closed: OPEN or CLOSED. Nothing was planned.")
    return text.upper()


def _texts(wanted: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: str(wanted[name] or "") for name in SimCustomFields.NAMES if wanted.get(name) is not None}
    if not texts:
        raise CannotPlan("No custom field was given. Nothing was planned.")
    for name, text in texts.items():
        if len(text) > LONGEST_CUSTOM_FIELD:
            raise CannotPlan(
                f"{name.capitalize()} has {len(text)} characters; the carrier takes at most {LONGEST_CUSTOM_FIELD}."
            )
    return dict(texts)


CHECKS = {"package": _package, "effective": _effective, "apn": _apn, "apn_status": _apn_status}
