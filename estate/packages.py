"""Service packages as pages show them: what they give, who is on them, and how they are used."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db import connection
from django.db.models import BooleanField, QuerySet, TextField
from django.db.models.expressions import RawSQL
from django.urls import reverse

from enterprise.models import ServicePackage
from estate.accounts import money
from estate.models import PackageUse
from toolkit.figures import count, plural, volume

TYPES = {"BASIC": "Basic", "SUPPLEMENTARY": "Supplementary"}
PAYMENTS = {"PREPAID": "Prepaid", "POSTPAID": "Postpaid"}
UNITS = {"DAY": ("day", "days"), "MONTH": ("month", "months"), "YEAR": ("year", "years")}


@dataclass(frozen=True, slots=True)
class PackageRow:
    """A package with the SIMs on it now, and how they used it when the fleet was read last."""

    package: ServicePackage
    allowance: str
    more: str
    validity: str
    price: str
    sims: int
    use: PackageUse | None
    url: str
    sims_url: str
    under_url: str
    over_url: str

    @property
    def type(self) -> str:
        return TYPES.get(self.package.type, self.package.type) or "not told"

    @property
    def payment(self) -> str:
        return PAYMENTS.get(self.package.payment_type, self.package.payment_type) or "not told"

    @property
    def is_supplementary(self) -> bool:
        """Of these the carrier does not say which SIMs have one."""
        return self.package.type == "SUPPLEMENTARY"


# As people look for one: by account, what is offered still before what is not, the basic ones first, from small to
# large, no limit last. One text, which the name makes unique, so that pages are cut by it.
PLACE = """
(SELECT lower(name) || E'\\t' || name FROM enterprise_account WHERE id = enterprise_servicepackage.account_id)
|| CASE WHEN enterprise_servicepackage.gone_at IS NULL THEN E'\\t0' ELSE E'\\t1' END
|| CASE enterprise_servicepackage.type WHEN 'BASIC' THEN '0' WHEN 'SUPPLEMENTARY' THEN '1' ELSE '2' END
|| COALESCE(to_char(enterprise_servicepackage.data_volume_mb, 'FM000000000000000.000'), '~')
|| E'\\t' || enterprise_servicepackage.name
"""


def in_order(found: QuerySet[ServicePackage]) -> QuerySet[ServicePackage]:
    """With `place`, which they are ordered by; a catalogue has hundreds of rows, so no index is behind it."""
    place = RawSQL(PLACE, (), output_field=TextField(db_collation="C"))  # noqa: S611 - no value of anybody in it
    return found.annotate(place=place).order_by("place")


def package_rows(found: list[ServicePackage]) -> list[PackageRow]:
    """Two queries for any number of packages."""
    sims = _sims_on(found)
    accounts = {package.account_id for package in found}
    uses = {(use.account_id, use.package): use for use in PackageUse.objects.filter(account_id__in=accounts)}
    return [_row(each, sims, uses.get((each.account_id, each.name))) for each in found]


ON_PACKAGES = """
SELECT account_id, package, sum(n) FROM (
    SELECT account_id, package, n FROM sims_simcount
    UNION ALL SELECT account_id, package, n FROM sims_simcountdelta
) AS counted WHERE account_id = ANY(%s) GROUP BY account_id, package
"""


ON_THIS = """
enterprise_servicepackage.type <> 'SUPPLEMENTARY' AND NOT EXISTS (
    SELECT FROM (
        SELECT account_id, package, n FROM sims_simcount
        UNION ALL SELECT account_id, package, n FROM sims_simcountdelta
    ) AS counted
    WHERE counted.account_id = enterprise_servicepackage.account_id AND counted.package = enterprise_servicepackage.name
    GROUP BY counted.package HAVING sum(n) > 0
)
"""


def is_without_sims() -> RawSQL:
    """A condition of ServicePackage: nobody is on it. Of supplementary ones that is not known."""
    return RawSQL(ON_THIS, (), output_field=BooleanField())  # noqa: S611 - no value of anybody in it


def _sims_on(found: list[ServicePackage]) -> dict[tuple[int, str], int]:
    with connection.cursor() as cursor:
        cursor.execute(ON_PACKAGES, [sorted({package.account_id for package in found})])
        return {(account, package): int(n) for account, package, n in cursor.fetchall()}


def _row(package: ServicePackage, sims: dict[tuple[int, str], int], use: PackageUse | None) -> PackageRow:
    def url(**more: str) -> str:
        wanted = {"package": package.name, "account": package.account_id, **more}
        return f"{reverse('sims:list')}?{urlencode(wanted)}"

    return PackageRow(
        package=package,
        allowance="no limit" if package.data_volume_mb is None else volume(package.data_volume_mb),
        more=_more(package),
        validity=validity_of(package),
        price="not told" if package.price is None else money(package.price, package.currency),
        sims=sims.get((package.account_id, package.name), 0),
        use=use,
        url=reverse("estate:package", args=[package.pk]),
        sims_url=url(),
        under_url=url(usage="under-10"),
        over_url=url(usage="over-100"),
    )


def _more(package: ServicePackage) -> str:
    sms = "" if not package.sms_volume else plural(package.sms_volume, "SMS", "SMS")
    voice = "" if not package.voice_volume_min else f"{count(package.voice_volume_min)} min"
    return ", ".join(filter(None, (sms, voice)))


def validity_of(package: ServicePackage) -> str:
    """1 month; the carrier's own word for a unit we do not know."""
    if package.validity_period is None:
        return "not told"
    one, many = UNITS.get(package.validity_unit, (package.validity_unit, package.validity_unit))
    return f"{count(package.validity_period)} {one if package.validity_period == 1 else many}".strip()
