"""S9 and S10: service packages of a SIM, their terms and their ends."""

from typing import Any, NamedTuple

from simulator import lifecycle
from simulator.catalogue import Package
from simulator.changelog import PACKAGE_CHANGE, Change
from simulator.clock import parse_stamp, stamp
from simulator.errors import invalid_field
from simulator.query import Request, required_text, text_of
from simulator.reply import Reply, reply
from simulator.sim import ACTIVATED, DEACTIVATED, NO_PACKAGE
from simulator.terms import term_end
from simulator.world import World

RESOURCE = "servicePackage"
IMMEDIATE, NEXT_CYCLE = "IMMEDIATE", "NEXT_CYCLE"


class Effect(NamedTuple):
    """When a change of the basic package takes effect."""

    kind: str
    at: int


def add_supplementary(world: World, request: Request) -> Reply:
    slot = lifecycle.path_slot(world, request)
    body = request.json()
    package = _package(world, world.fleet.account[slot], body, "SUPPLEMENTARY")
    start = _start_time(world, body)
    lifecycle.require_status(world, slot, lifecycle.SUPPLEMENTARY_FROM, "subscribe to a supplementary package")
    _charge(world, world.fleet.account[slot], package)
    sim = world.fleet.touch(slot)
    world.log.write(Change(slot, PACKAGE_CHANGE, None, package.name, world.clock.second(), lifecycle.API))
    world.recorder.change(sim.giccid, "add_supplementary")
    return reply(
        {
            "giccid": sim.giccid,
            "servicePackageName": package.name,
            "startTime": stamp(start),
            "endTime": stamp(term_end(start, package)),
        }
    )


def change_basic(world: World, request: Request) -> Reply:
    slot = lifecycle.path_slot(world, request)
    body = request.json()
    package = _package(world, world.fleet.account[slot], body, "BASIC")
    effect = effect_of(world, body, package)
    lifecycle.require_status(world, slot, lifecycle.BASIC_FROM, "change its basic package")
    if world.catalogue.package_index(package.name) == world.fleet.package[slot]:
        raise invalid_field(RESOURCE, "servicePackageName", "already_exists")
    if effect.kind == IMMEDIATE:
        _charge(world, world.fleet.account[slot], package)
    order_basic(world, slot, package, effect)
    return reply(
        {
            "giccid": request.segments[1],
            "servicePackageName": package.name,
            "effectiveType": effect.kind,
            "effectiveTime": stamp(effect.at),
        }
    )


def effect_of(world: World, body: dict[str, Any], package: Package) -> Effect:
    kind = text_of(body, "effectiveType") or (IMMEDIATE if package.is_prepaid else NEXT_CYCLE)
    if kind not in (IMMEDIATE, NEXT_CYCLE):
        raise invalid_field(RESOURCE, "effectiveType")
    return Effect(kind, world.clock.second() if kind == IMMEDIATE else world.fleet.cycle()[1])


def order_basic(world: World, slot: int, package: Package, effect: Effect) -> None:
    """Change the package now, or at the start of the next cycle unless another order comes before."""
    world.recorder.change(world.fleet.look(slot).giccid, "change_basic")
    if effect.kind == IMMEDIATE:
        world.scheduled.pop(slot, None)
        _set_basic(world, slot, package, lifecycle.API)
        return
    world.scheduled[slot] = package.name
    world.clock.call_at(effect.at, lambda: _scheduled(world, slot, package))


def _scheduled(world: World, slot: int, package: Package) -> None:
    if world.scheduled.get(slot) == package.name and world.fleet.has(slot):
        del world.scheduled[slot]
        if world.fleet.status[slot] in lifecycle.BASIC_FROM:
            _set_basic(world, slot, package, lifecycle.SYSTEM)


def _set_basic(world: World, slot: int, package: Package, operator: str) -> None:
    sim = world.fleet.touch(slot)
    old = None if sim.package == NO_PACKAGE else world.catalogue.packages[sim.package].name
    sim.package = world.catalogue.package_index(package.name) or 0
    if sim.status in (ACTIVATED, DEACTIVATED):
        lifecycle.start_plan(world, sim)
    world.fleet.changed(sim)
    world.log.write(Change(slot, PACKAGE_CHANGE, old, package.name, world.clock.second(), operator))


def named_package(world: World, body: dict[str, Any]) -> Package:
    """The basic package a batch names; it may belong to any account."""
    name = required_text(body, "batchJob", "servicePackageName")
    index = world.catalogue.package_index(name)
    if index is None:
        raise invalid_field("batchJob", "servicePackageName", "missing")
    if world.catalogue.packages[index].type != "BASIC":
        raise invalid_field("batchJob", "servicePackageName")
    return world.catalogue.packages[index]


def _package(world: World, account: int, body: dict[str, Any], kind: str) -> Package:
    name = required_text(body, RESOURCE, "servicePackageName")
    index = world.catalogue.package_index(name)
    if index is None or index not in world.catalogue.accounts[account].packages:
        raise invalid_field(RESOURCE, "servicePackageName", "missing")
    if world.catalogue.packages[index].type != kind:
        raise invalid_field(RESOURCE, "servicePackageName")
    return world.catalogue.packages[index]


def _start_time(world: World, body: dict[str, Any]) -> int:
    given = text_of(body, "startTime")
    now = world.clock.second()
    if not given:
        return now
    start = parse_stamp(given)
    if start is None or start < now:
        raise invalid_field(RESOURCE, "startTime")
    return start


def _charge(world: World, account: int, package: Package) -> None:
    owner = world.catalogue.accounts[account]
    if not package.is_prepaid:
        return
    if owner.balance < package.price:
        raise invalid_field("account", "balance", "insufficient_balance")
    owner.balance -= package.price
    owner.charged += package.price
