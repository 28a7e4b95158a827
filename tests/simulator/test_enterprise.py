"""E1, E2, E3, P1 and T1: their shapes, and that their figures add up."""

from decimal import Decimal
from urllib.parse import quote

import pytest

from tests.simulator.carrier import HEALTHY, Carrier, refused

COUNTRIES = "/statistics/global-sims/countryCodes"
ODD = "O'Neill & Sons"


def fleet_of(carrier: Carrier, **query: object) -> list[dict]:
    total = carrier.get("/global-sims", size=1, **query)["total"]
    pages = range(-(-total // 100))
    return [row for page in pages for row in carrier.get("/global-sims", page=page, size=100, **query)["data"]]


def mb(figure: float) -> Decimal:
    return Decimal(str(figure)).quantize(Decimal("0.001"))


def data_of(records: list[dict]) -> Decimal:
    return sum((mb(record["currentCycleUsages"]["dataUsage"]) for record in records), Decimal(0))


def names(carrier: Carrier) -> list[str]:
    return [account["name"] for account in carrier.get("/enterprise")["accounts"]]


def account(carrier: Carrier, name: str) -> dict:
    return carrier.get(f"/account/{quote(name, safe='')}")


def test_the_enterprise_of_the_seeds(carrier: Carrier) -> None:
    assert carrier.get("/enterprise") == {
        "name": "example_enterprise",
        "contactName": "A. Example",
        "contactPhone": "8613800000000",
        "contactEmail": "ops@example.com",
        "accounts": [
            {"name": "example_account", "customerName": "example_customer", "status": "NORMAL", "simCount": 9},
            {"name": "lab account", "customerName": "example_customer", "status": "NORMAL", "simCount": 1},
        ],
    }


def test_an_account_of_the_seeds(carrier: Carrier) -> None:
    found = account(carrier, "example_account")
    assert found["simCount"] == 9
    assert found["billingCycle"] == "2025-08"
    assert found["simStatusCounts"] == [
        {"status": "TEST_READY", "count": 1},
        {"status": "ACTIVATE_READY", "count": 1},
        {"status": "INVENTORY", "count": 1},
        {"status": "ACTIVATED", "count": 4},
        {"status": "DEACTIVATED", "count": 1},
        {"status": "RETIRED", "count": 1},
    ]
    assert (found["enterpriseName"], found["customerName"]) == ("example_enterprise", "example_customer")
    assert (found["status"], found["currency"], found["balance"]) == ("NORMAL", "USD", 1520.35)
    assert found["currentCycleCharge"] == 1.2 + 1.2 + 2.0 + 0.5


def test_accounts_of_a_generated_fleet(fleet: Carrier) -> None:
    assert names(fleet) == [
        "example_account",
        "lab account",
        "halden-dach",
        "halden-nordic",
        "halden-iberia",
        ODD,
        "北方 IoT",
        "halden/pilot",
    ]


@pytest.mark.parametrize("seconds", [0, 6 * 3600, 40 * 86_400])
def test_counts_and_usage_add_up(fleet: Carrier, seconds: int) -> None:
    fleet.advance(seconds)
    fleet.post(f"/global-sims/{HEALTHY}/deactivate")
    fleet.control("usage", giccid="8986011805022000003", dataUsage=12.345)
    listed = {name: fleet_of(fleet, accountName=name) for name in names(fleet)}
    counts = {entry["name"]: entry["simCount"] for entry in fleet.get("/enterprise")["accounts"]}
    assert sum(counts.values()) == fleet.get("/global-sims", size=1)["total"] == 400
    for name, records in listed.items():
        found = account(fleet, name)
        assert found["simCount"] == counts[name] == len(records)
        assert sum(entry["count"] for entry in found["simStatusCounts"]) == len(records)
        assert mb(found["currentCycleUsages"]["dataUsage"]) == data_of(records)
        sms = sum(record["currentCycleUsages"]["smsUsage"] for record in records)
        assert found["currentCycleUsages"]["smsUsage"] == sms
        by_country = fleet.get(COUNTRIES, accountName=name)["data"]
        assert sum((mb(row["dataUsage"]) for row in by_country), Decimal(0)) == data_of(records)


def test_apn_usage_adds_up(fleet: Carrier) -> None:
    for record in fleet_of(fleet):
        parts = sum((mb(apn["dataUsage"]) for apn in record["currentCycleAPNUsagesList"]), Decimal(0))
        assert parts == mb(record["currentCycleUsages"]["dataUsage"])


def test_pools_add_up(fleet: Carrier) -> None:
    pools = fleet.get("/sharePools")["data"]
    assert [pool["name"] for pool in pools] == ["EU-Pool-50G", "DACH-Pool-2T", "Nordic-Pool-500G"]
    for pool in pools:
        members = fleet_of(fleet, basicServicePackageName=pool["servicePackageName"])
        assert pool["simCount"] == len(members) > 0
        assert mb(pool["dataUsage"]) == data_of(members)
        assert mb(pool["dataRemaining"]) == mb(pool["dataTotal"]) - mb(pool["dataUsage"])
        assert pool["cycleStartTime"] == "2025-08-01T00:00:00+0000"
        assert pool["cycleEndTime"] == "2025-09-01T00:00:00+0000"
        assert pool["status"] == "NORMAL"


def test_a_pool_that_is_used_up(carrier: Carrier) -> None:
    carrier.control("usage", giccid="8986011805021000006", dataUsage=60_000)
    pool = carrier.get("/sharePools")["data"][0]
    assert (pool["status"], pool["dataRemaining"]) == ("EXHAUSTED", 0)


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ({}, 3),
        ({"accountName": "halden-dach"}, 1),
        ({"name": "EU-Pool-50G"}, 1),
        ({"name": "nope"}, 0),
        ({"name": "EU-Pool-50G", "accountName": "halden-dach"}, 0),
    ],
)
def test_pool_filters(fleet: Carrier, query: dict, total: int) -> None:
    assert fleet.get("/sharePools", **query)["total"] == total


