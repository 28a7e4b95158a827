"""The state machine of contract §4 and what follows from a change of status or device."""

from typing import NamedTuple

from simulator.changelog import IMEI_CHANGE, STATUS_CHANGE, Change
from simulator.errors import UnknownId, illegal_status
from simulator.query import Request
from simulator.reply import Reply, reply
from simulator.sim import (
    ACTIVATE_READY,
    ACTIVATED,
    DEACTIVATED,
    INVENTORY,
    NO_PACKAGE,
    RETIRED,
    STATUSES,
    TEST_READY,
    Device,
    Plan,
    Sim,
)
from simulator.terms import term_end
from simulator.world import World

_EXPIRY_NOTICE_DAYS = 7
_DAY = 86_400
API, SYSTEM, CONSOLE = "api", "system", "console"


class Action(NamedTuple):
    verb: str
    participle: str
    legal_from: frozenset[int]
    to: int


ACTIVATE = Action("activate", "activated", frozenset({TEST_READY, ACTIVATE_READY, INVENTORY, DEACTIVATED}), ACTIVATED)
SUSPEND = Action("suspend", "suspended", frozenset({ACTIVATED}), DEACTIVATED)
RETIRE = Action("retire", "retired", frozenset({DEACTIVATED}), RETIRED)
# Contract §4, "Legality of the other operations by status".
SUPPLEMENTARY_FROM = frozenset({ACTIVATED})
BASIC_FROM = frozenset({TEST_READY, ACTIVATE_READY, INVENTORY, ACTIVATED, DEACTIVATED})
APN_FROM = frozenset({TEST_READY, ACTIVATE_READY, ACTIVATED, DEACTIVATED})
SMS_FROM = frozenset({TEST_READY, ACTIVATED})


def path_slot(world: World, request: Request) -> int:
    slot = world.fleet.slot(request.segments[1])
    if slot is None:
        raise UnknownId("globalSim", "giccid")
    return slot


def require_status(world: World, slot: int, legal_from: frozenset[int], verb: str) -> None:
    if world.fleet.status[slot] not in legal_from:
        raise illegal_status(f"be {verb}" if verb.endswith("ed") else verb)


def activate(world: World, request: Request) -> Reply:
    return _act(world, request, ACTIVATE)


def suspend(world: World, request: Request) -> Reply:
    return _act(world, request, SUSPEND)


def retire(world: World, request: Request) -> Reply:
    return _act(world, request, RETIRE)


def _act(world: World, request: Request, action: Action) -> Reply:
    slot = path_slot(world, request)
    require_status(world, slot, action.legal_from, action.participle)
    world.clock.after(world.knobs.action_delay, lambda: perform(world, slot, action))
    return reply({"giccid": request.segments[1], "status": STATUSES[action.to]})


def perform(world: World, slot: int, action: Action) -> bool:
    """Carry an action out on a SIM; False where its status (by now) does not allow it."""
    if not world.fleet.has(slot) or world.fleet.status[slot] not in action.legal_from:
        return False
    set_status(world, slot, action.to, API)
    world.recorder.change(world.fleet.look(slot).giccid, action.verb)
    return True


def set_status(world: World, slot: int, status: int, operator: str) -> None:
    """Change a SIM's status with all that follows: terms, APNs, log and push."""
    sim = world.fleet.touch(slot)
    old, sim.status = sim.status, status
    now = world.clock.second()
    if status == ACTIVATED:
        _on_activation(world, sim, now)
    elif status == RETIRED:
        sim.plan.end, sim.plan.renews, sim.open_apns = now, False, 0
    world.fleet.changed(sim)
    world.log.write(Change(slot, STATUS_CHANGE, STATUSES[old], STATUSES[status], now, operator))
    world.pushes.sim_status(sim, STATUSES[old], STATUSES[status], operator.upper())


def _on_activation(world: World, sim: Sim, now: int) -> None:
    is_first = sim.activated_at is None
    if is_first:
        sim.activated_at = now
    has_ended = sim.plan.end is not None and sim.plan.end <= now
    if is_first or has_ended:
        start_plan(world, sim)


def start_plan(world: World, sim: Sim) -> None:
    """The basic package starts now; a prepaid one ends after its validity and is not renewed."""
    if sim.package == NO_PACKAGE:
        return
    package = world.catalogue.packages[sim.package]
    now = world.clock.second()
    set_plan(world, sim, Plan(now, term_end(now, package) if package.is_prepaid else None))


def set_plan(world: World, sim: Sim, plan: Plan) -> None:
    sim.plan = plan
    if plan.end is None:
        return
    notice = max(plan.end - _EXPIRY_NOTICE_DAYS * _DAY, world.clock.second())
    world.clock.call_at(notice, lambda: _notify(world, sim.slot, plan, _EXPIRY_NOTICE_DAYS))
    world.clock.call_at(plan.end, lambda: _end(world, sim.slot, plan))


def _notify(world: World, slot: int, plan: Plan, days: int) -> None:
    sim = world.fleet.touched.get(slot)
    if sim is not None and sim.plan is plan and sim.status == ACTIVATED and world.fleet.has(slot):
        world.pushes.prepaid_expired(sim, plan, days)


def _end(world: World, slot: int, plan: Plan) -> None:
    """A prepaid package has ended and none follows."""
    sim = world.fleet.touched.get(slot)
    if sim is None or sim.plan is not plan or sim.status != ACTIVATED or not world.fleet.has(slot):
        return
    world.pushes.prepaid_expired(sim, plan, 0)
    set_status(world, slot, DEACTIVATED, SYSTEM)


def change_imei(world: World, slot: int, imei: str, operator: str = "network") -> None:
    """The card sits in another terminal; a change to the same IMEI is none."""
    sim = world.fleet.touch(slot)
    if not sim.devices:
        sim.devices.append(Device(None, None, None))
    device = sim.devices[0]
    old = device.imei
    if old == imei:
        return
    device.imei = imei
    world.fleet.changed(sim)
    world.log.write(Change(slot, IMEI_CHANGE, old, imei, world.clock.second(), operator))
    world.pushes.imei_change(sim, device.imsi, old, imei)


def end_test_period(world: World) -> None:
    """Every SIM that is still being tested is ready to be activated."""
    for slot, status in enumerate(world.fleet.status):
        if status == TEST_READY and world.fleet.has(slot):
            set_status(world, slot, ACTIVATE_READY, SYSTEM)
