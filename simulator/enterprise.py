"""E1, E2, E3 and P1: the enterprise, its accounts, packages and pools."""

from typing import Any

from simulator.catalogue import ENTERPRISE, Account, Pool
from simulator.clock import stamp
from simulator.errors import UnknownId
from simulator.query import Request
from simulator.reply import Reply, page_of, reply
from simulator.sim import ACTIVATED, NO_PACKAGE, STATUSES
from simulator.world import World


def enterprise(world: World, request: Request) -> Reply:
    accounts = [
        {
            "name": account.name,
            "customerName": account.customer,
            "status": account.status,
            "simCount": _sim_count(world, index),
        }
        for index, account in world.catalogue.open_accounts()
    ]
    return reply({**ENTERPRISE, "accounts": accounts})


def account(world: World, request: Request) -> Reply:
    index, found = _account(world, request.segments[1])
    now, cycle = world.clock.now(), world.fleet.cycle()
    sums = world.fleet.totals.used(lambda owner, _: owner == index, world.fleet.present(), now, cycle[0])
    statuses = [{"status": status, "count": _count(world, index, number)} for number, status in enumerate(STATUSES)]
    return reply(
        {
            "name": found.name,
            "enterpriseName": ENTERPRISE["name"],
            "customerName": found.customer,
            "status": found.status,
            "balance": round(found.balance, 2),
            "currency": "USD",
            "billingCycle": world.cycles.label(now),
            "currentCycleCharge": round(found.charged + _plan_charge(world, index), 2),
            "currentCycleUsages": {
                "dataUsage": sums.data / 1000,
                "smsUsage": sums.sms,
                "voiceUsage": sums.voice,
            },
            "simCount": _sim_count(world, index),
            "simStatusCounts": statuses,
        }
    )


def service_packages(world: World, request: Request) -> Reply:
    _, found = _account(world, request.segments[0])
    wanted = request.choice("type", ("BASIC", "SUPPLEMENTARY"))
    page, size = request.paging(world.knobs.max_size)
    packages = [world.catalogue.packages[index] for index in found.packages]
    rows = [package.as_json() for package in packages if wanted in (None, package.type)]
    return _rows(world, rows, page, size)


def share_pools(world: World, request: Request) -> Reply:
    page, size = request.paging(world.knobs.max_size)
    name, owner = request.text("name"), request.text("accountName")
    accounts = world.catalogue.accounts
    pools = [
        pool
        for pool in world.catalogue.pools
        if not accounts[pool.account].removed
        and name in (None, pool.name)
        and owner in (None, accounts[pool.account].name)
    ]
    return _rows(world, [_pool(world, pool) for pool in pools], page, size)


def _rows(world: World, rows: list[Any], page: int, size: int) -> Reply:
    if world.knobs.bare_arrays:
        return reply(rows[page * size : (page + 1) * size])
    return page_of(rows, page, size)


def _account(world: World, name: str) -> tuple[int, Account]:
    index = world.catalogue.account_index(name)
    if index is None:
        raise UnknownId("account", "name")
    return index, world.catalogue.accounts[index]


def _pool(world: World, pool: Pool) -> dict[str, Any]:
    now, cycle = world.clock.now(), world.fleet.cycle()
    sums = world.fleet.totals.used(lambda _, package: package == pool.package, world.fleet.present(), now, cycle[0])
    used = sums.data / 1000
    return {
        "name": pool.name,
        "accountName": world.catalogue.accounts[pool.account].name,
        "servicePackageName": world.catalogue.packages[pool.package].name,
        "dataTotal": pool.data_mb,
        "dataUsage": used,
        "dataRemaining": round(max(pool.data_mb - used, 0), 3),
        "simCount": sum(n for (_, _, package), n in world.fleet.totals.counts.items() if package == pool.package),
        "cycleStartTime": stamp(cycle[0]),
        "cycleEndTime": stamp(cycle[1]),
        "status": "EXHAUSTED" if used >= pool.data_mb else "NORMAL",
    }


def _sim_count(world: World, index: int) -> int:
    counts = world.fleet.totals.counts
    return world.extras.count(index) + sum(n for (owner, _, _), n in counts.items() if owner == index)


def _count(world: World, index: int, status: int) -> int:
    counts = world.fleet.totals.counts
    own = sum(n for (owner, state, _), n in counts.items() if (owner, state) == (index, status))
    return own + world.extras.count(index, STATUSES[status])


def _plan_charge(world: World, index: int) -> float:
    """The basic packages of the active SIMs, for this cycle."""
    packages = world.catalogue.packages
    return sum(
        packages[package].price * n
        for (owner, status, package), n in world.fleet.totals.counts.items()
        if owner == index and status == ACTIVATED and package != NO_PACKAGE
    )
