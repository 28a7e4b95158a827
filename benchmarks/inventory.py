"""The list at 10,000 and 1,000,000 SIMs, against Django admin's changelist of the same table in the same run.

Full page and fragment; first, middle and last page; each pair of filter and sort that is on offer at any size, and
some filters that are counted up to a cap. The admin goes to the same page by its own means, 50 rows as ours.
BENCH_HUGE=1 adds 10,000,000 SIMs, BENCH_HUGE=FOLDER those that `benchmarks.fleet` has made and kept there.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from benchmarks.fleet import HUGE, huge_fleet, kept_folder, make_fleet, measured_huge, wants_huge
from benchmarks.portal import portal, say

SMALL, LARGE = 10_000, int(os.environ.get("BENCH_SIMS", 1_000_000))
TIMES, PEER_TIMES = int(os.environ.get("BENCH_DRAWS", 12)), 1
GOALS = {"times_the_admin": 20, "aim": 45, "p95_ratio": 1.5, "p95_ratio_huge": 2.0}
FRAGMENT = {"HX-Request": "true", "HX-Target": "sim-table"}
SHARES = {"HX-Request": "true", "HX-Target": "share-counts"}

ACCOUNT, STATUS, PACKAGE = {"account": "account-03"}, {"status": "ACTIVATED"}, {"package": "Prepaid-Basic-10M"}
EXACT = {
    "all": {},
    "account": ACCOUNT,
    "status": STATUS,
    "package": PACKAGE,
    "account and status": ACCOUNT | STATUS,
    "account, status, package": ACCOUNT | STATUS | PACKAGE,
}
OTHERS = {
    "missing": {"missing": "1"},
    "two statuses": {"status": ["INVENTORY", "RETIRED"]},
    "over 80 %": {"usage": ">80%"},
    "10 to 20 MB": {"usage": "10-20"},
    "plan ends in 7 days": {"plan_end": "7d"},
    "changed in 24 hours": {"changed": "24h"},
    "activated in a year": {"activated": "2025-01-01..2025-12-31"},
}
SUPERUSER = {"is_superuser": True, "is_staff": True, "role": "admin"}
Addresses = dict[str, dict[str, str]]
Timings = dict[str, dict[str, list[float]]]


def pairs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each filter with each of its sorts, both ways."""
    for name, query in EXACT.items():
        sorts = ("iccid", "activated", "plan_end", "usage") if name in ("all", "account") else ("iccid", "activated")
        for sort in sorts:
            yield f"{name} by {sort}", {**query, "sort": sort}
            yield f"{name} by -{sort}", {**query, "sort": f"-{sort}"}
    for name, query in OTHERS.items():
        yield f"{name} by iccid", {**query, "sort": "iccid"}


FILLED = (
    "sims_sim", "sims_simidentifier", "sims_simcount", "sims_simcountdelta", "sims_pagesims", "enterprise_account",
)  # fmt: skip


def fill(count: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(FILLED)} CASCADE")
    say(f"making {count:,} SIMs")
    make_fleet(count)


def places(query: dict[str, Any]) -> dict[str, str]:
    """The first page of a list, one in its middle and its last."""
    from sims.order import ORDERS, Place

    order = ORDERS[query["sort"]]
    base = f"/sims/?{urlencode(query, doseq=True)}"
    middle = _middle(query, order)
    if middle is None:
        return {"first": base}
    edge = Place("0" if order.descends else "z") if order.is_unique else Place(None, 0 if order.descends else 10**17)
    return {
        "first": base,
        "middle": f"{base}&{urlencode({'after': Place(getattr(middle, order.column), middle.pk).written(order)})}",
        "last": f"{base}&{urlencode({'before': edge.written(order)})}",
    }


def _middle(query: dict[str, Any], order: Any) -> Any:
    """The SIM in the middle of the first 500,000 of an exact filter; others have few pages or are walked alike."""
    from sims.models import Sim

    if any(not isinstance(value, str) for value in query.values()) or not EXACT_NAMES.issuperset(query):
        return None
    rows = Sim.objects.filter(**_lookup(query), **{f"{order.column}__isnull": False})
    way = "-" if order.descends else ""
    place = min(500_000, rows[:500_000].count()) // 2
    return rows.order_by(f"{way}{order.column}", f"{way}id")[place : place + 1].first()


EXACT_NAMES = {"sort", "account", "status", "package"}
LOOKUPS = {"account": "account__name", "status": "status", "package": "package"}


def _lookup(query: dict[str, Any]) -> dict[str, Any]:
    return {LOOKUPS[name]: value for name, value in query.items() if name in LOOKUPS}


def times_of(client: Any, address: str, times: int, headers: dict[str, str] | None = None) -> list[float]:
    """Milliseconds; of several, the first only warms up."""
    spent = []
    for _ in range(times + (times > 1)):
        began = time.perf_counter()
        status = client.get(address, headers=headers or {}).status_code
        spent.append((time.perf_counter() - began) * 1000)
        if status != 200:
            raise SystemExit(f"{address} answered {status}")
    return spent[1:] if times > 1 else spent


def addresses() -> Addresses:
    """Where the pages of each pair lie in the fleet that is there now."""
    return {name: places(query) for name, query in pairs()}


def ours(client: Any, found: Addresses) -> Timings:
    return {
        name: {
            f"{place} {kind}": times_of(client, address, TIMES, headers)
            for place, address in of_pair.items()
            for kind, headers in (("page", None), ("fragment", FRAGMENT))
        }
        for name, of_pair in found.items()
    }


