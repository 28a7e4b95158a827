"""The generated fleet looks real, grows with the clock, and is the same each time."""

import json

import pytest

from simulator.identity import SEEDS, giccid_of, imei_of, mix, msisdn_of, slot_of, slot_of_msisdn
from tests.simulator.carrier import NOW, Carrier


def luhn_is_right(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    return sum(digits[::2]) % 10 == -sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2]) % 10


def whole(carrier: Carrier, count: int = 400) -> list[dict]:
    return [row for page in range(-(-count // 100)) for row in carrier.get("/global-sims", page=page, size=100)["data"]]


def usage(record: dict) -> float:
    return record["currentCycleUsages"]["dataUsage"]


@pytest.mark.parametrize("slot", range(200))
def test_imeis_check_out(slot: int) -> None:
    imei = imei_of(mix(slot, 1))
    assert len(imei) == 15
    assert luhn_is_right(imei)


@pytest.mark.parametrize("slot", [0, 9, 10, 11, 1_000_008, 1_000_009, 1_000_010, 12_000_000])
def test_identifiers_lead_back(slot: int) -> None:
    assert len(giccid_of(slot)) == 19
    assert slot_of(giccid_of(slot)) == slot
    assert slot_of_msisdn(msisdn_of(slot)) == slot
    assert giccid_of(slot) < giccid_of(slot + 1)


def test_generated_giccids() -> None:
    assert giccid_of(SEEDS) == "8986011805022000001"
    assert [slot_of(text) for text in ("", "8986011805021000011", "x" * 19, "898601180502200000x")] == [None] * 4


def test_the_fleet_looks_real(fleet: Carrier) -> None:
    records = whole(fleet)[10:]
    statuses = [record["status"] for record in records]
    assert 0.75 < statuses.count("ACTIVATED") / len(records) < 0.95
    assert set(statuses) == {"TEST_READY", "ACTIVATE_READY", "INVENTORY", "ACTIVATED", "DEACTIVATED", "RETIRED"}
    devices = [device for record in records for device in record["deviceInfo"]]
    imeis = [device["imei"] for device in devices if device["imei"]]
    assert all(luhn_is_right(imei) for imei in imeis)
    assert len({device["imsi"] for device in devices}) == len(devices)
    assert len({device["msisdn"] for device in devices}) == len(devices)
    assert any(len(record["deviceInfo"]) == 2 for record in records)
    sizes = [account["simCount"] for account in fleet.get("/enterprise")["accounts"][2:]]
    assert sizes[0] > 4 * sizes[-1] > 0
    assert len({record["currentBasicServicePackage"]["name"] for record in records if usage(record)}) >= 6
    for record in records:
        assert (record["activatedTime"] is None) == (record["status"] in ("TEST_READY", "ACTIVATE_READY", "INVENTORY"))
        assert record["activatedTime"] is None or record["sellTime"] < record["activatedTime"] < NOW


def test_the_same_seed_gives_the_same_fleet(fleet: Carrier) -> None:
    first = whole(fleet)
    fleet.control("reset", sims=400)
    assert whole(fleet) == first
    fleet.control("reset", sims=400, seed=2)
    assert whole(fleet)[10:] != first[10:]


def test_two_processes_agree(fleet: Carrier) -> None:
    other = Carrier("--quiet", sims=400)
    try:
        assert json.dumps(whole(other)) == json.dumps(whole(fleet))
    finally:
        other.close()


def test_usage_grows_with_the_clock_and_starts_again_each_month(fleet: Carrier) -> None:
    first = [usage(record) for record in whole(fleet)]
    fleet.advance(86_400)
    second = [usage(record) for record in whole(fleet)]
    assert all(before <= after for before, after in zip(first, second, strict=True))
    assert sum(second) > sum(first)
    fleet.control("clock", now="2025-09-01T00:00:00+00:00")
    assert [usage(record) for record in whole(fleet)] == [0.0] * 400
    fleet.control("clock", now=NOW)
    assert [usage(record) for record in whole(fleet)][10:] == first[10:]


def test_only_some_sims_move_within_ten_minutes(fleet: Carrier) -> None:
    first = whole(fleet)
    fleet.advance(600)
    moved = sum(before != after for before, after in zip(first, whole(fleet), strict=True))
    assert 0 < moved < 60


def test_nothing_else_happens_by_itself_under_its_own_clock(fleet: Carrier) -> None:
    def plain(records: list[dict]) -> list[tuple]:
        return [(record["giccid"], record["status"], record["deviceInfo"]) for record in records]

    first = plain(whole(fleet))
    fleet.advance(10 * 86_400)
    assert plain(whole(fleet)) == first
    assert fleet.get("/global-sims/changeLogs")["total"] == 0
