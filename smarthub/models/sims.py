"""A SIM as the carrier describes it, in our names and units."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec


class Device(msgspec.Struct, frozen=True, gc=False):
    """One profile of a card; the MSISDN has no leading plus."""

    imei: str | None = None
    imsi: str | None = None
    msisdn: str | None = None


class ApnUsage(msgspec.Struct, frozen=True, gc=False):
    """Data used over one APN in the current billing cycle."""

    apn: str
    data_usage_mb: Decimal


class Apn(msgspec.Struct, frozen=True, gc=False):
    """An APN of the card; `status` is OPEN, CLOSED, or whatever else the carrier said."""

    name: str
    status: str = ""


class BasicPackage(msgspec.Struct, frozen=True, gc=False):
    """The basic package in force; `ends_at` None means that it has no end."""

    name: str
    started_at: datetime | None = None
    ends_at: datetime | None = None


class Sim(msgspec.Struct, frozen=True, gc=False):
    """One SIM. Volumes are MB (1 GB = 1024 MB), voice whole minutes, times aware UTC.

    None means that the carrier did not say; an unknown status is kept as it came.
    """

    giccid: str
    status: str
    sold_at: datetime | None = None
    activated_at: datetime | None = None
    data_usage_mb: Decimal | None = None
    sms_usage: int | None = None
    voice_usage_min: int | None = None
    apn_usages: tuple[ApnUsage, ...] = ()
    package: BasicPackage | None = None
    apns: tuple[Apn, ...] = ()
    devices: tuple[Device, ...] = ()
