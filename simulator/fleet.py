"""The SIMs: three columns for a million of them, objects only for those that something has happened to."""

from array import array
from collections.abc import Iterable, Iterator

from simulator.catalogue import Catalogue
from simulator.clock import Clock, Cycles
from simulator.encode import encode_sim
from simulator.generator import Generator, Traits
from simulator.identity import SEEDS, slot_of, slot_of_msisdn
from simulator.index import Filter, Index
from simulator.seeds import ROW_PACKAGES, ROW_STATUSES, account_of_seed, seed_sim
from simulator.sim import Sim
from simulator.totals import Totals

_CACHED_SLOTS = 150_000


class Fleet:
    """All SIMs by slot; `record` is what the carrier says of one, `touch` makes one changeable."""

    def __init__(self, catalogue: Catalogue, clock: Clock, cycles: Cycles, seed: int, sims: int) -> None:
        self.catalogue, self.clock, self.cycles = catalogue, clock, cycles
        self.generator = Generator(catalogue, seed)
        self.index, self.totals = Index(), Totals()
        self.status, self.package, self.account = bytearray(), bytearray(), array("H")
        self.touched: dict[int, Sim] = {}
        self.removed: set[int] = set()
        self.verbatim: dict[int, bytes] = {}
        self._cache: dict[int, tuple[float, bytes]] = {}
        self.grow(sims)

    @property
    def slots(self) -> int:
        return len(self.status)

    def cycle(self) -> tuple[int, int]:
        return self.cycles.bounds(self.clock.now())

    def grow(self, count: int, account: int | None = None) -> list[int]:
        """The next SIMs of the generator join; their slots."""
        first = self.slots
        start = self.cycle()[0]
        for slot in range(first, first + count):
            if slot < SEEDS:
                self._join_seed(slot, start)
            else:
                self._join_generated(slot, start, account)
        return list(range(first, first + count)) if count <= 100_000 else []

    def any_slot(self, giccid: str) -> int | None:
        """The slot of a SIM that is in the fleet or was removed from it."""
        slot = slot_of(giccid)
        return None if slot is None or slot >= self.slots else slot

    def slot(self, giccid: str) -> int | None:
        """The slot of a SIM of the fleet, None for a giccid that is not in it."""
        slot = self.any_slot(giccid)
        return None if slot is None or slot in self.removed else slot

    def slot_by_msisdn(self, msisdn: str) -> int | None:
        slot = slot_of_msisdn(msisdn)
        if slot is None or not self.has(slot):
            return None
        known = [device.msisdn for device in self.look(slot).devices]
        return slot if msisdn in known else None

    def has(self, slot: int) -> bool:
        return slot < self.slots and slot not in self.removed

    def look(self, slot: int) -> Sim:
        """A SIM to read; changes to it may be lost."""
        return self.touched.get(slot) or self.generator.sim(slot, self.cycle()[0], self.account[slot])

    def touch(self, slot: int) -> Sim:
        """A SIM to change, settled up to now; tell `changed` afterwards."""
        now, cycle = self.clock.now(), self.cycle()[0]
        sim = self.touched.get(slot)
        if sim is None:
            sim = self.look(slot)
            sim.cycle, sim.since = cycle, cycle
            self.totals.join(self._traits(slot), -1)
            self.touched[slot] = sim
        sim.settle(now, cycle)
        return sim

    def changed(self, sim: Sim) -> None:
        """Bring columns and indexes up to a touched SIM."""
        slot = sim.slot
        before = self._place(slot)
        after = (sim.account, sim.status, sim.package)
        self.account[slot], self.status[slot], self.package[slot] = after
        self._cache.pop(slot, None)
        if before != after and slot not in self.removed:
            self._recount(slot, before, after)

    def remove(self, slot: int) -> None:
        if self.has(slot):
            self.touch(slot)
            self.removed.add(slot)
            self._recount(slot, self._place(slot), None)

    def restore(self, slot: int) -> None:
        """Back as it was: from removal, and from a record put in its stead."""
        self.verbatim.pop(slot, None)
        if slot in self.removed:
            self.removed.discard(slot)
            self._recount(slot, None, self._place(slot))

    def record(self, slot: int) -> bytes:
        return self.records([slot])[0]

    def records(self, slots: Iterable[int]) -> list[bytes]:
        """What the carrier says of some SIMs, all at one moment."""
        now = self.clock.now()
        cycle = self.cycles.bounds(now)
        return [self._record(slot, now, cycle) for slot in slots]

    def _record(self, slot: int, now: float, cycle: tuple[int, int]) -> bytes:
        cached = self._cache.get(slot)
        if slot in self.verbatim:
            return self.verbatim[slot]
        if cached is not None and now < cached[0]:
            return cached[1]
        sim = self.touched.get(slot) or self.generator.sim(slot, cycle[0], self.account[slot])
        body = encode_sim(sim, self.catalogue.packages, now, cycle)
        if slot < _CACHED_SLOTS:
            self._cache[slot] = (sim.moves_at(now, cycle[1]), body)
        return body

    def forget_records(self) -> None:
        """The clock was set: what was rendered may lie in the future now."""
        self._cache.clear()

    def listed(self, wanted: Filter) -> "array[int]":
        return self.index.slots(wanted, self._scan())

    def present(self) -> Iterator[Sim]:
        """The touched SIMs of the fleet."""
        return (sim for slot, sim in self.touched.items() if slot not in self.removed)

    def _scan(self) -> Iterator[tuple[int, int, int, int]]:
        rows = zip(range(self.slots), self.account, self.status, self.package, strict=True)
        return (row for row in rows if row[0] not in self.removed) if self.removed else rows

    def _place(self, slot: int) -> tuple[int, int, int]:
        return self.account[slot], self.status[slot], self.package[slot]

    def _recount(self, slot: int, before: tuple[int, int, int] | None, after: tuple[int, int, int] | None) -> None:
        self.index.move(slot, before, after)
        if before is not None:
            self.totals.counts[before] -= 1
        if after is not None:
            self.totals.counts[after] += 1

    def _append(self, slot: int, place: tuple[int, int, int], is_late: bool) -> None:
        self.account.append(place[0])
        self.status.append(place[1])
        self.package.append(place[2])
        self.totals.counts[place] += 1
        if is_late:
            self.index.move(slot, None, place)

    def _join_seed(self, slot: int, cycle: int) -> None:
        self.touched[slot] = seed_sim(slot, cycle)
        self._append(slot, (account_of_seed(slot), ROW_STATUSES[slot], ROW_PACKAGES[slot]), True)

    def _join_generated(self, slot: int, cycle: int, account: int | None) -> None:
        traits = self.generator.traits(slot, self.generator.bits(slot), account)
        self._append(slot, (traits.account, traits.status, traits.package), True)
        self.totals.join(traits)

    def _traits(self, slot: int) -> Traits:
        return self.generator.traits(slot, self.generator.bits(slot), self.account[slot])
