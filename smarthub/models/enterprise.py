"""The enterprise, its accounts, packages, pools and country figures, in our names and units."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec


class AccountSummary(msgspec.Struct, frozen=True):
    """An account as the enterprise lists it."""

    name: str
    customer_name: str | None = None
    status: str | None = None
    sim_count: int | None = None


class Enterprise(msgspec.Struct, frozen=True):
    """The enterprise that the key belongs to."""

    name: str | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    contact_email: str | None = None
    accounts: tuple[AccountSummary, ...] = ()


class StatusCount(msgspec.Struct, frozen=True):
    """How many SIMs of an account have one status."""

    status: str
    count: int


class Account(msgspec.Struct, frozen=True):
    """One account. Money is in `currency` (ISO 4217), usage that of `billing_cycle` (yyyy-MM)."""

    name: str
    enterprise_name: str | None = None
    customer_name: str | None = None
    status: str | None = None
    balance: Decimal | None = None
    currency: str | None = None
    billing_cycle: str | None = None
    cycle_charge: Decimal | None = None
    data_usage_mb: Decimal | None = None
    sms_usage: int | None = None
    voice_usage_min: int | None = None
    sim_count: int | None = None
    sim_status_counts: tuple[StatusCount, ...] = ()


class ServicePackage(msgspec.Struct, frozen=True):
    """A tariff of an account; a volume of None is unlimited, `kind` is BASIC or SUPPLEMENTARY."""

    name: str
    kind: str | None = None
    payment_type: str | None = None
    data_volume_mb: Decimal | None = None
    sms_volume: int | None = None
    voice_volume_min: int | None = None
    validity_period: int | None = None
    validity_unit: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    share_pool_name: str | None = None
    description: str | None = None


class SharePool(msgspec.Struct, frozen=True):
    """A volume shared by several SIMs, with the cycle it counts for."""

    name: str
    account_name: str | None = None
    service_package_name: str | None = None
    data_total_mb: Decimal | None = None
    data_usage_mb: Decimal | None = None
    data_remaining_mb: Decimal | None = None
    sim_count: int | None = None
    cycle_started_at: datetime | None = None
    cycle_ends_at: datetime | None = None
    status: str | None = None


class CountryUsage(msgspec.Struct, frozen=True):
    """Traffic and number of SIMs seen in one country; a SIM seen in two counts in both."""

    country_code: str
    data_usage_mb: Decimal | None = None
    sim_count: int | None = None
