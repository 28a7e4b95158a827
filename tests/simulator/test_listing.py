"""S1 and S2, and the rules of paging."""

import pytest

from tests.simulator.carrier import HEALTHY, INVENTORY, REFUSED, TWO_DEVICES, UNKNOWN, Carrier, S, refused

STATUSES = ("TEST_READY", "ACTIVATE_READY", "INVENTORY", "ACTIVATED", "DEACTIVATED", "RETIRED")
SEEDS = [
    (1, "TEST_READY", "Prepaid-Basic-10M"),
    (2, "ACTIVATE_READY", "Prepaid-Basic-10M"),
    (3, "INVENTORY", None),
    (4, "ACTIVATED", "Prepaid-Basic-100M"),
    (5, "ACTIVATED", "Prepaid-Basic-100M"),
    (6, "ACTIVATED", "Postpaid-Share-EU"),
    (7, "DEACTIVATED", "Prepaid-Basic-10M"),
    (8, "RETIRED", "Prepaid-Basic-10M"),
    (9, "ACTIVATED", "Prepaid-Basic-10M"),
    (10, "ACTIVATED", "Postpaid-Share-EU"),
]


def giccids(page: dict) -> list[str]:
    return [record["giccid"] for record in page["data"]]


@pytest.mark.parametrize(("number", "status", "package"), SEEDS)
def test_each_seed_is_as_the_contract_says(carrier: Carrier, number: int, status: str, package: str | None) -> None:
    sim = carrier.sim(S[number])
    plan = sim["currentBasicServicePackage"]
    assert (sim["giccid"], sim["status"]) == (S[number], status)
    assert (plan and plan["name"]) == package


def test_the_healthy_one_in_full(carrier: Carrier) -> None:
    assert carrier.sim(HEALTHY) == {
        "giccid": HEALTHY,
        "deviceInfo": [{"imei": "356938035643809", "imsi": "460060000000004", "msisdn": "8614500000004"}],
        "status": "ACTIVATED",
        "sellTime": "2025-01-15T08:00:00+0000",
        "activatedTime": "2025-02-01T09:30:00+0000",
        "currentCycleUsages": {"dataUsage": 41.25, "smsUsage": 3, "voiceUsage": 0},
        "currentCycleAPNUsagesList": [
            {"apn": "iot.public", "dataUsage": 40.0},
            {"apn": "iot.private", "dataUsage": 1.25},
        ],
        "currentBasicServicePackage": {
            "name": "Prepaid-Basic-100M",
            "startTime": "2025-08-01T00:00:00+0000",
            "endTime": "2025-09-01T00:00:00+0000",
        },
        "apnList": [
            {"apnName": "iot.public", "apnStatus": "OPEN"},
            {"apnName": "iot.private", "apnStatus": "CLOSED"},
        ],
    }


def test_the_odd_seeds(carrier: Carrier) -> None:
    assert carrier.sim(INVENTORY)["deviceInfo"] == []
    assert carrier.sim(INVENTORY)["activatedTime"] is None
    assert [device["imei"] is None for device in carrier.sim(TWO_DEVICES)["deviceInfo"]] == [False, True]
    assert carrier.sim(S[5])["currentCycleUsages"]["dataUsage"] == 79.9
    assert carrier.sim(S[6])["currentBasicServicePackage"]["endTime"] is None


def test_detail_can_be_wrapped(carrier: Carrier) -> None:
    bare = carrier.sim(HEALTHY)
    carrier.control("knobs", wrap_detail=True)
    assert carrier.sim(HEALTHY) == {"data": bare}


