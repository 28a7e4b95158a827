"""What a change will bring about, in words: what changes, what it costs, what starts and what ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone

from enterprise.models import ServicePackage
from sims.changes.checks import package_of
from sims.models import Sim, SimCustomFields, Verb
from toolkit.figures import count, plural, volume

Wanted = Mapping[str, Any]
UNIT_WORDS = {"DAY": ("day", "days"), "MONTH": ("month", "months"), "YEAR": ("year", "years")}


def consequences(sim: Sim, verb: Verb, wanted: Wanted) -> list[str]:
    """Sentences for the confirmation; one query where a package is involved."""
    return WORDS[Verb(verb)](sim, wanted)


def _activate(sim: Sim, wanted: Wanted) -> list[str]:
    said = ["It can move data as soon as the carrier shows it active."]
    if sim.activated_at is None and sim.package:
        said.append(
            f"It is activated for the first time: the plan {sim.package} and its billing start now{_period(sim)}."
        )
    elif sim.package:
        said.append(f"Billing of the plan {sim.package} goes on; a plan that has ended starts anew.")
    else:
        said.append("It has no plan; billing starts as the carrier’s tariff says.")
    return said


def _period(sim: Sim) -> str:
    package = package_of(sim, sim.package)
    return f" {_cost(package)}" if package and _cost(package) else ""


def _suspend(sim: Sim, wanted: Wanted) -> list[str]:
    return [
        "It moves no data and gets no SMS until it is activated again.",
        "The plan and its period go on, and so may what they cost.",
    ]


def _retire(sim: Sim, wanted: Wanted) -> list[str]:
    said = ["This is final: the carrier activates no SIM again that is retired."]
    if sim.package:
        said.append(f"The plan {sim.package} ends at once{_unused(sim)}.")
    if opened := sum(apn.get("status") == "OPEN" for apn in sim.apns):
        said.append(f"{plural(opened, 'APN closes', 'APNs close')}.")
    return said


def _unused(sim: Sim) -> str:
    """With 9 days and 28.80 MB unused, as far as both are known."""
    parts, package = [], package_of(sim, sim.package)
    days = (sim.package_ends_at - timezone.now()).days if sim.package_ends_at else 0
    if days > 0:
        parts.append(plural(days, "day", "days"))
    if package and package.data_volume_mb is not None and sim.data_usage_mb is not None:
        parts += [volume(rest)] if (rest := package.data_volume_mb - sim.data_usage_mb) > 0 else []
    return f", with {' and '.join(parts)} unused" if parts else ""


def _change_plan(sim: Sim, wanted: Wanted) -> list[str]:
    name = wanted.get("package", "")
    package = package_of(sim, str(name))
    cost = f" {_cost(package)}" if package and _cost(package) else ""
    if wanted.get("effective") == "next-cycle":
        return [
            f"From the next cycle on the plan is {name}{cost}; until then it stays {sim.package or 'as it is'}.",
            "Until then no other plan change of this SIM is taken.",
        ]
    ends = f"The plan {sim.package} ends at once; what is left of it may be lost."
    return [f"A new period of {name} starts now{cost}.", ends if sim.package else "It has no plan now."]


def _add_package(sim: Sim, wanted: Wanted) -> list[str]:
    name = wanted.get("package", "")
    package = package_of(sim, str(name))
    cost = f" {_cost(package)}" if package and _cost(package) else ""
    return [f"The package {name} is bought now{cost}.", "It cannot be given back."]


def _apn(sim: Sim, wanted: Wanted) -> list[str]:
    if str(wanted.get("apn_status", "")).upper() == "CLOSED":
        return [f"Devices lose their connection over the APN {wanted.get('apn')} until it is opened again."]
    return [f"Devices may connect over the APN {wanted.get('apn')}; what they use counts."]


def _custom_fields(sim: Sim, wanted: Wanted) -> list[str]:
    names = [name for name in SimCustomFields.NAMES if name in wanted]
    if len(names) == 1:
        return ["One text at the carrier is written anew; the others stay.", "It costs nothing."]
    return [f"{count(len(names))} texts at the carrier are written anew; the others stay.", "It costs nothing."]


def _cost(package: ServicePackage) -> str:
    """For 1.20 USD and 1 month, as far as the catalogue tells."""
    parts = []
    if package.price is not None:
        parts.append(f"for {package.price:.2f} {package.currency}".strip())
    if package.validity_period and package.validity_unit in UNIT_WORDS:
        unit = UNIT_WORDS[package.validity_unit][package.validity_period != 1]
        parts.append(f"for {package.validity_period} {unit}")
    return " ".join(parts)


WORDS: dict[Verb, Callable[[Sim, Wanted], list[str]]] = {
    Verb.ACTIVATE: _activate,
    Verb.SUSPEND: _suspend,
    Verb.RETIRE: _retire,
    Verb.CHANGE_PLAN: _change_plan,
    Verb.ADD_PACKAGE: _add_package,
    Verb.APN: _apn,
    Verb.CUSTOM_FIELDS: _custom_fields,
}