def theirs(client: Any) -> Timings:
    return {
        name: {place: times_of(client, address, PEER_TIMES) for place, address in _admin_places(query).items()}
        for name, query in pairs()
        if EXACT_NAMES.issuperset(query) and isinstance(query.get("status", ""), str)
    }


SHOWN = ("giccid", "status", "account", "package", "data_usage_mb", "package_ends_at", "activated_at")


def _admin_places(query: dict[str, Any]) -> dict[str, str]:
    from sims.models import Sim
    from sims.order import ORDERS

    order = ORDERS[query["sort"]]
    asked: dict[str, Any] = {f"{name}__exact": value for name, value in _lookup(query).items()}
    asked["o"] = f"{'-' if order.descends else ''}{1 + SHOWN.index(order.column)}"
    last = -(-Sim.objects.filter(**_lookup(query)).count() // 50)
    pages = {"first": 1, "middle": max(1, last // 2), "last": max(1, last)}
    return {place: f"/admin/sims/sim/?{urlencode(asked | {'p': page})}" for place, page in pages.items()}


def scans(client: Any, addresses: Addresses) -> list[str]:
    """Pairs of which a query goes through the whole table."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    found = []
    for name, of_pair in addresses.items():
        for place, address in of_pair.items():
            with CaptureQueriesContext(connection) as asked:
                client.get(address)
            sqls = [one["sql"] for one in asked if "sims_sim" in one["sql"]]
            found += [f"{name}, {place}" for sql in sqls if "Seq Scan on sims_sim " in _plan(sql)]
    return found


def _plan(sql: str) -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


def signed_in() -> Any:
    """A client for both; the admin knows the SIMs only here."""
    from django.contrib import admin
    from django.test import Client

    from sims.models import Sim
    from users.models import User

    class SimAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
        list_display = SHOWN
        list_per_page = 50
        list_select_related = ("account",)

        def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
            return True

    admin.site.register(Sim, SimAdmin)
    client = Client()
    client.force_login(User.objects.get_or_create(username="bench", defaults=SUPERUSER)[0])
    return client


def flat(timings: Timings) -> list[float]:
    return [value for kinds in timings.values() for values in kinds.values() for value in values]


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def summed(before: Timings, now: Timings, peer: Timings) -> dict[str, Any]:
    """A line for each pair."""
    lines: dict[str, Any] = {}
    for name, kinds in now.items():
        mine = flat({name: kinds})
        lines[name] = {"median_ms": round(statistics.median(mine), 1), "p95_ms": round(p95(mine), 1)}
        lines[name]["p95_ratio"] = round(p95(mine) / p95(flat({name: before[name]})), 2)
        if name in peer:
            other = statistics.median(flat({name: peer[name]}))
            lines[name] |= {"admin_ms": round(other, 1), "times": round(other / statistics.median(mine), 1)}
    return lines


def together(lines: dict[str, Any], before: Timings, now: Timings) -> dict[str, Any]:
    gains = [line["times"] for line in lines.values() if "times" in line]
    return {
        "median_ms": round(statistics.median(flat(now)), 1),
        "p95_ms": round(p95(flat(now)), 1),
        "p95_ms_before": round(p95(flat(before)), 1),
        "p95_ratio": round(p95(flat(now)) / p95(flat(before)), 2),
        **({"times_the_admin": statistics.median(gains), "least": min(gains)} if gains else {}),
    }


def share_counts(client: Any) -> Timings:
    """They come in a request of their own, after the page."""
    asked = {"all": {}, "account": ACCOUNT, "status": STATUS}
    return {
        name: {"shares": times_of(client, f"/sims/?{urlencode(query)}", TIMES, SHARES)} for name, query in asked.items()
    }


def run() -> dict[str, Any]:
    with portal(DJANGO_SETTINGS_MODULE="benchmarks.admin_settings"):
        client = signed_in()
        fill(SMALL)
        small = ours(client, addresses())
        fill(LARGE)
        say("measuring the list")
        found = addresses()
        large = ours(client, found)
        say("measuring the admin")
        peer = theirs(client)
        lines = summed(small, large, peer)
        answer = {"sims": LARGE, "goals": GOALS, "list": together(lines, small, large), "pairs": lines}
        shares = share_counts(client)
        answer |= {"scans": scans(client, found), "share_counts_ms": medians(shares)}
    if wants_huge():
        answer["huge"] = beside(large, shares, measured_huge("benchmarks.inventory"))
    return answer


def medians(timings: Timings) -> dict[str, float]:
    return {name: round(statistics.median(flat({name: kinds})), 1) for name, kinds in timings.items()}


def beside(large: Timings, shares: Timings, huge: dict[str, Any]) -> dict[str, Any]:
    """Ten million beside one million."""
    more = summed(large, huge["list"], {})
    return {
        "sims": HUGE,
        **together(more, large, huge["list"]),
        "scans": huge["scans"],
        "share_counts": summed(shares, huge["shares"], {}),
        "pairs": more,
    }


def run_huge() -> dict[str, Any]:
    with huge_fleet(kept=kept_folder(), DJANGO_SETTINGS_MODULE="benchmarks.admin_settings"):
        client = signed_in()
        found = addresses()
        say("measuring ten million")
        return {"list": ours(client, found), "shares": share_counts(client), "scans": scans(client, found)}


if __name__ == "__main__":
    print(json.dumps(run_huge() if "huge" in sys.argv else run()))
