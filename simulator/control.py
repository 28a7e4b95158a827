"""The control panel `/_sim`, which no real carrier has: each address with what it does."""

import dataclasses
from collections.abc import Callable
from typing import Any

import msgspec

from simulator import control_fleet, lifecycle, sms, usage
from simulator.clock import parse_moment, stamp
from simulator.courier import Target
from simulator.errors import ApiError
from simulator.faults import KINDS, Fault
from simulator.identity import imei_of, mix
from simulator.pushes import EVENT_TYPES
from simulator.query import Request
from simulator.reply import Reply, reply
from simulator.world import World

Body = dict[str, Any]
_RESETS = frozenset({"sims", "seed", "accounts", "now", "quiet"})


async def answer(world: World, request: Request) -> Reply:
    """Carry a control request out: 200 with JSON, 404, or 400 with the reason in `error`."""
    name = request.segments[1] if len(request.segments) == 2 else ""
    table: dict[str, Callable[..., Any]] = _READS if request.method == "GET" else _WRITES
    if name not in table:
        return reply({"error": "no such control"}, 404)
    try:
        if request.method == "GET" and name == "deliveries":
            await world.courier.settled(float(request.query.get("wait") or 0))
        if request.method == "GET":
            return reply(table[name](world, request.query))
        return reply(table[name](world, msgspec.json.decode(request.body or b"{}", type=Body)))
    except (ValueError, KeyError, TypeError, AttributeError, ApiError) as error:
        return reply({"error": f"{type(error).__name__}: {error}"}, 400)


def _reset(world: World, body: Body) -> Any:
    """Everything as at the start, or with another fleet or clock from here on."""
    unknown = body.keys() - _RESETS
    if unknown:
        raise ValueError(f"cannot reset {sorted(unknown)}")
    if body.get("now") is not None:
        body["now"] = parse_moment(body["now"])
    world.reset(world.again(**body))
    return {"sims": world.fleet.slots, "now": stamp(world.clock.second())}


def _set_clock(world: World, body: Body) -> Any:
    if "now" in body:
        world.clock.set(parse_moment(body["now"]))
    else:
        world.clock.advance(float(body["advanceSeconds"]))
    world.clock.run_due()
    world.fleet.forget_records()
    return _clock(world, {})


def _clock(world: World, query: dict[str, str]) -> Any:
    return {"now": stamp(world.clock.second()), "frozen": world.clock.is_frozen}


def _usage(world: World, body: Body) -> Any:
    """Add usage: `dataUsage` MB on `apn`, `smsUsage` messages, `voiceUsage` minutes."""
    slot = _slot(world, body)
    if world.fleet.status[slot] not in usage.CAN_USE:
        raise ValueError("a SIM in this status has no traffic")
    apn = body.get("apn")
    if apn is not None and apn not in world.fleet.look(slot).apns:
        raise ValueError("no such APN on this SIM")
    figures = (float(body.get("dataUsage", 0)), int(body.get("smsUsage", 0)), int(body.get("voiceUsage", 0)))
    usage.use(world, slot, apn, *figures)
    return msgspec.Raw(world.fleet.record(slot))


def _imei(world: World, body: Body) -> Any:
    slot = _slot(world, body)
    imei = body.get("imei") or imei_of(mix(slot, world.clock.second()))
    lifecycle.change_imei(world, slot, imei)
    return msgspec.Raw(world.fleet.record(slot))


def _mo_sms(world: World, body: Body) -> Any:
    slot = _slot(world, body)
    return {"smsMsgId": sms.receive(world, slot, body["content"], body.get("encoding", "TEXT"))}


def _order_fault(world: World, body: Body) -> Any:
    if body.get("clear"):
        world.faults.waiting.clear()
        return _faults(world, {})
    kind = str(body["kind"])
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}")
    fault = Fault(
        body.get("operation", "*"),
        kind,
        body.get("times", 1),
        body.get("after", 0),
        body.get("retryAfter", 1),
        body.get("location", ""),
    )
    world.faults.order(fault)
    return _faults(world, {})


def _faults(world: World, query: dict[str, str]) -> Any:
    return {"waiting": [dataclasses.asdict(fault) for fault in world.faults.waiting]}


def _requests(world: World, query: dict[str, str]) -> Any:
    recorder = world.recorder
    operation, giccid = query.get("operation"), query.get("giccid")
    rows = [
        row
        for row in recorder.requests
        if operation in (None, row["operation"], row.get("name")) and (giccid is None or giccid in row["giccids"])
    ]
    changes: dict[str, Any] = dict(recorder.changes) if giccid is None else {giccid: recorder.changes.get(giccid, {})}
    return {"counts": recorder.counts, "changes": changes, "requests": rows[-int(query.get("limit") or 1000) :]}


def _forget_requests(world: World, body: Body) -> Any:
    world.recorder.clear()
    return {"counts": {}}


def _deliveries(world: World, query: dict[str, str]) -> Any:
    slug = query.get("slug")
    shown = [delivery for delivery in world.courier.deliveries if slug in (None, delivery.slug)]
    return {"counts": world.courier.counts, "deliveries": [delivery.as_json() for delivery in shown]}


def _push_target(world: World, body: Body) -> Any:
    world.courier.target = Target.parse(body.get("url", ""), body.get("secret", ""))
    return {"url": body.get("url", "")}


def _push(world: World, body: Body) -> Any:
    """Send one event of any kind about a SIM, with the fields given."""
    if body["slug"] not in EVENT_TYPES:
        raise ValueError(f"slug is one of {', '.join(EVENT_TYPES)}")
    world.pushes.custom(body["slug"], world.fleet.look(_slot(world, body)), body.get("fields", {}))
    return {"eventId": world.courier.deliveries[-1].payload["eventId"]}


def _turn_knobs(world: World, body: Body) -> Any:
    for name, value in body.items():
        world.knobs.turn(name.lower(), value)
    return _knobs(world, {})


def _knobs(world: World, query: dict[str, str]) -> Any:
    return dataclasses.asdict(world.knobs)


def _slot(world: World, body: Body) -> int:
    return control_fleet.slot_of(world, body["giccid"])


_READS: dict[str, Callable[[World, dict[str, str]], Any]] = {
    "clock": _clock,
    "fault": _faults,
    "requests": _requests,
    "deliveries": _deliveries,
    "knobs": _knobs,
}
_WRITES: dict[str, Callable[[World, Body], Any]] = {
    "reset": _reset,
    "clock": _set_clock,
    "usage": _usage,
    "imei": _imei,
    "mo-sms": _mo_sms,
    "fault": _order_fault,
    "requests": _forget_requests,
    "push-target": _push_target,
    "push": _push,
    "knobs": _turn_knobs,
    "sims": control_fleet.change_sims,
    "accounts": control_fleet.change_accounts,
}
