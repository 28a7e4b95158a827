"""S6 to S8 and all other actions, from every status (contract §4)."""

import pytest

from tests.simulator.carrier import ACTIVATE_READY, HEALTHY, INVENTORY, NOW, SUSPENDED, TEST_READY, Carrier, S, refused

STATUSES = ("TEST_READY", "ACTIVATE_READY", "INVENTORY", "ACTIVATED", "DEACTIVATED", "RETIRED")
BY_STATUS = dict(zip(STATUSES, (S[1], S[2], S[3], S[4], S[7], S[8]), strict=True))
LEGAL = {
    "activate": ({"TEST_READY", "ACTIVATE_READY", "INVENTORY", "DEACTIVATED"}, "ACTIVATED"),
    "deactivate": ({"ACTIVATED"}, "DEACTIVATED"),
    "retire": ({"DEACTIVATED"}, "RETIRED"),
}
CELLS = [(status, action) for status in STATUSES for action in LEGAL]
RUNNING = {"TEST_READY", "ACTIVATE_READY", "ACTIVATED", "DEACTIVATED"}
OTHERS = {
    "S4": ("GET", "/global-sims/{}/custom-field", None, set(STATUSES)),
    "S5": ("PUT", "/global-sims/{}/custom-field", {"custom1": "x"}, set(STATUSES)),
    "S9": (
        "POST",
        "/global-sims/{}/supplementaryServicePackages",
        {"servicePackageName": "Addon-50M"},
        {"ACTIVATED"},
    ),
    "S10": (
        "PUT",
        "/global-sims/{}/basicServicePackage",
        {"servicePackageName": "Prepaid-Basic-500M"},
        set(STATUSES) - {"RETIRED"},
    ),
    "S11": ("PUT", "/global-sims/{}/apnStatus", {"apnName": "iot.private", "apnStatus": "OPEN"}, RUNNING),
}


def illegal(answer) -> bool:
    return answer.status_code == 422 and answer.json()["errors"][0]["code"] == "illegal_status"


@pytest.mark.parametrize(("status", "action"), CELLS)
def test_each_cell_of_the_state_machine(carrier: Carrier, status: str, action: str) -> None:
    giccid = BY_STATUS[status]
    legal_from, to = LEGAL[action]
    before = carrier.sim(giccid)
    answer = carrier.post(f"/global-sims/{giccid}/{action}")
    if status in legal_from:
        assert answer.json() == {"giccid": giccid, "status": to}
        assert carrier.sim(giccid)["status"] == to
    else:
        refused(answer, "status", "illegal_status")
        assert answer.json()["errors"][0]["resource"] == "globalSim"
        assert answer.json()["errors"][0]["message"].startswith("Illegal SIM state, current SIM state cannot be")
        assert carrier.sim(giccid) == before
        assert carrier.get("/global-sims/changeLogs")["total"] == 0
        assert carrier.deliveries() == []


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("operation", OTHERS)
def test_other_operations_by_status(carrier: Carrier, status: str, operation: str) -> None:
    method, path, body, legal_from = OTHERS[operation]
    answer = carrier.call(method, path.format(BY_STATUS[status]), json=body)
    assert answer.status_code == 200 if status in legal_from else illegal(answer)


@pytest.mark.parametrize("status", STATUSES)
def test_sms_by_status(carrier: Carrier, status: str) -> None:
    answer = carrier.post("/mt-sms", {"toGiccid": BY_STATUS[status], "content": "hi"})
    assert answer.status_code == 200 if status in ("TEST_READY", "ACTIVATED") else illegal(answer)


@pytest.mark.parametrize(("action", "giccid"), [("activate", S[7]), ("deactivate", S[4]), ("retire", S[7])])
def test_repeating_an_action_is_illegal(carrier: Carrier, action: str, giccid: str) -> None:
    assert carrier.post(f"/global-sims/{giccid}/{action}").status_code == 200
    assert illegal(carrier.post(f"/global-sims/{giccid}/{action}"))


@pytest.mark.parametrize("body", [b"", b"junk", b"[]"])
def test_actions_take_no_body(carrier: Carrier, body: bytes) -> None:
    assert carrier.call("POST", f"/global-sims/{HEALTHY}/deactivate", data=body).status_code == 200


def test_first_activation_starts_the_clock_and_the_package(carrier: Carrier) -> None:
    carrier.post(f"/global-sims/{ACTIVATE_READY}/activate")
    sim = carrier.sim(ACTIVATE_READY)
    assert sim["activatedTime"] == NOW
    assert sim["currentBasicServicePackage"] == {
        "name": "Prepaid-Basic-10M",
        "startTime": NOW,
        "endTime": "2025-09-13T06:00:00+0000",
    }


