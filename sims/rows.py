"""A SIM as the list prints it: every value prepared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils import timezone

from enterprise.models import ServicePackage
from sims.ages import read_times
from sims.freshness import is_late
from sims.models import Sim, Tag
from sims.tags import tags_on
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
    allowance_words: str
    ends_at: datetime | None
    has_no_end: bool
    read_at: datetime
    is_late: bool
    tags: Sequence[Tag]
    devices: list[dict[str, Any]]
    activated_at: datetime | None
    changed_at: datetime
    sms: int | None
    voice_min: int | None
    po: str


def rows_for(sims: Sequence[Sim], *, with_tags: bool = True) -> list[SimRow]:
    """The rows of a screen; three queries however many there are."""
    now, packages, ages = timezone.now(), packages_of(sims), read_times(sims)
    tags, root = tags_on([sim.pk for sim in sims]) if with_tags and sims else {}, reverse("sims:list")
    return [
        _row(sim, f"{root}{sim.giccid}/", packages.get((sim.account_id, sim.package)), ages[sim.pk], now, tags)
        for sim in sims
    ]


def packages_of(sims: Sequence[Sim]) -> Packages:
    """The catalogue's entries for the packages on these SIMs, by account and name; one query."""
    names = {sim.package for sim in sims if sim.package}
    if not names:
        return {}
    accounts = {sim.account_id for sim in sims if sim.account_id}
    found = ServicePackage.objects.filter(account__in=accounts, name__in=names)
    return {(package.account_id, package.name): package for package in found}


@lru_cache(maxsize=1024)
def _volume_words(volume_mb: Decimal | None) -> str:
    return "" if volume_mb is None else str(floatformat(volume_mb, "-3g"))


def _row(
    sim: Sim,
    url: str,
    package: ServicePackage | None,
    read_at: datetime,
    now: datetime,
    tags: Mapping[int, Sequence[Tag]],
) -> SimRow:
    allowance = package.data_volume_mb if package else None
    return SimRow(
        giccid=sim.giccid,
        url=url,
        status=sim.status,
        status_word=state_of("sim", sim.status).label,
        is_missing=sim.is_missing,
        account=sim.account.name if sim.account else "",
        package=sim.package,
        used=sim.data_usage_mb,
        allowance=allowance,
        allowance_words=_volume_words(allowance),
        ends_at=sim.package_ends_at,
        has_no_end=bool(sim.package) and sim.package_ends_at is None,
        read_at=read_at,
        is_late=is_late(read_at, now),
        tags=tags.get(sim.pk, ()),
        devices=[device for device in sim.devices if isinstance(device, dict)],
        activated_at=sim.activated_at,
        changed_at=sim.changed_at,
        sms=sim.sms_usage,
        voice_min=sim.voice_usage_min,
        po=sim.po,
    )
