"""Every change, with each of the likeliest mistakes of the contract on and off."""

from datetime import UTC, datetime

import pytest

from smarthub import Client, errors
from tests.contract.test_reads import ABSENT, HEALTHY
from tests.simulated import Simulated

ACTIVE_TOO = "8986011805021000009"
SUSPENDED = "8986011805021000007"
RETIRED = "8986011805021000008"
NOW = datetime(2025, 8, 13, 6, tzinfo=UTC)


def status_of(client: Client, giccid: str) -> str:
    return client.read_sim(giccid).value.status


def test_s4_s5_custom_fields_keep_what_is_not_named(client: Client) -> None:
    client.set_custom_fields(HEALTHY, {"custom1": "Berlin 库", "custom5": "x"})
    client.set_custom_fields(HEALTHY, {"custom2": "meter-0042", "custom5": None})
    now = client.custom_fields(HEALTHY).value
    assert (now.custom1, now.custom2, now.custom5) == ("Berlin 库", "meter-0042", None)
    with pytest.raises(errors.ValidationFailed) as caught:
        client.set_custom_fields(HEALTHY, {"custom1": "x" * 101})
    assert caught.value.errors[0].field == "custom1"
    with pytest.raises(errors.NotFound):
        client.custom_fields(ABSENT)


def test_s6_activate(client: Client) -> None:
    assert client.activate(SUSPENDED).value.status == "ACTIVATED"
    assert status_of(client, SUSPENDED) == "ACTIVATED"
    with pytest.raises(errors.IllegalStatus):
        client.activate(SUSPENDED)


def test_s7_suspend(client: Client) -> None:
    client.suspend(HEALTHY)
    assert status_of(client, HEALTHY) == "DEACTIVATED"
    with pytest.raises(errors.IllegalStatus):
        client.suspend(RETIRED)


def test_s8_retire(client: Client) -> None:
    with pytest.raises(errors.IllegalStatus) as caught:
        client.retire(HEALTHY)
    assert caught.value.errors[0].code == "illegal_status"
    client.retire(SUSPENDED)
    assert status_of(client, SUSPENDED) == "RETIRED"


@pytest.mark.parametrize("verb", ["activate", "suspend", "retire"])
def test_s6_to_s8_nothing_by_that_name(client: Client, verb: str) -> None:
    with pytest.raises(errors.NotFound):
        getattr(client, verb)(ABSENT)


def test_s9_supplementary_package(client: Client) -> None:
    order = client.add_supplementary_package(HEALTHY, "Addon-50M").value
    assert (order.package, order.starts_at) == ("Addon-50M", NOW)
    with pytest.raises(errors.NotFound):
        client.add_supplementary_package(HEALTHY, "No such package")
    with pytest.raises(errors.ValidationFailed):
        client.add_supplementary_package(HEALTHY, "Prepaid-Basic-10M")
    with pytest.raises(errors.IllegalStatus):
        client.add_supplementary_package(RETIRED, "Addon-50M")


def test_s10_basic_package(client: Client) -> None:
    change = client.change_basic_package(HEALTHY, "Prepaid-Basic-10M", "now").value
    assert change.effective == "IMMEDIATE"
    assert change.effective_at == NOW
    package = client.read_sim(HEALTHY).value.package
    assert package is not None
    assert package.name == "Prepaid-Basic-10M"
    with pytest.raises(errors.ValidationFailed) as caught:
        client.change_basic_package(HEALTHY, "Prepaid-Basic-10M")
    assert caught.value.errors[0].code == "already_exists"


def test_s10_in_the_next_cycle(client: Client) -> None:
    change = client.change_basic_package(HEALTHY, "Prepaid-Basic-10M", "next-cycle").value
    assert change.effective_at is not None
    assert change.effective_at > NOW


def test_s11_apn_status(client: Client) -> None:
    apn = client.read_sim(HEALTHY).value.apns[0]
    other = "CLOSED" if apn.status == "OPEN" else "OPEN"
    for _ in range(2):
        assert client.set_apn_status(HEALTHY, apn.name, other).value.status == other
    assert client.read_sim(HEALTHY).value.apns[0].status == other
    with pytest.raises(errors.NotFound):
        client.set_apn_status(HEALTHY, "no.such.apn", "OPEN")
    with pytest.raises(errors.ValidationFailed):
        client.set_apn_status(HEALTHY, apn.name, "AJAR")


@pytest.mark.parametrize(
    ("call", "good", "code"),
    [
        ("batch_activate", SUSPENDED, "illegal_status"),
        ("batch_suspend", ACTIVE_TOO, None),
        ("batch_retire", SUSPENDED, "illegal_status"),
    ],
)
def test_b1_to_b3_and_b5_a_job(client: Client, call: str, good: str, code: str | None) -> None:
    job_id = getattr(client, call)([good, HEALTHY, ABSENT]).value.job_id
    job = client.batch_job(job_id).value
    assert job.is_finished
    assert job.items is not None
    assert [(item.giccid, item.code) for item in job.items] == [(good, None), (HEALTHY, code), (ABSENT, "missing")]
    assert job.total_count == 3


def test_b4_a_job_of_package_changes(client: Client) -> None:
    started = client.batch_change_basic_package([HEALTHY], "Prepaid-Basic-10M", "now")
    job = client.batch_job(started.value.job_id).value
    assert (job.success_count, job.failed_count) == (1, 0)
    with pytest.raises(errors.NotFound):
        client.batch_change_basic_package([HEALTHY], "No such package")


def test_b5_no_such_job(client: Client) -> None:
    with pytest.raises(errors.NotFound):
        client.batch_job("1")


def test_m1_m2_a_message(client: Client) -> None:
    message = client.send_sms("重启", to_giccid=HEALTHY).value
    assert (message.giccid, message.status) == (HEALTHY, "PENDING")
    status = client.sms_status(message.sms_id).value
    assert (status.sms_id, status.is_final) == (message.sms_id, status.status == "DELIVERED")
    assert client.send_sms("0aff", to_giccid=HEALTHY, encoding="hex").value.sms_id != message.sms_id


def test_m1_m2_what_is_refused(client: Client) -> None:
    with pytest.raises(errors.ValidationFailed):
        client.send_sms("x" * 161, to_giccid=HEALTHY)
    with pytest.raises(errors.ValidationFailed):
        client.send_sms("x", to_giccid=HEALTHY, to_msisdn="8614500000004")
    with pytest.raises(errors.NotFound):
        client.send_sms("x", to_giccid=ABSENT)
    with pytest.raises(errors.IllegalStatus):
        client.send_sms("x", to_giccid=RETIRED)
    with pytest.raises(errors.NotFound):
        client.sms_status("sms-none")


def test_every_operation_was_asked_for_under_a_path_the_carrier_knows(client: Client, any_carrier: Simulated) -> None:
    unknown = [row for row in any_carrier.get("/_sim/requests")["requests"] if row["operation"] == "-"]
    assert unknown == []
