"""A SIM as the list prints it: every value prepared, so that the template only prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone

from enterprise.models import ServicePackage
from sims.ages import read_times
from sims.freshness import is_late
from sims.models import Sim
from toolkit.states import state_of

Packages = Mapping[tuple[int | None, str], ServicePackage]


@dataclass(frozen=True, slots=True)
class SimRow:
    giccid: str
    url: str
    status: str
    status_word: str
    is_missing: bool
    account: str
    package: str
    used: Decimal | None
    allowance: Decimal | None
    has_no_limit: bool
    ends_at: datetime | None
    has_no_end: bool
    read_at: datetime
    is_late: bool


def rows_for(sims: Sequence[Sim]) -> list[SimRow]:
    """The rows of a screen; two queries however many there are."""
    now, packages, ages = timezone.now(), packages_of(sims), read_times(sims)
    return [_row(sim, packages.get((sim.account_id, sim.package)), ages[sim.pk], now) for sim in sims]


def packages_of(sims: Sequence[Sim]) -> Packages:
    """The catalogue's entries for the packages on these SIMs, by account and name; one query."""
    names = {sim.package for sim in sims if sim.package}
    if not names:
        return {}
    accounts = {sim.account_id for sim in sims if sim.account_id}
    found = ServicePackage.objects.filter(account__in=accounts, name__in=names)
    return {(package.account_id, package.name): package for package in found}


def _row(sim: Sim, package: ServicePackage | None, read_at: datetime, now: datetime) -> SimRow:
    return SimRow(
        giccid=sim.giccid,
        url=reverse("sims:detail", args=[sim.giccid]),
        status=sim.status,
        status_word=state_of("sim", sim.status).label,
        is_missing=sim.is_missing,
        account=sim.account.name if sim.account else "",
        package=sim.package,
        used=sim.data_usage_mb,
        allowance=package.data_volume_mb if package else None,
        has_no_limit=package is not None and package.data_volume_mb is None,
        ends_at=sim.package_ends_at,
        has_no_end=bool(sim.package) and sim.package_ends_at is None,
        read_at=read_at,
        is_late=is_late(read_at, now),
    )