@pytest.mark.parametrize("path", ["/sharePools", "/example_account/servicePackages"])
def test_paging_and_bare_arrays(fleet: Carrier, path: str) -> None:
    whole = fleet.get(path)
    assert fleet.get(path, page=1, size=2)["data"] == whole["data"][2:4]
    assert fleet.get(path, size=1000)["size"] == 100
    refused(fleet.call("GET", path, params={"size": "x"}), "size", "invalid")
    fleet.control("knobs", bare_arrays=True)
    assert fleet.get(path) == whole["data"]


@pytest.mark.parametrize(("kind", "total"), [("", 5), ("BASIC", 4), ("SUPPLEMENTARY", 1)])
def test_packages(carrier: Carrier, kind: str, total: int) -> None:
    page = carrier.get("/example_account/servicePackages", type=kind)
    assert page["total"] == total
    assert {package["type"] for package in page["data"]} <= ({kind} if kind else {"BASIC", "SUPPLEMENTARY"})


def test_a_package_in_full(carrier: Carrier) -> None:
    packages = carrier.get("/lab%20account/servicePackages")["data"]
    assert packages[1] == {
        "name": "Prepaid-Basic-100M",
        "type": "BASIC",
        "paymentType": "PREPAID",
        "dataVolume": 100.0,
        "smsVolume": 50,
        "voiceVolume": 0,
        "validityPeriod": 1,
        "validityUnit": "MONTH",
        "price": 1.2,
        "currency": "USD",
        "sharePoolName": None,
        "description": "100 MB per month, prepaid",
    }


def test_an_unknown_type_of_package(carrier: Carrier) -> None:
    answer = carrier.call("GET", "/example_account/servicePackages", params={"type": "basic"})
    refused(answer, "type", "invalid")


def test_packages_of_every_sim_belong_to_its_account(fleet: Carrier) -> None:
    for name in names(fleet):
        packages = fleet.get(f"/{quote(name, safe='')}/servicePackages", type="BASIC", size=100)["data"]
        owned = {package["name"] for package in packages}
        plans = [record["currentBasicServicePackage"] for record in fleet_of(fleet, accountName=name)]
        assert {plan["name"] for plan in plans if plan} <= owned


def test_countries_by_day(fleet: Carrier) -> None:
    whole = fleet.get(COUNTRIES)["data"]
    days = [
        {row["countryCode"]: mb(row["dataUsage"]) for row in fleet.get(COUNTRIES, startDate=day, endDate=day)["data"]}
        for day in (f"2025-08-{number:02d}" for number in range(1, 14))
    ]
    germany = next(mb(row["dataUsage"]) for row in whole if row["countryCode"] == "SE")
    assert sum((day.get("SE", Decimal(0)) for day in days), Decimal(0)) == germany > 0
    assert sum(row["simCount"] for row in whole) > fleet.get("/global-sims", status="ACTIVATED", size=1)["total"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"startDate": "2025-8-1"}, "startDate"),
        ({"endDate": "2025-02-30"}, "endDate"),
        ({"startDate": "2025-08-10", "endDate": "2025-08-09"}, "startDate"),
        ({"startDate": "2025-05-01", "endDate": "2025-08-01"}, "startDate"),
    ],
)
def test_bad_dates(carrier: Carrier, query: dict, field: str) -> None:
    refused(carrier.call("GET", COUNTRIES, params=query), field, "invalid")


def test_the_longest_span(carrier: Carrier) -> None:
    assert "data" in carrier.get(COUNTRIES, startDate="2025-05-01", endDate="2025-07-31")
    assert carrier.get(COUNTRIES, accountName="nope") == {"data": []}
