"""The generated fleet: what a SIM is follows from its slot and the seed alone, so nothing of it need be kept."""

from typing import NamedTuple

from simulator.catalogue import Catalogue
from simulator.identity import SEEDS, giccid_of, imei_of, imsi_of, mix, msisdn_of
from simulator.seeds import seed_sim
from simulator.sim import (
    ACTIVATE_READY,
    ACTIVATED,
    DEACTIVATED,
    INVENTORY,
    NO_PACKAGE,
    RETIRED,
    TEST_READY,
    Device,
    Plan,
    Sim,
)

_DAY = 86_400
_FIRST_SALE = 1_672_560_000  # 2023-01-01T08:00:00Z
_STATUS_SHARES = (
    (ACTIVATED, 880),
    (DEACTIVATED, 62),
    (INVENTORY, 36),
    (ACTIVATE_READY, 22),
    (TEST_READY, 8),
    (RETIRED, 16),
)
_INTERVALS = (600,) * 4 + (3600,) * 20 + (21_600,) * 24 + (_DAY,) * 16
_FALLBACK_COUNTRIES = ("DE", "NL", "FR")
_VISITED = ("FR", "PL", "IT", "CZ", "BE", "TR")


class Traits(NamedTuple):
    """What the totals need of an untouched SIM."""

    account: int
    status: int
    package: int
    interval: int
    rate: int
    sms_rate: int
    countries: tuple[str, ...]


class Generator:
    """Draws SIMs; one for each fleet, since the shares follow from its accounts."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self.seed = seed
        self._statuses = _spread([status for status, _ in _STATUS_SHARES], [n for _, n in _STATUS_SHARES])
        self._packages: dict[int, bytes] = {}
        self._countries: dict[int, tuple[tuple[str, ...], ...]] = {}
        self._volumes = [int((package.data_mb or 4096) * 1000) for package in catalogue.packages]
        self._catalogue = catalogue
        weights = [account.weight for account in catalogue.accounts]
        drawn = [index for index, weight in enumerate(weights) if weight > 0]
        self._accounts = _spread(drawn or [0], [weights[index] for index in drawn] or [1.0])

    def bits(self, slot: int) -> int:
        return mix(slot, self.seed)

    def traits(self, slot: int, bits: int, account: int | None = None) -> Traits:
        if account is None:
            account = self._accounts[bits & 1023]
        status = self._statuses[(bits >> 10) & 1023]
        package = NO_PACKAGE if status == INVENTORY else self._package(account)[(bits >> 20) & 63]
        countries = self._country(account)[(bits >> 44) & 127]
        if status != ACTIVATED or (bits >> 51) & 31 == 0:
            return Traits(account, status, package, 3600, 0, 0, countries)
        interval = _INTERVALS[(bits >> 26) & 63]
        share = (bits >> 32) & 4095
        month = self._volumes[package] * (40_000 + share * share // 13) // 1_350_000
        rate = max(month * interval // (30 * _DAY), 1) * 2
        return Traits(account, status, package, interval, rate, (bits >> 56) & 7 == 0, countries)

    def sim(self, slot: int, cycle: int, account: int | None = None) -> Sim:
        if slot < SEEDS:
            return seed_sim(slot, cycle)
        bits = self.bits(slot)
        traits = self.traits(slot, bits, account)
        status = traits.status
        sold_at = _FIRST_SALE + (bits >> 40) % 820 * _DAY
        has_run = status in (ACTIVATED, DEACTIVATED, RETIRED)
        activated_at = sold_at + (bits >> 20) % 200 * 10_800 + 5_400 if has_run else None
        apns = ["iot.public", "iot.private"] if (bits >> 60) & 3 == 0 else ["iot.public"]
        return Sim(
            slot,
            giccid_of(slot),
            traits.account,
            status,
            traits.package,
            _devices(slot, bits, status),
            sold_at,
            activated_at,
            _plan(status, activated_at),
            apns,
            0 if status in (INVENTORY, RETIRED) else (1 << len(apns)) - 1 if bits >> 62 else 1,
            traits.rate,
            traits.interval,
            traits.sms_rate,
            traits.countries,
            [0] * len(apns),
        )

    def _package(self, account: int) -> bytes:
        table = self._packages.get(account)
        if table is None:
            owned = self._catalogue.accounts[account].packages
            basic = [index for index in owned if self._catalogue.packages[index].type == "BASIC"]
            weights = [2.0 ** (place % 3) for place in range(len(basic))]
            table = self._packages[account] = bytes(_spread(basic, weights, 64))
        return table

    def _country(self, account: int) -> tuple[tuple[str, ...], ...]:
        table = self._countries.get(account)
        if table is None:
            home = self._catalogue.accounts[account].countries or _FALLBACK_COUNTRIES
            weights = [4.0**-place for place in range(len(home))]
            order = _spread(list(range(len(home))), weights, 120)
            seen = [(home[place],) for place in order]
            roaming = [(home[0], country) for country in _VISITED if country != home[0]]
            table = self._countries[account] = tuple((seen + roaming + seen)[:128])
        return table


def _plan(status: int, activated_at: int | None) -> Plan:
    if status == RETIRED and activated_at is not None:
        return Plan(activated_at, activated_at + 90 * _DAY)
    return Plan(activated_at, None, renews=activated_at is not None)


def _devices(slot: int, bits: int, status: int) -> list[Device]:
    if status == INVENTORY:
        return []
    imei = None if status in (TEST_READY, ACTIVATE_READY) and bits >> 63 else imei_of(bits)
    devices = [Device(imei, imsi_of(slot), msisdn_of(slot))]
    if (bits >> 33) & 31 == 0:
        devices.append(Device(None if bits & 1 else imei, imsi_of(slot, 1), msisdn_of(slot, 1)))
    return devices


def _spread(values: list[int], weights: list[float] | list[int], size: int = 1024) -> list[int]:
    """A table of `size` places in which each value stands as often as its weight says, at least once."""
    total = sum(weights)
    table: list[int] = []
    for value, weight in zip(values, weights, strict=True):
        table.extend([value] * max(round(size * weight / total), 1))
    return (table + [values[0]] * size)[:size]
