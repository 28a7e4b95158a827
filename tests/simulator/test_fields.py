"""S4, S5 and S11."""

import pytest

from tests.simulator.carrier import HEALTHY, INVENTORY, Carrier, refused

FIELDS = f"/global-sims/{HEALTHY}/custom-field"
APN = f"/global-sims/{HEALTHY}/apnStatus"
NAMES = ("custom1", "custom2", "custom3", "custom4", "custom5")
SEED = {"custom1": "Berlin depot", "custom2": "meter-0042", "custom3": None, "custom4": None, "custom5": None}


def test_the_fields_of_a_sim(carrier: Carrier) -> None:
    assert carrier.get(FIELDS) == SEED
    assert carrier.get(f"/global-sims/{INVENTORY}/custom-field") == dict.fromkeys(NAMES)


def test_left_out_fields_keep_their_value(carrier: Carrier) -> None:
    expected = {**SEED, "custom3": "柜 7"}
    assert carrier.put(FIELDS, {"custom3": "柜 7"}).json() == expected
    assert carrier.get(FIELDS) == expected


def test_strict_put_clears_what_is_left_out(carrier: Carrier) -> None:
    carrier.control("knobs", strict_put=True)
    assert carrier.put(FIELDS, {"custom3": "x"}).json() == {**dict.fromkeys(NAMES), "custom3": "x"}


@pytest.mark.parametrize("nothing", ["", None])
def test_blank_and_null_clear(carrier: Carrier, nothing: str | None) -> None:
    assert carrier.put(FIELDS, {"custom1": nothing}).json()["custom1"] is None


@pytest.mark.parametrize("name", NAMES)
def test_too_long(carrier: Carrier, name: str) -> None:
    assert carrier.put(FIELDS, {name: "x" * 100}).status_code == 200
    answer = carrier.put(FIELDS, {name: "x" * 101})
    refused(answer, name, "invalid")
    assert answer.json()["errors"][0]["resource"] == "customFieldVO"


@pytest.mark.parametrize("value", [5, True, [], {}])
def test_a_field_that_is_no_text_is_400(carrier: Carrier, value: object) -> None:
    assert carrier.put(FIELDS, {"custom1": value}).status_code == 400
    assert carrier.get(FIELDS) == SEED


def test_an_apn_opens_and_closes(carrier: Carrier) -> None:
    for status, old in (("OPEN", "CLOSED"), ("CLOSED", "OPEN")):
        answer = carrier.put(APN, {"apnName": "iot.private", "apnStatus": status})
        assert answer.json() == {"giccid": HEALTHY, "apnName": "iot.private", "apnStatus": status}
        assert carrier.sim(HEALTHY)["apnList"][1] == {"apnName": "iot.private", "apnStatus": status}
        push = carrier.payloads("apn-status")[-1]
        assert (push["oldApnStatus"], push["newApnStatus"]) == (old, status)


def test_the_status_it_already_has(carrier: Carrier) -> None:
    assert carrier.put(APN, {"apnName": "iot.public", "apnStatus": "OPEN"}).status_code == 200
    assert carrier.payloads("apn-status") == []


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"apnStatus": "OPEN"}, "apnName", "missing_field"),
        ({"apnName": "iot.public"}, "apnStatus", "missing_field"),
        ({"apnName": "iot.public", "apnStatus": "open"}, "apnStatus", "invalid"),
        ({"apnName": "other", "apnStatus": "OPEN"}, "apnName", "missing"),
    ],
)
def test_apn_refused(carrier: Carrier, body: dict, field: str, code: str) -> None:
    refused(carrier.put(APN, body), field, code)
