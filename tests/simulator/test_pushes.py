"""What each of the nine pushes says (contract 9.2), and what fires it."""

import pytest

from tests.simulator.carrier import ACTIVATE_READY, HEALTHY, NEAR_LIMIT, NOW, REFUSED, TWO_DEVICES, Carrier

CYCLE = {"cycleStartTime": "2025-08-01T00:00:00+0000", "cycleEndTime": "2025-09-01T00:00:00+0000"}


def only(carrier: Carrier, slug: str) -> dict:
    payloads = carrier.payloads(slug)
    assert len(payloads) == 1
    return payloads[0]


def common(event: str, giccid: str, at: str = NOW, number: int = 1) -> dict:
    return {
        "eventId": f"evt-{number:06d}",
        "eventType": event,
        "eventTime": at,
        "accountName": "example_account",
        "giccid": giccid,
    }


def test_mo_sms(carrier: Carrier) -> None:
    message_id = carrier.control("mo-sms", giccid=HEALTHY, content="T=21.5")["smsMsgId"]
    assert only(carrier, "mo-sms") == {
        **common("MO_SMS", HEALTHY),
        "smsMsgId": message_id,
        "fromGiccid": HEALTHY,
        "fromMsisdn": "8614500000004",
        "content": "T=21.5",
        "encoding": "TEXT",
        "receiveTime": NOW,
    }
    assert carrier.sim(HEALTHY)["currentCycleUsages"]["smsUsage"] == 4


@pytest.mark.parametrize(
    ("giccid", "status", "reason", "name"),
    [(HEALTHY, "DELIVERED", None, "example_account"), (REFUSED, "FAILED", "rejected", "lab account")],
)
def test_mt_sms_report(carrier: Carrier, giccid: str, status: str, reason: str | None, name: str) -> None:
    message_id = carrier.post("/mt-sms", {"toGiccid": giccid, "content": "x"}).json()["smsMsgId"]
    assert carrier.payloads("mt-sms-report") == []
    carrier.advance(4)
    later = "2025-08-13T06:00:01+0000"
    assert only(carrier, "mt-sms-report") == {
        **common("MT_SMS_STATUS_REPORT", giccid, later),
        "accountName": name,
        "smsMsgId": message_id,
        "toGiccid": giccid,
        "status": status,
        "finalTime": later,
        "failReason": reason,
    }


def test_cycle_usage_then_prepaid_traffic(carrier: Carrier) -> None:
    carrier.control("usage", giccid=NEAR_LIMIT, apn="iot.public", dataUsage=0.5)
    assert only(carrier, "cycle-usage") == {
        **common("CYCLE_USAGE_TRACKING", NEAR_LIMIT),
        "ruleName": "80 MB per month",
        "usageType": "DATA",
        "threshold": 80.0,
        "currentUsage": 80.4,
        **CYCLE,
    }
    assert carrier.payloads("prepaid-traffic") == []
    carrier.control("usage", giccid=NEAR_LIMIT, apn="iot.public", dataUsage=9.8)
    assert only(carrier, "prepaid-traffic") == {
        **common("PREPAID_SERVICE_PACKAGE_TRAFFIC_TRACKING", NEAR_LIMIT, number=2),
        "ruleName": "90 percent",
        "servicePackageName": "Prepaid-Basic-100M",
        "dataVolume": 100.0,
        "dataUsage": 90.2,
        "thresholdPercent": 90,
    }
    carrier.control("usage", giccid=NEAR_LIMIT, dataUsage=5)
    assert len(carrier.deliveries()) == 2


@pytest.mark.parametrize(
    ("usage", "kind", "threshold"), [({"smsUsage": 40}, "SMS", 40.0), ({"voiceUsage": 60}, "VOICE", 60.0)]
)
def test_cycle_usage_of_other_kinds(carrier: Carrier, usage: dict, kind: str, threshold: float) -> None:
    carrier.control("usage", giccid=HEALTHY, **usage)
    push = only(carrier, "cycle-usage")
    assert (push["usageType"], push["threshold"]) == (kind, threshold)
    assert push["currentUsage"] >= threshold


def test_imei_change(carrier: Carrier) -> None:
    carrier.control("imei", giccid=HEALTHY, imei="490154203237518")
    assert only(carrier, "imei-change") == {
        **common("IMEI_CHANGE", HEALTHY),
        "imsi": "460060000000004",
        "oldImei": "356938035643809",
        "newImei": "490154203237518",
    }
    assert carrier.sim(HEALTHY)["deviceInfo"][0]["imei"] == "490154203237518"
    carrier.control("imei", giccid=HEALTHY, imei="490154203237518")
    assert len(carrier.deliveries()) == 1


def test_no_session(carrier: Carrier) -> None:
    carrier.control("usage", giccid=TWO_DEVICES, dataUsage=0.1)
    carrier.advance(3600)
    carrier.control("usage", giccid=TWO_DEVICES, dataUsage=0.1)
    carrier.advance(72 * 3600 - 1)
    assert carrier.payloads("no-session") == []
    carrier.advance(1)
    assert only(carrier, "no-session") == {
        **common("NO_SESSION_CONNECTION", TWO_DEVICES, "2025-08-16T07:00:00+0000"),
        "ruleName": "silent 72 h",
        "noSessionHours": 72,
        "lastSessionTime": "2025-08-13T07:00:00+0000",
    }


def test_prepaid_expired(carrier: Carrier) -> None:
    carrier.control("sims", expire={HEALTHY: "2025-08-25T00:00:00+00:00"})
    carrier.control("clock", now="2025-08-18T00:00:00+00:00")
    assert only(carrier, "prepaid-expired") == {
        **common("PREPAID_SERVICE_PACKAGE_EXPIRED", HEALTHY, "2025-08-18T00:00:00+0000"),
        "ruleName": "7 days before",
        "servicePackageName": "Prepaid-Basic-100M",
        "startTime": "2025-02-01T09:30:00+0000",
        "endTime": "2025-08-25T00:00:00+0000",
        "remainingDays": 7,
    }


@pytest.mark.parametrize(
    ("act", "giccid", "old", "new", "reason"),
    [
        ("post", HEALTHY, "ACTIVATED", "DEACTIVATED", "API"),
        ("usage", ACTIVATE_READY, "ACTIVATE_READY", "ACTIVATED", "SYSTEM"),
    ],
)
def test_sim_status(carrier: Carrier, act: str, giccid: str, old: str, new: str, reason: str) -> None:
    if act == "post":
        carrier.post(f"/global-sims/{giccid}/deactivate")
    else:
        carrier.control("usage", giccid=giccid, dataUsage=0.1)
    assert only(carrier, "sim-status") == {
        **common("SIM_STATUS_CHANGE", giccid),
        "oldStatus": old,
        "newStatus": new,
        "reason": reason,
    }


def test_apn_status(carrier: Carrier) -> None:
    carrier.put(f"/global-sims/{HEALTHY}/apnStatus", {"apnName": "iot.private", "apnStatus": "OPEN"})
    assert only(carrier, "apn-status") == {
        **common("SIM_APN_STATUS_CHANGE", HEALTHY),
        "apnName": "iot.private",
        "oldApnStatus": "CLOSED",
        "newApnStatus": "OPEN",
    }


def test_any_push_on_demand(carrier: Carrier) -> None:
    carrier.control("push", slug="no-session", giccid=HEALTHY, fields={"noSessionHours": 72, "lastSessionTime": None})
    expected = {**common("NO_SESSION_CONNECTION", HEALTHY), "noSessionHours": 72, "lastSessionTime": None}
    assert only(carrier, "no-session") == expected
