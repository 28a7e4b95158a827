"""Control of the fleet itself: SIMs and accounts come, go and change without a word to anyone."""

from typing import Any

import msgspec

from simulator import lifecycle
from simulator.clock import parse_moment
from simulator.extras import text_field
from simulator.sim import NO_PACKAGE, STATUSES, Device, Plan
from simulator.world import World

Body = dict[str, Any]


def slot_of(world: World, giccid: str) -> int:
    slot = world.fleet.slot(giccid)
    if slot is None:
        raise ValueError(f"no SIM {giccid}")
    return slot


def change_sims(world: World, body: Body) -> Any:
    """`remove`, `restore`, `move`, `set`, `expire`, `put`, `add`: no log row, no push."""
    for giccid in body.get("remove", []):
        _remove(world, giccid)
    for giccid in body.get("restore", []):
        _restore(world, giccid)
    for giccid, account in body.get("move", {}).items():
        _alter(world, giccid, {"account": account})
    for giccid, fields in body.get("set", {}).items():
        _alter(world, giccid, fields)
    for giccid, end in body.get("expire", {}).items():
        _expire(world, giccid, end)
    owner = _account(world, body["account"]) if "account" in body else None
    for record in body.get("put", []):
        _put(world, owner or 0, msgspec.json.encode(record))
    world.fleet.grow(int(body.get("add", 0)), owner)
    present = world.fleet.slots - len(world.fleet.removed) + len(world.extras.records)
    return {"sims": present}


def change_accounts(world: World, body: Body) -> Any:
    """`add` (names or {"name", "customerName", "sims"}), `remove` (with their SIMs), `balance`, `status`."""
    for entry in body.get("add", []):
        _add_account(world, entry if isinstance(entry, dict) else {"name": entry})
    removed = body.get("remove", [])
    for name in [removed] if isinstance(removed, str) else removed:
        _remove_account(world, name)
    for name, balance in body.get("balance", {}).items():
        world.catalogue.accounts[_account(world, name)].balance = float(balance)
    for name, status in body.get("status", {}).items():
        world.catalogue.accounts[_account(world, name)].status = status
    return {"accounts": [account.name for _, account in world.catalogue.open_accounts()]}


def _remove(world: World, giccid: str) -> None:
    slot = world.fleet.slot(giccid)
    if slot is None:
        world.extras.remove(giccid)
    else:
        world.fleet.remove(slot)


def _restore(world: World, giccid: str) -> None:
    slot = world.fleet.any_slot(giccid)
    if slot is None:
        raise ValueError(f"no SIM {giccid}")
    world.fleet.restore(slot)


def _alter(world: World, giccid: str, fields: dict[str, Any]) -> None:
    sim = world.fleet.touch(slot_of(world, giccid))
    if "account" in fields:
        sim.account = _account(world, fields["account"])
    if "status" in fields:
        sim.status = STATUSES.index(fields["status"])
    if "package" in fields:
        package = world.catalogue.package_index(fields["package"] or "")
        if package is None and fields["package"] is not None:
            raise ValueError(f"no package {fields['package']}")
        sim.package = NO_PACKAGE if package is None else package
    if "imei" in fields:
        sim.devices = sim.devices or [Device(None, None, None)]
        sim.devices[0].imei = fields["imei"]
    world.fleet.changed(sim)


def _expire(world: World, giccid: str, end: str) -> None:
    """The SIM's package ends then, and none follows."""
    sim = world.fleet.touch(slot_of(world, giccid))
    lifecycle.set_plan(world, sim, Plan(sim.plan.start, int(parse_moment(end))))
    world.fleet.changed(sim)


def _put(world: World, account: int, body: bytes) -> None:
    slot = world.fleet.any_slot(text_field(body, "giccid") or "")
    if slot is None:
        world.extras.put(account, body)
        return
    world.fleet.restore(slot)
    world.fleet.verbatim[slot] = body


def _account(world: World, name: str) -> int:
    index = world.catalogue.account_index(name)
    if index is None:
        raise ValueError(f"no account {name}")
    return index


def _add_account(world: World, entry: dict[str, Any]) -> None:
    index = world.catalogue.add_account(entry["name"], entry.get("customerName", "example_customer"))
    world.fleet.grow(int(entry.get("sims", 0)), index)


def _remove_account(world: World, name: str) -> None:
    index = _account(world, name)
    world.catalogue.accounts[index].removed = True
    world.extras.records = [extra for extra in world.extras.records if extra.account != index]
    for slot in [slot for slot, owner in enumerate(world.fleet.account) if owner == index]:
        world.fleet.remove(slot)
