"""S3: the change history."""

from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.clock import stamp
from simulator.errors import invalid_field
from simulator.identity import giccid_of
from simulator.query import Request
from simulator.reply import Reply, page_of

if TYPE_CHECKING:
    from simulator.world import World

STATUS_CHANGE, PACKAGE_CHANGE, IMEI_CHANGE = "STATUS_CHANGE", "SERVICE_PACKAGE_CHANGE", "IMEI_CHANGE"
_KINDS = (STATUS_CHANGE, PACKAGE_CHANGE, IMEI_CHANGE)
_DAY = 86_400
_DEFAULT_SPAN_S = 30 * _DAY
_LONGEST_SPAN_S = 180 * _DAY


class Change(NamedTuple):
    slot: int
    kind: str
    old: str | None
    new: str | None
    at: int
    operator: str

    def as_json(self) -> dict[str, Any]:
        return {
            "giccid": giccid_of(self.slot),
            "changeType": self.kind,
            "oldValue": self.old,
            "newValue": self.new,
            "changeTime": stamp(self.at),
            "operator": self.operator,
        }


class ChangeLog:
    """Rows in the order in which they happened."""

    def __init__(self) -> None:
        self._rows: list[Change] = []
        self._by_slot: dict[int, list[Change]] = {}

    def write(self, change: Change) -> None:
        self._rows.append(change)
        self._by_slot.setdefault(change.slot, []).append(change)

    def newest_first(self, slots: list[int] | None) -> list[Change]:
        if slots is None:
            return self._rows[::-1]
        rows = [row for slot in slots for row in reversed(self._by_slot.get(slot, []))]
        return sorted(rows, key=lambda row: -row.at)


def change_logs(world: "World", request: Request) -> Reply:
    kind = request.choice("changeType", _KINDS)
    giccids = request.giccids()
    start, end = _span(world, request)
    page, size = request.paging(world.knobs.max_size)
    slots = None if giccids is None else [s for s in map(world.fleet.slot, giccids) if s is not None]
    name = request.text("accountName")
    account = None if name is None else world.catalogue.account_index(name)
    if name is not None and account is None:
        slots = []
    rows = [
        row.as_json()
        for row in world.log.newest_first(slots)
        if start <= row.at < end
        and kind in (None, row.kind)
        and account in (None, world.fleet.account[row.slot])
        and row.slot not in world.fleet.removed
    ]
    return page_of(rows, page, size)


def _span(world: "World", request: Request) -> tuple[int, int]:
    """[start, end); without an end everything up to and including the present second."""
    start, end = request.time("startTime"), request.time("endTime")
    now = max(world.clock.second(), start or 0)
    if start is None:
        start = (now if end is None else end) - _DEFAULT_SPAN_S
    if end is None:
        end = now + 1
    if start > end or end - start > _LONGEST_SPAN_S + 1:
        raise invalid_field("query", "startTime")
    return start, end
