"""What happens to the fleet by itself: test periods end, and unless it is quiet a few SIMs change each minute."""

from simulator import lifecycle, usage
from simulator.identity import imei_of, mix
from simulator.sim import ACTIVATED, DEACTIVATED
from simulator.world import World

TEST_PERIOD_S = 90 * 86_400
_MINUTE = 60
_SIMS_PER_CHANGE = 20_000


def arm(world: World) -> None:
    """Set the timers of a fresh world."""
    world.clock.after(TEST_PERIOD_S, lambda: lifecycle.end_test_period(world))
    if not world.options.quiet and not world.clock.is_frozen:
        _arm_minute(world, int(world.clock.now()) // _MINUTE + 1)


def _arm_minute(world: World, minute: int) -> None:
    def strike() -> None:
        _strike(world, minute)
        _arm_minute(world, minute + 1)

    world.clock.call_at(minute * _MINUTE, strike)


def _strike(world: World, minute: int) -> None:
    """The same SIMs in the same minute, whatever else was asked."""
    for turn in range(1 + world.fleet.slots // _SIMS_PER_CHANGE):
        bits = mix(minute * 1024 + turn, world.options.seed)
        slot = bits % world.fleet.slots
        if slot >= 10 and world.fleet.has(slot):
            _happen(world, slot, bits >> 40)


def _happen(world: World, slot: int, bits: int) -> None:
    status = world.fleet.status[slot]
    kind = bits & 3
    if kind == 0 and status == ACTIVATED:
        lifecycle.set_status(world, slot, DEACTIVATED, lifecycle.CONSOLE)
    elif kind == 0 and status == DEACTIVATED:
        lifecycle.set_status(world, slot, ACTIVATED, lifecycle.CONSOLE)
    elif kind == 1 and status == ACTIVATED:
        lifecycle.change_imei(world, slot, imei_of(bits * 2_654_435_761))
    elif status in usage.CAN_USE:
        usage.use(world, slot, None, 5 + bits % 400 / 10)
