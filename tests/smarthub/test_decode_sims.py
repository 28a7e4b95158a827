import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smarthub import Apn, ApnUsage, BasicPackage, Device, RecordError, Sim, decode_sim
from smarthub.decode import sims

RECORD: dict[str, Any] = {
    "giccid": "8986011805021000004",
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

EXPECTED = Sim(
    giccid="8986011805021000004",
    status="ACTIVATED",
    sold_at=datetime(2025, 1, 15, 8, tzinfo=UTC),
    activated_at=datetime(2025, 2, 1, 9, 30, tzinfo=UTC),
    data_usage_mb=Decimal("41.25"),
    sms_usage=3,
    voice_usage_min=0,
    apn_usages=(ApnUsage("iot.public", Decimal("40.0")), ApnUsage("iot.private", Decimal("1.25"))),
    package=BasicPackage("Prepaid-Basic-100M", datetime(2025, 8, 1, tzinfo=UTC), datetime(2025, 9, 1, tzinfo=UTC)),
    apns=(Apn("iot.public", "OPEN"), Apn("iot.private", "CLOSED")),
    devices=(Device("356938035643809", "460060000000004", "8614500000004"),),
)


def raw(record: Any = RECORD, **changes: Any) -> bytes:
    return json.dumps({**record, **changes} if isinstance(record, dict) else record).encode()


def error_of(record: bytes) -> RecordError:
    with pytest.raises(RecordError) as caught:
        decode_sim(record)
    return caught.value


def test_the_contracts_example() -> None:
    assert decode_sim(raw()) == EXPECTED


def test_the_quick_and_the_tolerant_reading_agree() -> None:
    assert sims._quick(raw()) == sims._tolerant(raw()) == EXPECTED


def test_only_giccid_and_status_are_needed() -> None:
    assert decode_sim(b'{"giccid": "1", "status": "NEW_STATUS"}') == Sim(giccid="1", status="NEW_STATUS")
    nulls = dict.fromkeys(RECORD, None) | {"giccid": "1", "status": "ACTIVATED"}
    assert decode_sim(raw(nulls)) == Sim(giccid="1", status="ACTIVATED")
    empties = {name: [] for name in ("deviceInfo", "currentCycleAPNUsagesList", "apnList")}
    assert decode_sim(raw(empties, giccid="1", status="A", currentCycleUsages={}, sellTime="")) == Sim("1", "A")


@pytest.mark.parametrize("nothing", ["", []])
def test_what_some_senders_write_for_nothing_is_nothing(nothing: Any) -> None:
    nested = ("deviceInfo", "currentCycleUsages", "currentCycleAPNUsagesList", "currentBasicServicePackage", "apnList")
    assert decode_sim(raw(dict.fromkeys(nested, nothing), giccid="1", status="A")) == Sim("1", "A")


def test_unknown_fields_are_ignored() -> None:
    record = copy.deepcopy(RECORD)
    record["currentCycleUsages"]["mmsUsage"] = {"a": [1]}
    record["deviceInfo"][0]["eid"] = None
    assert decode_sim(raw(record, customer={"x": "\x00"}, data=[1])) == EXPECTED


def test_numbers_as_texts_and_identifiers_as_numbers() -> None:
    sim = decode_sim(
        raw(
            giccid=8986011805021000004,
            currentCycleUsages={"dataUsage": "41.25", "smsUsage": "3", "voiceUsage": 0.0},
            deviceInfo=[{"imei": 356938035643809, "imsi": 460060000000004, "msisdn": 8614500000004}],
        )
    )
    assert sim == EXPECTED


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2018-10-10T10:32:50+0000", datetime(2018, 10, 10, 10, 32, 50, tzinfo=UTC)),
        ("2018-10-10T10:32:50Z", datetime(2018, 10, 10, 10, 32, 50, tzinfo=UTC)),
        ("2018-10-10T10:32:50+00:00", datetime(2018, 10, 10, 10, 32, 50, tzinfo=UTC)),
        ("2018-10-10T18:32:50+0800", datetime(2018, 10, 10, 10, 32, 50, tzinfo=UTC)),
        ("2018-10-10T10:32:50.123Z", datetime(2018, 10, 10, 10, 32, 50, 123000, tzinfo=UTC)),
        ("2018-10-10T10:32:50", datetime(2018, 10, 10, 10, 32, 50, tzinfo=UTC)),
        (" 2018-10-10T10:32:50Z ", datetime(2018, 10, 10, 10, 32, 50, tzinfo=UTC)),
        ("9999-12-31T23:59:59+0000", None),
        ("9999-12-31T23:59:59-0100", None),
        ("", None),
    ],
)
def test_times_in_every_form_are_utc(written: str, moment: datetime | None) -> None:
    assert decode_sim(raw(activatedTime=written)).activated_at == moment


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        (
            {"currentCycleUsages": {"dataUsage": "12,4 MB"}},
            "currentCycleUsages.dataUsage",
            "Data usage is the text “12,4 MB”, a number was expected.",
        ),
        (
            {"currentCycleUsages": {"dataUsage": True}},
            "currentCycleUsages.dataUsage",
            "Data usage is true, a number was expected.",
        ),
        (
            {"currentCycleUsages": {"smsUsage": 3.5}},
            "currentCycleUsages.smsUsage",
            "SMS usage is the number 3.5, a whole number was expected.",
        ),
        (
            {"currentCycleUsages": {"smsUsage": 10**30}},
            "currentCycleUsages.smsUsage",
            "SMS usage is the number 1000000000000000000000000000000, a number of reasonable size was expected.",
        ),
        ({"currentCycleUsages": [1]}, "currentCycleUsages", "currentCycleUsages is a list, an object was expected."),
        ({"status": None}, "status", "Status is missing."),
        ({"status": ""}, "status", "Status is missing."),
        ({"status": {}}, "status", "Status is an object, a text was expected."),
        ({"sellTime": 1}, "sellTime", "Time of sale is the number 1, a time was expected."),
        ({"sellTime": "yesterday"}, "sellTime", "Time of sale is the text “yesterday”, a time was expected."),
        (
            {"activatedTime": "12018-10-10T10:32:50Z"},
            "activatedTime",
            "Time of activation is the text “12018-10-10T10:32:50Z”, a time was expected.",
        ),
        (
            {"activatedTime": "0001-01-01T00:00:00+0800"},
            "activatedTime",
            "Time of activation is the text “0001-01-01T00:00:00+0800”, a time was expected.",
        ),
        ({"deviceInfo": "none"}, "deviceInfo", "Device list is the text “none”, a list was expected."),
        ({"deviceInfo": [7]}, "deviceInfo", "The record is the number 7, an object was expected."),
        (
            {"deviceInfo": [{"msisdn": ["8614500000004"]}]},
            "deviceInfo.msisdn",
            "MSISDN is a list, a text was expected.",
        ),
        (
            {"deviceInfo": [{"msisdn": "8614500000004" * 9}]},
            "deviceInfo.msisdn",
            "MSISDN is a text, at most 64 characters was expected.",
        ),
        (
            {"currentBasicServicePackage": {"name": "a\x00b"}},
            "currentBasicServicePackage.name",
            "Package name is the text “a�b”, a text without NUL or broken characters was expected.",
        ),
        (
            {"currentBasicServicePackage": {"name": "a\ud800b"}},
            "currentBasicServicePackage.name",
            "Package name is the text “a�b”, a text without NUL or broken characters was expected.",
        ),
        (
            {"currentBasicServicePackage": ["Basic"]},
            "currentBasicServicePackage",
            "Basic package is a list, an object was expected.",
        ),
        (
            {"apnList": [{"apnName": "x" * 300}]},
            "apnList.apnName",
            f"APN name is the text “{'x' * 39}…”, at most 255 characters was expected.",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_record(changes: dict[str, Any], field: str, reason: str) -> None:
    error = error_of(raw(**changes))
    assert (error.giccid, error.field, error.reason) == ("8986011805021000004", field, reason)


@pytest.mark.parametrize(
    "number", ["1e400", '"1e400"', "1e99999999999999999999999", '"NaN"', "NaN", "-Infinity", "9" * 5000]
)
def test_numbers_that_are_none(number: str) -> None:
    record = f'{{"giccid": "1", "status": "A", "currentCycleUsages": {{"dataUsage": {number}}}}}'
    error = error_of(record.encode())
    assert (error.giccid, error.field) == ("1", "currentCycleUsages.dataUsage")


@pytest.mark.parametrize(
    ("written", "volume"),
    [
        ("-1.5", "-1.5"),
        ("40.10000000000001", "40.100"),
        ("1e-400", "0.000"),
        ("1E3", "1E+3"),
        ('" 7 "', "7"),
        ("0", "0"),
    ],
)
def test_volumes_are_exact_with_three_places_at_most(written: str, volume: str) -> None:
    record = f'{{"giccid": "1", "status": "A", "currentCycleUsages": {{"dataUsage": {written}}}}}'
    assert str(decode_sim(record.encode()).data_usage_mb) == volume


@pytest.mark.parametrize("giccid", [None, "", "a/b", "../x", "1" * 33, "12 34", True, 1.5, -1, {}, "é"])
def test_a_record_needs_a_key_that_can_be_one(giccid: Any) -> None:
    error = error_of(raw(giccid=giccid))
    assert error.field == "giccid"
    assert error.reason.startswith("ICCID is ")


@pytest.mark.parametrize("record", [b"", b"null", b"[]", b'"x"', b"{", b"<html>", b"\xff", b"[" * 100_000, b"{}"])
def test_what_is_no_record_is_a_record_error(record: bytes) -> None:
    assert error_of(record).giccid is None


def test_names_may_hold_anything_else() -> None:
    name = """O'Neill "<script>alert(1)</script>" 物联网 \\ / 😀"""
    package = {"name": name, "startTime": None, "endTime": None}
    assert decode_sim(raw(currentBasicServicePackage=package)).package == BasicPackage(name)


def test_partial_entries_of_lists_are_left_out() -> None:
    sim = decode_sim(
        raw(
            apnList=[None, {"apnName": None, "apnStatus": "OPEN"}, {"apnName": "iot", "apnStatus": None}],
            currentCycleAPNUsagesList=[{"apn": "iot", "dataUsage": None}, {"apn": "iot", "dataUsage": "2"}],
            deviceInfo=[{"imei": None, "imsi": "", "msisdn": None}, {"imsi": "460060000000004"}],
            currentBasicServicePackage={"name": None, "startTime": "2025-08-01T00:00:00+0000"},
        )
    )
    assert sim.apns == (Apn("iot", ""),)
    assert sim.apn_usages == (ApnUsage("iot", Decimal(2)),)
    assert sim.devices == (Device(imsi="460060000000004"),)
    assert sim.package is None


def test_one_device_may_stand_without_its_list() -> None:
    assert decode_sim(raw(deviceInfo=RECORD["deviceInfo"][0])).devices == EXPECTED.devices


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["1", "2025-01-01", "\x00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["apn", "dataUsage", "name", "apnName", "imei", "startTime"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(RECORD)), VALUES), st.booleans())
@example({}, True)
def test_any_record_is_a_sim_or_a_record_error(changes: dict[str, Any], is_ascii: bool) -> None:
    text = json.dumps({**RECORD, **changes}, ensure_ascii=is_ascii)
    assert_sim_or_record_error(text.encode("utf-8", "surrogatepass"))


@given(VALUES)
def test_any_json_is_a_sim_or_a_record_error(value: Any) -> None:
    assert_sim_or_record_error(json.dumps(value).encode())


@given(st.binary())
def test_any_bytes_are_a_sim_or_a_record_error(record: bytes) -> None:
    assert_sim_or_record_error(record)


def assert_sim_or_record_error(record: bytes) -> None:
    try:
        sim = decode_sim(record)
    except RecordError as error:
        assert error.reason.endswith(".")
        return
    assert sim.giccid
    assert sim == sims._tolerant(record)
    for moment in (sim.sold_at, sim.activated_at):
        assert moment is None or moment.tzinfo is UTC
