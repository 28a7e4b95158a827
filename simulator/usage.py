"""Usage events, and the customer's rules that they may set off."""

from simulator import lifecycle
from simulator.sim import ACTIVATE_READY, ACTIVATED, NO_PACKAGE, TEST_READY, Sim
from simulator.world import World

# usageType, threshold in the unit of the type, name of the rule
CYCLE_RULES = (
    ("DATA", 80.0, "80 MB per month"),
    ("SMS", 40.0, "40 messages per month"),
    ("VOICE", 60.0, "60 minutes per month"),
)
TRAFFIC_PERCENT = 90
SILENT_HOURS = 72
TEST_VOLUME_MB = 5.0
CAN_USE = frozenset({TEST_READY, ACTIVATE_READY, ACTIVATED})


def use(world: World, slot: int, apn: str | None, data_mb: float, sms: int = 0, voice: int = 0) -> None:
    """A SIM uses so much more; it must be one that can (see CAN_USE), and the APN one of its own."""
    sim = world.fleet.touch(slot)
    before = _figures(sim)
    place = sim.apns.index(apn) if apn is not None else 0
    sim.used[place] += round(data_mb * 1000)
    sim.sms += sms
    sim.voice += voice
    sim.last_session = world.clock.second()
    world.fleet.changed(sim)
    _change_status(world, sim)
    _fire_rules(world, sim, before)
    _watch_silence(world, sim)


def _figures(sim: Sim) -> dict[str, float]:
    return {"DATA": sum(sim.used) / 1000, "SMS": sim.sms, "VOICE": sim.voice}


def _change_status(world: World, sim: Sim) -> None:
    if sim.status == ACTIVATE_READY:
        lifecycle.set_status(world, sim.slot, ACTIVATED, lifecycle.SYSTEM)
    elif sim.status == TEST_READY and sum(sim.used) >= TEST_VOLUME_MB * 1000:
        lifecycle.set_status(world, sim.slot, ACTIVATE_READY, lifecycle.SYSTEM)


def _fire_rules(world: World, sim: Sim, before: dict[str, float]) -> None:
    after = _figures(sim)
    for kind, threshold, rule in CYCLE_RULES:
        if before[kind] < threshold <= after[kind]:
            world.pushes.cycle_usage(sim, rule, kind, threshold, after[kind])
    if sim.package == NO_PACKAGE:
        return
    package = world.catalogue.packages[sim.package]
    if not package.is_prepaid or package.data_mb is None:
        return
    limit = package.data_mb * TRAFFIC_PERCENT / 100
    if before["DATA"] < limit <= after["DATA"]:
        world.pushes.prepaid_traffic(sim, TRAFFIC_PERCENT, package.data_mb, after["DATA"])


def _watch_silence(world: World, sim: Sim) -> None:
    """Report a SIM that falls silent; one with steady use never does."""
    seen = sim.last_session

    def report() -> None:
        if sim.last_session == seen and not sim.rate and sim.status == ACTIVATED and world.fleet.has(sim.slot):
            world.pushes.no_session(sim, SILENT_HOURS)

    world.clock.call_at(world.clock.now() + SILENT_HOURS * 3600, report)
