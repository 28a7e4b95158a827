"""The packages a SIM can be put on: what its account's catalogue holds now, and why a name is none of it."""

from __future__ import annotations

from enterprise.models import ServicePackage
from sims.models import Sim
from toolkit.figures import volume
from toolkit.templatetags.look import TIME_STYLES

BASIC, SUPPLEMENTARY = "BASIC", "SUPPLEMENTARY"
# What the carrier did not type may be of either kind.
OTHER = {BASIC: SUPPLEMENTARY, SUPPLEMENTARY: BASIC}
UNITS = {"DAY": "day", "MONTH": "month", "YEAR": "year"}


def packages_for(sim: Sim, kind: str) -> list[ServicePackage]:
    """The account's packages of a kind that are still in the catalogue, by name; one query."""
    if sim.account_id is None:
        return []
    found = ServicePackage.objects.filter(account_id=sim.account_id, gone_at=None)
    return list(found.exclude(type=OTHER[kind]).order_by("name"))


def words_of(package: ServicePackage) -> str:
    """Prepaid-Basic-100M · 100 MB · 1 month · 1.20 USD; what the catalogue does not say is left out."""
    amount = "no data limit" if package.data_volume_mb is None else volume(package.data_volume_mb)
    return " · ".join(part for part in (package.name, amount, _term(package), _price(package)) if part)


def _term(package: ServicePackage) -> str:
    unit = UNITS.get(package.validity_unit, package.validity_unit.lower())
    if not package.validity_period or not unit:
        return ""
    return f"{package.validity_period} {unit}{'s' if package.validity_period > 1 else ''}"


def _price(package: ServicePackage) -> str:
    return "" if package.price is None else f"{package.price} {package.currency}".strip()


def why_no_package(sim: Sim, name: str, kind: str) -> str:
    """Why this name is no package to choose, "" where it is one, or where the catalogue has never been read."""
    if sim.account is None:
        return ""
    catalogue = ServicePackage.objects.filter(account=sim.account)
    package = catalogue.filter(name=name).first()
    if package is None:
        is_read = catalogue.exists()
        return f"{sim.account.name} has no package of this name." if is_read else ""
    if package.gone_at is not None:
        there = package.read_at.strftime(TIME_STYLES["full"])
        return f"{sim.account.name} has no package of this name any more. It was there on {there} UTC."
    if package.type == OTHER[kind]:
        return WRONG_KIND[kind]
    return ""


WRONG_KIND = {
    BASIC: "This is a supplementary package: it is added to a plan and cannot be one.",
    SUPPLEMENTARY: "This is a basic package: it can be the plan of a SIM and cannot be added to one.",
}
