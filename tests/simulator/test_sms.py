"""M1 and M2."""

import pytest

from tests.simulator.carrier import HEALTHY, NOW, POOLED, REFUSED, TWO_DEVICES, UNKNOWN, Carrier, refused


def send(carrier: Carrier, **body: object) -> dict:
    answer = carrier.post("/mt-sms", {"toGiccid": HEALTHY, "content": "reboot", **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_message_is_taken_then_delivered(carrier: Carrier) -> None:
    taken = send(carrier)
    message_id = taken["smsMsgId"]
    assert taken == {"smsMsgId": message_id, "toGiccid": HEALTHY, "status": "PENDING", "submitTime": NOW}
    pending = {**taken, "finalTime": None, "failReason": None}
    assert carrier.get(f"/mt-sms/{message_id}") == pending
    carrier.advance(1)
    final = "2025-08-13T06:00:01+0000"
    assert carrier.get(f"/mt-sms/{message_id}") == {**pending, "status": "DELIVERED", "finalTime": final}
    assert carrier.sim(HEALTHY)["currentCycleUsages"]["smsUsage"] == 4


def test_by_phone_number(carrier: Carrier) -> None:
    for number, giccid in (("8614500000004", HEALTHY), ("4914500000009", TWO_DEVICES)):
        answer = carrier.post("/mt-sms", {"toMsisdn": number, "content": "hi"})
        assert answer.json()["toGiccid"] == giccid


def test_a_repeated_call_sends_twice(carrier: Carrier) -> None:
    assert send(carrier)["smsMsgId"] != send(carrier)["smsMsgId"]
    assert carrier.panel("requests")["changes"] == {HEALTHY: {"sms": 2}}


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("x" * 160, "TEXT"),
        ("é{" * 53, "TEXT"),
        ("深" * 70, "TEXT"),
        ("😀" * 35, None),
        ("aB" * 140, "HEX"),
    ],
)
def test_content_that_fits(carrier: Carrier, content: str, encoding: str | None) -> None:
    send(carrier, content=content, encoding=encoding)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"toGiccid": None}, "toGiccid", "missing_field"),
        ({"toMsisdn": "8614500000004"}, "toMsisdn", "invalid"),
        ({"toGiccid": UNKNOWN}, "toGiccid", "missing"),
        ({"toGiccid": None, "toMsisdn": "8614500009999"}, "toMsisdn", "missing"),
        ({"content": None}, "content", "missing_field"),
        ({"content": ""}, "content", "missing_field"),
        ({"content": "x" * 161}, "content", "invalid"),
        ({"content": "{" * 81}, "content", "invalid"),
        ({"content": "深" * 71}, "content", "invalid"),
        ({"content": "abc", "encoding": "HEX"}, "content", "invalid"),
        ({"content": "zz", "encoding": "HEX"}, "content", "invalid"),
        ({"content": "ab" * 141, "encoding": "HEX"}, "content", "invalid"),
        ({"encoding": "BASE64"}, "encoding", "invalid"),
        ({"toGiccid": POOLED}, "servicePackageName", "sms_not_supported"),
    ],
)
def test_refused(carrier: Carrier, body: dict, field: str, code: str) -> None:
    refused(carrier.post("/mt-sms", {"toGiccid": HEALTHY, "content": "hi", **body}), field, code)


@pytest.mark.parametrize("field", ["toGiccid", "toMsisdn", "content", "encoding"])
def test_a_wrong_type_is_400(carrier: Carrier, field: str) -> None:
    assert carrier.post("/mt-sms", {"toGiccid": HEALTHY, "content": "hi", field: 5}).status_code == 400


def test_the_lab_sim_always_fails(carrier: Carrier) -> None:
    message_id = send(carrier, toGiccid=REFUSED)["smsMsgId"]
    carrier.advance(1)
    message = carrier.get(f"/mt-sms/{message_id}")
    assert (message["status"], message["failReason"]) == ("FAILED", "rejected")


def test_a_message_to_a_sim_that_went_away_expires(carrier: Carrier) -> None:
    message_id = send(carrier)["smsMsgId"]
    carrier.post(f"/global-sims/{HEALTHY}/deactivate")
    carrier.advance(86_399)
    assert carrier.get(f"/mt-sms/{message_id}")["status"] == "PENDING"
    carrier.advance(1)
    message = carrier.get(f"/mt-sms/{message_id}")
    assert (message["status"], message["failReason"]) == ("FAILED", "expired")
    assert message["finalTime"] == "2025-08-14T06:00:00+0000"


def test_messages_are_kept_30_days(carrier: Carrier) -> None:
    message_id = send(carrier)["smsMsgId"]
    carrier.advance(30 * 86_400 + 1)
    assert carrier.call("GET", f"/mt-sms/{message_id}").status_code == 404
