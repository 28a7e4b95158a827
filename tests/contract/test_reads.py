"""Every read, with each of the likeliest mistakes of the contract on and off."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smarthub import Client, decode_sim, errors, models
from tests.simulated import Simulated

HEALTHY = "8986011805021000004"
ABSENT = "8986011805029999999"
NOW = datetime(2025, 8, 13, 6, tzinfo=UTC)


def test_s1_one_sim(client: Client) -> None:
    answer = client.read_sim(HEALTHY)
    sim = answer.value
    assert (sim.giccid, sim.status) == (HEALTHY, "ACTIVATED")
    assert sim.package is not None
    assert sim.package.name == "Prepaid-Basic-100M"
    assert sim.package.started_at is not None
    assert len(sim.apns) == 2
    assert sim.devices[0].imsi
    assert isinstance(sim.data_usage_mb, Decimal)
    assert answer.reply.carrier_at == NOW
    assert decode_sim(client.read_sim_raw(HEALTHY).records[0]) == sim


def test_s1_a_card_without_package_or_device(client: Client) -> None:
    sim = client.read_sim("8986011805021000003").value
    assert (sim.status, sim.package, sim.devices, sim.activated_at) == ("INVENTORY", None, (), None)


def test_s1_a_card_with_two_devices(client: Client) -> None:
    devices = client.read_sim("8986011805021000009").value.devices
    assert len(devices) == 2
    assert None in {device.imei for device in devices}


def test_s1_nothing_by_that_name(client: Client) -> None:
    with pytest.raises(errors.NotFound):
        client.read_sim(ABSENT)


def test_s2_the_whole_fleet_page_by_page(client: Client) -> None:
    first, second = (client.list_sims_raw(page=page) for page in (0, 1))
    assert (first.page, first.size, first.total) == (0, 100, 130)
    assert len({decode_sim(record).giccid for record in first.records + second.records}) == 130
    assert client.list_sims_raw(page=2).records == []


def test_s2_filters(client: Client) -> None:
    lab = client.list_sims_raw(account_name="lab account").records
    assert decode_sim(lab[0]).giccid == "8986011805021000010"
    named = client.list_sims_raw(giccids=[HEALTHY, ABSENT])
    assert [decode_sim(record).giccid for record in named.records] == [HEALTHY]
    retired = client.list_sims_raw(status="RETIRED", package=None, po="8723164786", customer_name="example_customer")
    assert {decode_sim(record).status for record in retired.records} == {"RETIRED"}
    with pytest.raises(errors.ValidationFailed):
        client.list_sims_raw(status="SLEEPING")


def test_s2_a_size_may_be_clamped(carrier: Simulated, make_client: Callable[..., Client]) -> None:
    carrier.post("/_sim/knobs", {"max_size": 50})
    page = make_client(carrier).list_sims_raw(size=100)
    assert (len(page.records), page.size, page.total) == (50, 50, 130)


def test_s3_the_log_of_changes(client: Client) -> None:
    client.suspend(HEALTHY)
    changes = client.sim_change_logs([HEALTHY], kind="STATUS_CHANGE").value
    assert changes[0] == models.SimChange(HEALTHY, "STATUS_CHANGE", "ACTIVATED", "DEACTIVATED", NOW, "api")
    earlier = client.sim_change_logs([HEALTHY], "STATUS_CHANGE", datetime(2025, 8, 1, tzinfo=UTC), NOW)
    assert changes[0] not in earlier.value
    with pytest.raises(errors.ValidationFailed):
        client.sim_change_logs(start_at=datetime(2024, 1, 1, tzinfo=UTC), end_at=NOW)


def test_s3_stops_after_the_page_that_is_enough(client: Client, carrier: Simulated) -> None:
    for number in range(250):
        carrier.post("/_sim/imei", {"giccid": HEALTHY, "imei": f"35693803564{number:04}"})
    newest = client.sim_change_logs([HEALTHY], most=150).value
    assert len(newest) == 200
    assert set(newest) < set(client.sim_change_logs([HEALTHY]).value)


def test_e1_the_enterprise_and_e2_its_accounts(client: Client) -> None:
    enterprise = client.enterprise().value
    names = [account.name for account in enterprise.accounts]
    assert {"example_account", "lab account"} <= set(names)
    for name in names:
        account = client.account(name).value
        assert account.name == name
        assert sum(row.count for row in account.sim_status_counts) == account.sim_count
        assert account.currency
    with pytest.raises(errors.NotFound):
        client.account("nobody/at all")


def test_e3_service_packages(client: Client) -> None:
    answer = client.service_packages("example_account")
    packages = {package.name: package for package in answer.value}
    assert packages["Prepaid-Basic-100M"].data_volume_mb == 100
    assert packages["Prepaid-Basic-100M"].payment_type == "PREPAID"
    assert answer.refused == ()
    assert {row.kind for row in client.service_packages("example_account", "SUPPLEMENTARY").value} == {"SUPPLEMENTARY"}
    with pytest.raises(errors.NotFound):
        client.service_packages("nobody")


def test_p1_share_pools(client: Client) -> None:
    pools = client.share_pools(account_name="example_account").value
    assert "EU-Pool-50G" in {pool.name for pool in pools}
    pool = client.share_pools(name="EU-Pool-50G").value[0]
    assert pool.data_total_mb is not None
    assert pool.cycle_started_at == datetime(2025, 8, 1, tzinfo=UTC)


def test_t1_countries(client: Client) -> None:
    rows = client.country_statistics().value
    assert rows
    assert all(row.country_code and row.sim_count is not None for row in rows)
    one_day = client.country_statistics("example_account", NOW.date(), NOW.date())
    assert one_day.refused == ()
