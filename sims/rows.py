"""A SIM as the list prints it, with its package and tags: whatever finds a page of them, they are read in one query."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from psycopg.types.datetime import TimestamptzLoader

from enterprise.models import ServicePackage
from sims.ages import SHOWN_AT
from sims.models import Sim

Packages = Mapping[tuple[int | None, str], ServicePackage]


class SimRow(NamedTuple):
    """One row of `_ROWS`. Devices and tags are JSON, for few rows show any.

    `read_at` is of the newest read or list page that showed the SIM.
    """

    pk: int
    giccid: str
    status: str
    is_missing: bool
    account: str | None
    package: str
    data_usage_mb: Decimal | None
    allowance_mb: Decimal | None
    package_ends_at: datetime | None
    read_at: datetime
    activated_at: datetime | None
    changed_at: datetime
    sms: int | None
    voice_min: int | None
    po: str
    devices_json: str
    tags_json: str | None

    @property
    def tags(self) -> list[tuple[str, str]]:
        """Name and colour of each, by name."""
        return json.loads(self.tags_json) if self.tags_json else []

    def numbers(self, name: str) -> list[str]:
        """What its devices have under this name."""
        devices = [device for device in json.loads(self.devices_json) if isinstance(device, dict)]
        return [value for device in devices if (value := device.get(name))]


# Put together by hand and without models: Django takes several times longer to write and to read it than PostgreSQL.
_ROWS = f"""{{head}}
SELECT s.id, s.giccid, s.status, s.missing_since IS NOT NULL, account.name, s.package, s.data_usage_mb,
    package.data_volume_mb, s.package_ends_at, GREATEST(s.read_at, {SHOWN_AT.format(sim_id="s.id")}), s.activated_at,
    s.changed_at, s.sms_usage, s.voice_usage_min, s.po, s.devices::text,
    (SELECT json_agg(json_build_array(tag.name, tag.colour) ORDER BY lower(tag.name))::text
        FROM sims_simtag AS worn JOIN sims_tag AS tag ON tag.id = worn.tag_id WHERE worn.sim_id = s.id)
FROM ({{places}}) AS place JOIN sims_sim AS s USING (id)
LEFT JOIN enterprise_account AS account ON account.id = s.account_id
LEFT JOIN enterprise_servicepackage AS package ON package.account_id = s.account_id AND package.name = s.package
ORDER BY {{by}}"""

_THESE = "SELECT id, at FROM unnest(%(sim_ids)s::bigint[]) WITH ORDINALITY AS these (id, at)"


def rows_at(places: str, values: Mapping[str, Any], *, by: str, head: str = "") -> list[SimRow]:
    """The SIMs whose `id` the SQL `places` selects, ordered by other columns of it."""
    with connection.cursor() as cursor:
        # The driver's own reader of times, which is written in C; Django puts one in its place that is not.
        cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        cursor.execute(_ROWS.format(head=head, places=places, by=by), values)
        return [SimRow._make(row) for row in cursor.fetchall()]


def rows_of(sim_ids: Sequence[int]) -> list[SimRow]:
    """These SIMs, in this order."""
    return rows_at(_THESE, {"sim_ids": list(sim_ids)}, by="place.at") if sim_ids else []


def packages_of(sims: Sequence[Sim]) -> Packages:
    """The catalogue's entries for the packages on these SIMs, by account and name; one query."""
    names = {sim.package for sim in sims if sim.package}
    if not names:
        return {}
    accounts = {sim.account_id for sim in sims if sim.account_id}
    found = ServicePackage.objects.filter(account__in=accounts, name__in=names)
    return {(package.account_id, package.name): package for package in found}
