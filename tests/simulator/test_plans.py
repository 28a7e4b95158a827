"""S9 and S10."""

import pytest

from tests.simulator.carrier import HEALTHY, NOW, POOLED, SUSPENDED, TEST_READY, Carrier, refused

S9 = f"/global-sims/{HEALTHY}/supplementaryServicePackages"
S10 = f"/global-sims/{HEALTHY}/basicServicePackage"
LATER = "2025-08-20T00:00:00+0000"


def plan(carrier: Carrier, giccid: str = HEALTHY) -> dict:
    return carrier.sim(giccid)["currentBasicServicePackage"]


@pytest.mark.parametrize(
    ("extra", "start", "end"),
    [({}, NOW, "2025-09-12T06:00:00+0000"), ({"startTime": LATER}, LATER, "2025-09-19T00:00:00+0000")],
)
def test_a_supplementary_package(carrier: Carrier, extra: dict, start: str, end: str) -> None:
    answer = carrier.post(S9, {"servicePackageName": "Addon-50M", **extra})
    assert answer.json() == {
        "giccid": HEALTHY,
        "servicePackageName": "Addon-50M",
        "startTime": start,
        "endTime": end,
    }
    row = carrier.get("/global-sims/changeLogs")["data"][0]
    assert (row["changeType"], row["oldValue"], row["newValue"]) == ("SERVICE_PACKAGE_CHANGE", None, "Addon-50M")


def test_two_calls_buy_twice(carrier: Carrier) -> None:
    balance = carrier.get("/account/example_account")["balance"]
    for _ in range(2):
        carrier.post(S9, {"servicePackageName": "Addon-50M"})
    assert carrier.get("/account/example_account")["balance"] == pytest.approx(balance - 2)
    assert carrier.get("/global-sims/changeLogs")["total"] == 2


@pytest.mark.parametrize("path", [S9, S10])
@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "servicePackageName", "missing_field"),
        ({"servicePackageName": None}, "servicePackageName", "missing_field"),
        ({"servicePackageName": ""}, "servicePackageName", "missing_field"),
        ({"servicePackageName": "nope"}, "servicePackageName", "missing"),
        ({"servicePackageName": "Tracker-Voice-1G"}, "servicePackageName", "missing"),
    ],
)
def test_packages_refused(carrier: Carrier, path: str, body: dict, field: str, code: str) -> None:
    refused(carrier.call("POST" if path == S9 else "PUT", path, json=body), field, code)


@pytest.mark.parametrize(
    ("method", "path", "body", "field", "code"),
    [
        ("POST", S9, {"servicePackageName": "Prepaid-Basic-10M"}, "servicePackageName", "invalid"),
        (
            "POST",
            S9,
            {"servicePackageName": "Addon-50M", "startTime": "2025-08-13T05:59:59+0000"},
            "startTime",
            "invalid",
        ),
        ("POST", S9, {"servicePackageName": "Addon-50M", "startTime": "tomorrow"}, "startTime", "invalid"),
        ("PUT", S10, {"servicePackageName": "Addon-50M"}, "servicePackageName", "invalid"),
        ("PUT", S10, {"servicePackageName": "Prepaid-Basic-100M"}, "servicePackageName", "already_exists"),
        ("PUT", S10, {"servicePackageName": "Prepaid-Basic-10M", "effectiveType": "SOON"}, "effectiveType", "invalid"),
    ],
)
def test_orders_refused(carrier: Carrier, method: str, path: str, body: dict, field: str, code: str) -> None:
    refused(carrier.call(method, path, json=body), field, code)
    assert carrier.get("/global-sims/changeLogs")["total"] == 0


@pytest.mark.parametrize("path", [S9, S10])
def test_a_value_of_the_wrong_type_is_400(carrier: Carrier, path: str) -> None:
    answer = carrier.call("POST" if path == S9 else "PUT", path, json={"servicePackageName": 5})
    assert answer.status_code == 400