def test_the_list_holds_what_the_details_hold(carrier: Carrier) -> None:
    page = carrier.get("/global-sims")
    assert (page["page"], page["size"], page["total"]) == (0, 10, 10)
    assert page["data"] == [carrier.sim(giccid) for giccid in S.values()]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"status": "ACTIVATED"}, [4, 5, 6, 9, 10]),
        ({"accountName": "lab account"}, [10]),
        ({"accountName": "Lab Account"}, []),
        ({"customerName": "example_customer"}, range(1, 11)),
        ({"customerName": "nobody"}, []),
        ({"po": "8723164786"}, range(1, 11)),
        ({"po": "1"}, []),
        ({"basicServicePackageName": "Postpaid-Share-EU"}, [6, 10]),
        ({"basicServicePackageName": "nope"}, []),
        ({"basicServicePackageName": "Postpaid-Share-EU", "accountName": "lab account"}, [10]),
        ({"status": "ACTIVATED", "accountName": "example_account"}, [4, 5, 6, 9]),
        ({"giccids": f"{S[9]},{UNKNOWN},{S[4]},{S[9]}"}, [4, 9]),
        ({"giccids": f"{S[4]},{S[7]}", "status": "ACTIVATED"}, [4]),
        ({"status": "", "po": "", "giccids": "", "page": "", "size": "", "accountName": ""}, range(1, 11)),
        ({"unknown": "parameter"}, range(1, 11)),
    ],
)
def test_filters(carrier: Carrier, query: dict, numbers: list[int]) -> None:
    page = carrier.get("/global-sims", **query)
    assert giccids(page) == [S[number] for number in numbers]
    assert page["total"] == len(numbers)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "SUSPENDED"),
        ("status", "activated"),
        ("page", "-1"),
        ("page", "one"),
        ("page", "1.5"),
        ("size", "0"),
        ("size", "-5"),
        ("size", "x"),
        ("giccids", ",".join(f"g{number}" for number in range(101))),
    ],
)
def test_bad_parameters_are_refused(carrier: Carrier, field: str, value: str) -> None:
    answer = carrier.call("GET", "/global-sims", params={field: value})
    refused(answer, field, "invalid")
    assert answer.json()["errors"][0]["resource"] == "query"


def test_a_blank_parameter_without_a_value(carrier: Carrier) -> None:
    assert carrier.get("/global-sims?status&po=&page&size=3")["size"] == 3


@pytest.mark.parametrize(("asked", "used"), [(1, 1), (100, 100), (101, 100), (100000, 100)])
def test_size_is_clamped_and_told(fleet: Carrier, asked: int, used: int) -> None:
    page = fleet.get("/global-sims", size=asked)
    assert page["size"] == used == len(page["data"])


def test_the_largest_size_is_a_knob(fleet: Carrier) -> None:
    fleet.control("knobs", max_size=7)
    assert fleet.get("/global-sims", size=100)["size"] == 7
    assert fleet.get("/global-sims")["size"] == 7


def test_pages_cover_the_fleet_in_order(fleet: Carrier) -> None:
    seen = [giccid for page in range(5) for giccid in giccids(fleet.get("/global-sims", page=page, size=90))]
    assert len(seen) == 400
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("page", [4, 5, 999_999_999])
def test_past_the_end_is_empty_with_the_true_total(fleet: Carrier, page: int) -> None:
    assert fleet.get("/global-sims", page=page, size=100) == {"data": [], "page": page, "size": 100, "total": 400}


@pytest.mark.parametrize("status", STATUSES)
def test_filters_follow_changes(fleet: Carrier, status: str) -> None:
    before = {state: fleet.get("/global-sims", status=state, size=1)["total"] for state in STATUSES}
    giccid = fleet.get("/global-sims", status=status, accountName="halden-dach")["data"][0]["giccid"]
    other = STATUSES[(STATUSES.index(status) + 1) % len(STATUSES)]
    fleet.control("sims", set={giccid: {"status": other}})
    after = {state: fleet.get("/global-sims", status=state, size=1)["total"] for state in STATUSES}
    assert after == {**before, status: before[status] - 1, other: before[other] + 1}
    listed = [
        record for page in range(4) for record in fleet.get("/global-sims", status=other, page=page, size=100)["data"]
    ]
    assert [record["status"] for record in listed if record["giccid"] == giccid] == [other]
    assert [record["giccid"] for record in listed] == sorted(record["giccid"] for record in listed)


def test_the_order_can_shift_and_sims_appear(fleet: Carrier) -> None:
    steady = giccids(fleet.get("/global-sims", size=100))
    fleet.control("knobs", shift=3)
    first = giccids(fleet.get("/global-sims", size=100))
    assert first == [*steady[3:], *giccids(fleet.get("/global-sims", size=100))[94:97]]
    totals = [fleet.get("/global-sims")["total"] for _ in range(10)]
    assert (totals[0], totals[-1]) == (400, 401)


def test_extra_fields_and_nulls(carrier: Carrier) -> None:
    plain = carrier.sim(HEALTHY)
    carrier.control("knobs", extra_fields=True)
    sim = carrier.sim(HEALTHY)
    assert plain.keys() < sim.keys()
    assert sim["sellTime"] is None
    assert sim["extraNull"] is None
    assert plain["deviceInfo"][0].keys() < sim["deviceInfo"][0].keys()
    assert {**sim["deviceInfo"][0], **plain["deviceInfo"][0]} == sim["deviceInfo"][0]
    assert carrier.get("/global-sims", giccids=REFUSED)["data"][0]["extraField"]
