"""S4, S5 and S11: custom fields and APNs."""

from simulator.errors import ApiError, invalid_field
from simulator.lifecycle import APN_FROM, path_slot, require_status
from simulator.query import Request, required_text
from simulator.reply import Reply, reply
from simulator.world import World

NAMES = ("custom1", "custom2", "custom3", "custom4", "custom5")
_LONGEST = 100
_SEED_FIELDS = {3: {"custom1": "Berlin depot", "custom2": "meter-0042"}}


def custom_fields(world: World, request: Request) -> Reply:
    return reply(_fields(world, path_slot(world, request)))


def set_custom_fields(world: World, request: Request) -> Reply:
    """Left-out fields keep their value, unless STRICT_PUT says that they are cleared."""
    slot = path_slot(world, request)
    given = _given(request)
    kept = dict.fromkeys(NAMES) if world.knobs.strict_put else _fields(world, slot)
    world.custom[slot] = {**kept, **given}
    world.recorder.change(request.segments[1], "custom_field")
    return reply(world.custom[slot])


def _fields(world: World, slot: int) -> dict[str, str | None]:
    stored = world.custom.get(slot)
    return stored if stored is not None else {**dict.fromkeys(NAMES), **_SEED_FIELDS.get(slot, {})}


def _given(request: Request) -> dict[str, str | None]:
    body = request.json()
    given: dict[str, str | None] = {}
    for name in NAMES:
        if name not in body:
            continue
        value = body[name]
        if value is not None and not isinstance(value, str):
            raise ApiError(400, detail=f"Field {name} should be a string")
        given[name] = value or None
    wrong = [name for name, value in given.items() if value is not None and len(value) > _LONGEST]
    if wrong:
        errors = [{"resource": "customFieldVO", "field": name, "code": "invalid"} for name in wrong]
        raise ApiError(422, errors=errors)
    return given


def set_apn_status(world: World, request: Request) -> Reply:
    slot = path_slot(world, request)
    body = request.json()
    apn, status = required_text(body, "apn", "apnName"), required_text(body, "apn", "apnStatus")
    if status not in ("OPEN", "CLOSED"):
        raise invalid_field("apn", "apnStatus")
    require_status(world, slot, APN_FROM, "change its APN status")
    if apn not in world.fleet.look(slot).apns:
        raise invalid_field("apn", "apnName", "missing")
    _switch_apn(world, slot, apn, status == "OPEN")
    return reply({"giccid": request.segments[1], "apnName": apn, "apnStatus": status})


def _switch_apn(world: World, slot: int, apn: str, opens: bool) -> None:
    sim = world.fleet.touch(slot)
    bit = 1 << sim.apns.index(apn)
    if bool(sim.open_apns & bit) == opens:
        return
    sim.open_apns ^= bit
    world.fleet.changed(sim)
    world.recorder.change(sim.giccid, "apn_status")
    old, new = ("CLOSED", "OPEN") if opens else ("OPEN", "CLOSED")
    world.pushes.apn_status(sim, apn, old, new)
