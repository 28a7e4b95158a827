"""Which SIMs a filter shows, kept in the order of the list."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple


class Filter(NamedTuple):
    """None filters nothing; the three combine with AND."""

    accounts: frozenset[int] | None = None
    status: int | None = None
    package: int | None = None

    def shows(self, account: int, status: int, package: int) -> bool:
        return (
            (self.accounts is None or account in self.accounts)
            and (self.status is None or status == self.status)
            and (self.package is None or package == self.package)
        )


Place = tuple[int, int, int]


class Index:
    """Sorted slots for each filter asked for so far; made by one scan, then mended at each change."""

    def __init__(self) -> None:
        self._lists: dict[Filter, array[int]] = {}

    def slots(self, wanted: Filter, fleet: Iterable[tuple[int, int, int, int]]) -> "array[int]":
        """Slots under a filter. `fleet` (slot, account, status, package) is scanned only the first time."""
        found = self._lists.get(wanted)
        if found is None:
            shows = wanted.shows
            found = array("I", [slot for slot, *place in fleet if shows(*place)])
            self._lists[wanted] = found
        return found

    def move(self, slot: int, before: Place | None, after: Place | None) -> None:
        """A SIM changed its place; None stands for not being in the fleet."""
        for wanted, slots in self._lists.items():
            was = before is not None and wanted.shows(*before)
            comes = after is not None and wanted.shows(*after)
            if was == comes:
                continue
            at = bisect_left(slots, slot)
            if comes:
                slots.insert(at, slot)
            else:
                del slots[at]