@pytest.mark.parametrize(("method", "path", "name"), [("POST", S9, "Addon-50M"), ("PUT", S10, "Prepaid-Basic-500M")])
def test_an_empty_balance(carrier: Carrier, method: str, path: str, name: str) -> None:
    carrier.control("accounts", balance={"example_account": 0.2})
    refused(carrier.call(method, path, json={"servicePackageName": name}), "balance", "insufficient_balance")


def test_a_prepaid_change_is_immediate(carrier: Carrier) -> None:
    answer = carrier.put(S10, {"servicePackageName": "Prepaid-Basic-500M"})
    assert answer.json() == {
        "giccid": HEALTHY,
        "servicePackageName": "Prepaid-Basic-500M",
        "effectiveType": "IMMEDIATE",
        "effectiveTime": NOW,
    }
    assert plan(carrier) == {
        "name": "Prepaid-Basic-500M",
        "startTime": NOW,
        "endTime": "2025-09-13T06:00:00+0000",
    }
    row = carrier.get("/global-sims/changeLogs")["data"][0]
    assert (row["oldValue"], row["newValue"], row["operator"]) == ("Prepaid-Basic-100M", "Prepaid-Basic-500M", "api")
    assert carrier.get("/global-sims", basicServicePackageName="Prepaid-Basic-500M")["total"] == 1


def test_a_postpaid_change_waits_for_the_next_cycle(carrier: Carrier) -> None:
    answer = carrier.put(S10, {"servicePackageName": "Postpaid-Share-EU"})
    assert answer.json()["effectiveType"] == "NEXT_CYCLE"
    assert answer.json()["effectiveTime"] == "2025-09-01T00:00:00+0000"
    carrier.control("clock", now="2025-08-31T23:59:59+00:00")
    assert plan(carrier)["name"] == "Prepaid-Basic-100M"
    carrier.advance(1)
    assert plan(carrier) == {
        "name": "Postpaid-Share-EU",
        "startTime": "2025-09-01T00:00:00+0000",
        "endTime": None,
    }
    assert carrier.get("/global-sims/changeLogs")["data"][0]["operator"] == "system"


def test_the_later_of_two_scheduled_changes_wins(carrier: Carrier) -> None:
    for name in ("Prepaid-Basic-10M", "Prepaid-Basic-500M"):
        carrier.put(S10, {"servicePackageName": name, "effectiveType": "NEXT_CYCLE"})
    carrier.control("clock", now="2025-09-02T00:00:00+00:00")
    assert plan(carrier)["name"] == "Prepaid-Basic-500M"
    assert carrier.get("/global-sims/changeLogs")["total"] == 1


def test_an_immediate_postpaid_change_has_no_end(carrier: Carrier) -> None:
    path = f"/global-sims/{SUSPENDED}/basicServicePackage"
    carrier.put(path, {"servicePackageName": "Postpaid-Share-EU", "effectiveType": "IMMEDIATE"})
    assert plan(carrier, SUSPENDED) == {"name": "Postpaid-Share-EU", "startTime": NOW, "endTime": None}


def test_before_activation_the_package_does_not_start(carrier: Carrier) -> None:
    carrier.put(f"/global-sims/{TEST_READY}/basicServicePackage", {"servicePackageName": "Prepaid-Basic-100M"})
    assert plan(carrier, TEST_READY) == {"name": "Prepaid-Basic-100M", "startTime": None, "endTime": None}


def test_renewing_packages_follow_the_cycle(carrier: Carrier) -> None:
    carrier.control("clock", now="2025-10-05T00:00:00+00:00")
    assert plan(carrier)["startTime"] == "2025-10-01T00:00:00+0000"
    assert plan(carrier, POOLED)["endTime"] is None
    assert carrier.sim(HEALTHY)["currentCycleUsages"] == {"dataUsage": 0.0, "smsUsage": 0, "voiceUsage": 0}
