"""S1 and S2: SIMs as they are now."""

from simulator.errors import UnknownId
from simulator.index import Filter
from simulator.query import Request
from simulator.reply import Reply, page_of_bytes
from simulator.sim import STATUSES
from simulator.world import World

_NOTHING = Filter(accounts=frozenset())
_ARRIVAL_EVERY = 10


def sim_detail(world: World, request: Request) -> Reply:
    giccid = request.segments[1]
    slot = world.fleet.slot(giccid)
    body = world.extras.find(giccid) if slot is None else world.fleet.record(slot)
    if body is None:
        raise UnknownId("globalSim", "giccid")
    return Reply(b'{"data":' + body + b"}" if world.knobs.wrap_detail else body)


def sim_list(world: World, request: Request) -> Reply:
    status = request.choice("status", STATUSES)
    page, size = request.paging(world.knobs.max_size)
    giccids = request.giccids()
    wanted = _wanted(world, request, status)
    if giccids is not None:
        return _named(world, wanted, giccids, page, size)
    if world.knobs.shift:
        _shift(world)
    return _page(world, wanted, page, size)


def _wanted(world: World, request: Request, status: str | None) -> Filter:
    accounts: set[int] | None = None
    for parameter, attribute in (("accountName", "name"), ("customerName", "customer"), ("po", "po")):
        value = request.text(parameter)
        if value is not None:
            found = {i for i, account in world.catalogue.open_accounts() if getattr(account, attribute) == value}
            accounts = found if accounts is None else accounts & found
    name = request.text("basicServicePackageName")
    package = None if name is None else world.catalogue.package_index(name)
    if name is not None and package is None:
        return _NOTHING
    return Filter(
        None if accounts is None else frozenset(accounts),
        None if status is None else STATUSES.index(status),
        package,
    )


def _page(world: World, wanted: Filter, page: int, size: int) -> Reply:
    slots = world.fleet.listed(wanted)
    count, first = len(slots), page * size
    if world.knobs.shift and count:
        turn = world.shifted % count
        chosen = [slots[(place + turn) % count] for place in range(first, min(first + size, count))]
    else:
        chosen = slots[first : first + size].tolist()
    records = world.fleet.records(chosen)
    extras = world.extras.listed(wanted) if world.extras.records else []
    if len(records) < size:
        records += extras[max(first - count, 0) : max(first + size - count, 0)]
    return page_of_bytes(records, page, size, count + len(extras))


def _named(world: World, wanted: Filter, giccids: list[str], page: int, size: int) -> Reply:
    """The SIMs asked for by giccid; unknown ones are left out."""
    fleet = world.fleet
    known = sorted(slot for slot in map(fleet.slot, giccids) if slot is not None)
    shown = [slot for slot in known if wanted.shows(fleet.account[slot], fleet.status[slot], fleet.package[slot])]
    records = fleet.records(shown)
    if world.extras.records:
        records += [body for giccid in giccids if (body := world.extras.find(giccid)) is not None]
    return page_of_bytes(records[page * size : (page + 1) * size], page, size, len(records))


def _shift(world: World) -> None:
    """The order turns at each page, and now and then a SIM appears."""
    world.shifted += world.knobs.shift
    world.pages_shifted += 1
    if world.pages_shifted % _ARRIVAL_EVERY == 0:
        world.fleet.grow(1)