def test_activating_without_a_package(carrier: Carrier) -> None:
    carrier.post(f"/global-sims/{INVENTORY}/activate")
    assert carrier.sim(INVENTORY)["currentBasicServicePackage"] is None


def test_a_later_activation_keeps_the_first_time_package_and_usage(carrier: Carrier) -> None:
    before = carrier.sim(SUSPENDED)
    carrier.post(f"/global-sims/{SUSPENDED}/activate")
    assert carrier.sim(SUSPENDED) == {**before, "status": "ACTIVATED"}


def test_suspending_keeps_package_and_usage(carrier: Carrier) -> None:
    before = carrier.sim(HEALTHY)
    carrier.post(f"/global-sims/{HEALTHY}/deactivate")
    assert carrier.sim(HEALTHY) == {**before, "status": "DEACTIVATED"}


def test_retiring_ends_the_package_and_closes_the_apns(carrier: Carrier) -> None:
    carrier.post(f"/global-sims/{SUSPENDED}/retire")
    sim = carrier.sim(SUSPENDED)
    assert sim["currentBasicServicePackage"]["endTime"] == NOW
    assert {apn["apnStatus"] for apn in sim["apnList"]} == {"CLOSED"}


def test_each_change_of_status_is_logged_and_pushed_once(carrier: Carrier) -> None:
    carrier.post(f"/global-sims/{HEALTHY}/deactivate")
    assert carrier.get("/global-sims/changeLogs")["data"] == [
        {
            "giccid": HEALTHY,
            "changeType": "STATUS_CHANGE",
            "oldValue": "ACTIVATED",
            "newValue": "DEACTIVATED",
            "changeTime": NOW,
            "operator": "api",
        }
    ]
    assert [push["newStatus"] for push in carrier.payloads("sim-status")] == ["DEACTIVATED"]


def test_actions_can_take_time(carrier: Carrier) -> None:
    carrier.control("knobs", action_delay=30)
    answer = carrier.post(f"/global-sims/{HEALTHY}/deactivate")
    assert answer.json()["status"] == "DEACTIVATED"
    assert carrier.sim(HEALTHY)["status"] == "ACTIVATED"
    carrier.advance(29)
    assert carrier.sim(HEALTHY)["status"] == "ACTIVATED"
    carrier.advance(1)
    assert carrier.sim(HEALTHY)["status"] == "DEACTIVATED"
    assert carrier.get("/global-sims/changeLogs")["data"][0]["changeTime"] == "2025-08-13T06:00:30+0000"


def test_a_delayed_action_that_became_illegal_does_nothing(carrier: Carrier) -> None:
    carrier.control("knobs", action_delay=30)
    for _ in range(2):
        carrier.post(f"/global-sims/{HEALTHY}/deactivate")
    carrier.advance(60)
    assert carrier.get("/global-sims/changeLogs")["total"] == 1


def test_the_first_data_use_activates(carrier: Carrier) -> None:
    carrier.control("usage", giccid=ACTIVATE_READY, apn="iot.public", dataUsage=0.1)
    sim = carrier.sim(ACTIVATE_READY)
    assert (sim["status"], sim["activatedTime"]) == ("ACTIVATED", NOW)
    assert carrier.payloads("sim-status")[0]["reason"] == "SYSTEM"


def test_the_test_volume_ends_the_test(carrier: Carrier) -> None:
    carrier.control("usage", giccid=TEST_READY, dataUsage=3.4)
    assert carrier.sim(TEST_READY)["status"] == "TEST_READY"
    carrier.control("usage", giccid=TEST_READY, dataUsage=0.1)
    assert carrier.sim(TEST_READY)["status"] == "ACTIVATE_READY"


def test_the_test_period_ends(carrier: Carrier) -> None:
    carrier.advance(90 * 86_400 - 1)
    assert carrier.sim(TEST_READY)["status"] == "TEST_READY"
    carrier.advance(1)
    assert carrier.sim(TEST_READY)["status"] == "ACTIVATE_READY"


def test_a_prepaid_package_that_ends_suspends(carrier: Carrier) -> None:
    carrier.post(f"/global-sims/{ACTIVATE_READY}/activate")
    carrier.control("clock", now="2025-09-13T05:59:59+00:00")
    assert carrier.sim(ACTIVATE_READY)["status"] == "ACTIVATED"
    carrier.advance(1)
    assert carrier.sim(ACTIVATE_READY)["status"] == "DEACTIVATED"
    assert carrier.get("/global-sims/changeLogs", giccids=ACTIVATE_READY)["data"][0]["operator"] == "system"
    notices = carrier.payloads("prepaid-expired")
    assert [notice["remainingDays"] for notice in notices] == [7, 0]
    carrier.post(f"/global-sims/{ACTIVATE_READY}/activate")
    assert carrier.sim(ACTIVATE_READY)["currentBasicServicePackage"]["startTime"] == "2025-09-13T06:00:00+0000"
