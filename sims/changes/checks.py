"""What stands against a change before anything is written: in words, for the person who asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Q

from enterprise.models import ServicePackage
from sims.changes.legality import why_not
from sims.changes.locks import Holder
from sims.models import Protection, Sim, SimCustomFields, Verb
from toolkit.states import state_of

EFFECTIVE = ("now", "next-cycle")
APN_STATUSES = ("OPEN", "CLOSED")
LONGEST_CUSTOM_FIELD = 100
PACKAGE_TYPES = {Verb.CHANGE_PLAN: "BASIC", Verb.ADD_PACKAGE: "SUPPLEMENTARY"}
PROTECTED_FROM = (Verb.SUSPEND, Verb.RETIRE)

Wanted = Mapping[str, Any]


class Refused(Exception):
    """The change was not begun: `why` is a sentence for people, `holder` the other change that is in the way."""

    def __init__(self, why: str, holder: Holder | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.holder = holder


def check(sim: Sim, verb: Verb, wanted: Wanted) -> dict[str, Any]:
    """What the verb needs of `wanted`, held against our copy. Raises Refused."""
    if why := why_not(sim.status, verb):
        raise Refused(why)
    if verb in PROTECTED_FROM and (protection := Protection.objects.select_related("by").filter(sim=sim).first()):
        raise Refused(protected_words(protection))
    return CHECKS[verb](sim, verb, wanted) if verb in CHECKS else {}


def protected_words(protection: Protection) -> str:
    """Who protects the SIM, and why."""
    who = protection.by.display_name if protection.by else "Somebody who is gone"
    why = f": {protection.reason}" if protection.reason else ""
    return f"{who} protects this SIM from being suspended and retired{why}. Lift the protection first."


def package_of(sim: Sim, name: str) -> ServicePackage | None:
    """The package of this name in the SIM's account, as long as the carrier offers it."""
    if sim.account_id is None:
        return None
    return ServicePackage.objects.filter(account_id=sim.account_id, name=name, gone_at=None).first()


def _package(sim: Sim, verb: Verb, wanted: Wanted) -> dict[str, Any]:
    name = str(wanted.get("package") or "")
    if not name:
        raise Refused("Choose a package first.")
    _is_offered(sim, verb, name)
    if verb == Verb.ADD_PACKAGE:
        return {"package": name}
    if sim.package == name:
        raise Refused(f"It has the plan {name} already.")
    effective = str(wanted.get("effective") or "now")
    if effective not in EFFECTIVE:
        raise Refused("A plan changes now, or with the next cycle.")
    return {"package": name, "effective": effective}


def _is_offered(sim: Sim, verb: Verb, name: str) -> None:
    """Refuses what the catalogue of the account does not have; an account without a catalogue refuses nothing."""
    if sim.account_id is None:
        return
    kind = PACKAGE_TYPES[verb]
    offered = ServicePackage.objects.filter(Q(type=kind) | Q(type=""), account_id=sim.account_id, gone_at=None)
    if not offered.filter(name=name).exists() and ServicePackage.objects.filter(account_id=sim.account_id).exists():
        what = "supplementary package" if verb == Verb.ADD_PACKAGE else "plan"
        raise Refused(f"The carrier offers no {what} {name} to the account {sim.account}. Choose another.")


def _apn(sim: Sim, verb: Verb, wanted: Wanted) -> dict[str, Any]:
    name, status = str(wanted.get("apn") or ""), str(wanted.get("apn_status") or "").upper()
    present = {str(apn.get("name")): str(apn.get("status")) for apn in sim.apns}
    if name not in present:
        raise Refused(f"The APN {name} is not on this SIM." if name else "Choose an APN first.")
    if status not in APN_STATUSES:
        raise Refused("An APN is opened or closed.")
    if present[name] == status:
        raise Refused(f"The APN {name} is {state_of('apn', status).label.lower()} already.")
    return {"apn": name, "apn_status": status}


def _custom_fields(sim: Sim, verb: Verb, wanted: Wanted) -> dict[str, Any]:
    texts = {name: str(wanted[name] or "") for name in SimCustomFields.NAMES if name in wanted}
    if not texts:
        raise Refused("No custom field was changed.")
    for name, text in texts.items():
        if len(text) > LONGEST_CUSTOM_FIELD:
            raise Refused(
                f"{name.capitalize()} has {len(text)} characters; the carrier takes at most {LONGEST_CUSTOM_FIELD}."
            )
    return dict(texts)


CHECKS: dict[Verb, Callable[[Sim, Verb, Wanted], dict[str, Any]]] = {
    Verb.CHANGE_PLAN: _package,
    Verb.ADD_PACKAGE: _package,
    Verb.APN: _apn,
    Verb.CUSTOM_FIELDS: _custom_fields,
}
