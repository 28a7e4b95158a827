"""Sums over the fleet that add up to the last digit without visiting a million SIMs.

Untouched SIMs that grow alike form groups; a touched SIM leaves its group and is counted on its own.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from simulator.generator import Traits
from simulator.sim import ACTIVATED, SMS_INTERVAL, Sim


class GroupKey(NamedTuple):
    account: int
    package: int
    interval: int
    countries: tuple[str, ...]


@dataclass(slots=True)
class Sums:
    """Data in thousandths of a MB."""

    data: int = 0
    sms: int = 0
    voice: int = 0


class Totals:
    def __init__(self) -> None:
        self._groups: dict[GroupKey, list[int]] = {}
        self.counts: Counter[tuple[int, int, int]] = Counter()

    def join(self, traits: Traits, sign: int = 1) -> None:
        """Count an untouched SIM in (or, with -1, out)."""
        if traits.status != ACTIVATED:
            return
        group = self._groups.setdefault(
            GroupKey(traits.account, traits.package, traits.interval, traits.countries), [0, 0, 0]
        )
        group[0] += sign
        group[1] += sign * traits.rate
        group[2] += sign * traits.sms_rate

    def used(
        self,
        shows: Callable[[int, int], bool],
        touched: Iterable[Sim],
        now: float,
        cycle: int,
    ) -> Sums:
        """What the SIMs of an account and package (as `shows` says) used in this cycle."""
        sums = Sums()
        for key, (_, rate, sms_rate) in self._groups.items():
            if shows(key.account, key.package):
                sums.data += rate * steps(cycle, now, key.interval)
                sums.sms += sms_rate * steps(cycle, now, SMS_INTERVAL)
        for sim in touched:
            if shows(sim.account, sim.package):
                sums.data += sim.data_used(now, cycle)
                sums.sms += sim.sms_used(now, cycle)
                sums.voice += sim.voice_used(cycle)
        return sums

    def by_country(
        self, account: int | None, touched: Iterable[Sim], start: int, end: float
    ) -> dict[str, tuple[int, int]]:
        """Country code to (data, SIMs) between two moments."""
        data: Counter[str] = Counter()
        cards: Counter[str] = Counter()
        for key, (count, rate, _) in self._groups.items():
            if account in (None, key.account):
                _share(data, key.countries, rate * steps(start, end, key.interval))
                cards.update(dict.fromkeys(key.countries, count))
        for sim in touched:
            if account in (None, sim.account):
                used = _used_between(sim, start, end)
                _share(data, sim.countries, used)
                if sim.status == ACTIVATED or used:
                    cards.update(sim.countries)
        return {country: (data[country], cards[country]) for country in cards if cards[country]}


def steps(start: int, end: float, interval: int) -> int:
    return max(int(end) // interval - start // interval, 0)


def _share(data: Counter[str], countries: tuple[str, ...], amount: int) -> None:
    """Halves for a SIM seen in two countries; rates are even, so no thousandth is lost."""
    part = amount // len(countries)
    for country in countries:
        data[country] += part
    data[countries[0]] += amount - part * len(countries)


def _used_between(sim: Sim, start: int, end: float) -> int:
    counted = sum(sim.used) if start <= sim.since <= end else 0
    return counted + sim.grown(max(start, sim.since), end)
