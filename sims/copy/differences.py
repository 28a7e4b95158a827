"""What a person is told when the carrier shows something else than our copy did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from journal.record import NewEvent

DIFFERENCES = """
SELECT s.id, s.giccid, i.asked_at, s.missing_since, s.account_id, i.account_id, old_account.name, new_account.name,
    s.status, i.status, s.package, i.package, s.package_started_at, i.package_started_at,
    s.package_ends_at, i.package_ends_at, s.sold_at, i.sold_at, s.activated_at, i.activated_at,
    CASE WHEN s.apns IS DISTINCT FROM i.apns THEN s.apns::text END,
    CASE WHEN s.apns IS DISTINCT FROM i.apns THEN i.apns::text END,
    CASE WHEN i.devices_differ THEN s.devices::text END, CASE WHEN i.devices_differ THEN i.devices::text END
FROM copy_incoming i
JOIN sims_sim s ON s.id = i.sim_id
LEFT JOIN enterprise_account old_account ON old_account.id = s.account_id
LEFT JOIN enterprise_account new_account ON new_account.id = i.account_id
WHERE i.differs AND NOT i.is_stale
ORDER BY s.id
"""


class Difference(NamedTuple):
    """One SIM as our copy had it (old) and as the carrier shows it (new); without APNs and devices that are alike."""

    sim_id: int
    giccid: str
    asked_at: datetime
    missing_since: datetime | None
    old_account_id: int | None
    new_account_id: int | None
    old_account: str | None
    new_account: str | None
    old_status: str
    new_status: str
    old_package: str
    new_package: str
    old_started_at: datetime | None
    new_started_at: datetime | None
    old_ends_at: datetime | None
    new_ends_at: datetime | None
    old_sold_at: datetime | None
    new_sold_at: datetime | None
    old_activated_at: datetime | None
    new_activated_at: datetime | None
    old_apns: list[dict[str, Any]]
    new_apns: list[dict[str, Any]]
    old_devices: list[dict[str, Any]]
    new_devices: list[dict[str, Any]]


JSON_COLUMNS = -4


def difference_of(row: tuple[Any, ...]) -> Difference:
    """A row of `DIFFERENCES`, whose last columns are JSON."""
    return Difference(*row[:JSON_COLUMNS], *[_read(text) if text else [] for text in row[JSON_COLUMNS:]])


_read = msgspec.json.Decoder(list[dict[str, Any]]).decode

Told = tuple[str, dict[str, Any]]


def events_of(difference: Difference) -> list[NewEvent]:
    """One event for each thing that differs, in the order a person would tell them."""
    return [
        NewEvent(
            kind=kind,
            subject_kind="sim",
            subject_key=difference.giccid,
            sim_id=difference.sim_id,
            account_id=difference.new_account_id,
            happened_at=difference.asked_at,
            data=data,
        )
        for kind, data in _told(difference)
    ]


def _told(was: Difference) -> Iterator[Told]:
    if was.missing_since is not None:
        yield "sim.returned", {"missing_since": was.missing_since}
    if was.old_account_id is not None and was.old_account != was.new_account:  # to learn whose it is, is first sight
        yield _changed("sim.account", was.old_account, was.new_account)
    if was.old_status != was.new_status:
        yield _changed("sim.status", was.old_status, was.new_status)
    if was.old_package != was.new_package:
        yield _changed("sim.package", was.old_package or None, was.new_package or None)
    elif was.old_started_at != was.new_started_at or was.old_ends_at != was.new_ends_at:
        yield _changed("sim.period", [was.old_started_at, was.old_ends_at], [was.new_started_at, was.new_ends_at])
    if was.old_sold_at != was.new_sold_at:
        yield _changed("sim.sold", was.old_sold_at, was.new_sold_at)
    if was.old_activated_at != was.new_activated_at:
        yield _changed("sim.activated", was.old_activated_at, was.new_activated_at)
    if was.old_apns != was.new_apns:
        yield from _apns(was)
    if was.old_devices != was.new_devices:
        yield from _devices(was)


def _changed(kind: str, old: Any, new: Any) -> Told:
    return kind, {"old": old, "new": new}


def _apns(was: Difference) -> Iterator[Told]:
    old = {apn["name"]: apn["status"] for apn in was.old_apns}
    new = {apn["name"]: apn["status"] for apn in was.new_apns}
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield "sim.apn", {"apn": name, "old": old.get(name), "new": new.get(name)}


def _devices(was: Difference) -> Iterator[Told]:
    for position in range(max(len(was.old_devices), len(was.new_devices))):
        old = was.old_devices[position] if position < len(was.old_devices) else {}
        new = was.new_devices[position] if position < len(was.new_devices) else {}
        for name in ("imei", "imsi", "msisdn"):
            if old.get(name) != new.get(name):
                yield f"sim.{name}", {"old": old.get(name), "new": new.get(name), "position": position}
