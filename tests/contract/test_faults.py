"""Each kind of fault the simulator knows, against each class of retries."""

from collections.abc import Callable
from typing import Any

import pytest

from smarthub import Client, RecordError, decode_sim, errors
from tests.contract.test_reads import HEALTHY
from tests.simulated import Simulated

QUICK = {"timeout": (5, 0.3)}

READ = ("S1", lambda client: client.read_sim(HEALTHY))
REPLACE = ("S11", lambda client: client.set_apn_status(HEALTHY, "iot.public", "OPEN"))
ACTION = ("S7", lambda client: client.suspend(HEALTHY))
ONCE = ("B2", lambda client: client.batch_suspend([HEALTHY]))
Case = tuple[str, Callable[[Client], Any]]

ALWAYS = {"429": errors.RateLimited}
UNAVAILABLE = dict.fromkeys(["502", "503", "504", "html502"], errors.ServerError)
LOST = dict.fromkeys(["timeout", "reset", "timeout_after", "reset_after", "truncated"], errors.TransportError)
FINAL = {"401": errors.AuthError, "403": errors.PermissionDenied, "500": errors.ServerError}
NEVER = {**FINAL, "redirect_other": errors.ProtocolError, "huge": errors.ProtocolError}


def order(carrier: Simulated, operation: str, kind: str, times: int | None = None) -> None:
    carrier.post("/_sim/requests", {})
    carrier.post("/_sim/fault", {"operation": operation, "kind": kind, "times": times})


def asked(carrier: Simulated, operation: str) -> int:
    return carrier.get("/_sim/requests")["counts"].get(operation, 0)


@pytest.mark.parametrize(
    ("case", "kinds", "attempts"),
    [
        (READ, {**ALWAYS, **UNAVAILABLE, **LOST}, 4),
        (REPLACE, ALWAYS, 4),
        (REPLACE, {**UNAVAILABLE, **LOST}, 3),
        (ACTION, ALWAYS, 4),
        (ONCE, ALWAYS, 4),
        (ACTION, {**UNAVAILABLE, **LOST}, 1),
        (ONCE, {**UNAVAILABLE, **LOST}, 1),
        *[(case, NEVER, 1) for case in (READ, REPLACE, ACTION, ONCE)],
    ],
)
def test_a_fault_that_stays(
    carrier: Simulated,
    make_client: Callable[..., Client],
    case: Case,
    kinds: dict[str, type[errors.CarrierError]],
    attempts: int,
) -> None:
    operation, call = case
    for kind, error in kinds.items():
        order(carrier, operation, kind)
        with pytest.raises(error) as caught:
            call(make_client(carrier, **QUICK))
        assert asked(carrier, operation) == attempts, kind
        assert caught.value.operation
        carrier.post("/_sim/reset", {})


@pytest.mark.parametrize("kind", [*ALWAYS, *UNAVAILABLE, *LOST])
def test_a_fault_that_passes(carrier: Simulated, make_client: Callable[..., Client], kind: str) -> None:
    order(carrier, "S1", kind, times=2)
    answer = make_client(carrier, **QUICK).read_sim(HEALTHY)
    assert (answer.value.giccid, answer.reply.attempts) == (HEALTHY, 3)


@pytest.mark.parametrize("kind", ["empty", "badjson", "wrongtype"])
def test_an_answer_that_is_not_what_was_expected(
    carrier: Simulated, make_client: Callable[..., Client], kind: str
) -> None:
    client = make_client(carrier)
    calls: dict[str, Callable[[], Any]] = {
        "S1": lambda: client.read_sim(HEALTHY),
        "S2": client.list_sims_raw,
        "E1": client.enterprise,
        "E2": lambda: client.account("example_account"),
        "E3": lambda: client.service_packages("example_account"),
        "B2": lambda: client.batch_suspend([HEALTHY]),
        "M1": lambda: client.send_sms("x", to_giccid="8986011805021000009"),
    }
    for operation, call in calls.items():
        order(carrier, operation, kind, times=1)
        with pytest.raises(errors.ProtocolError):
            call()
        assert asked(carrier, operation) == 1


@pytest.mark.parametrize("kind", ["empty", "badjson", "wrongtype"])
def test_an_action_needs_no_readable_answer(carrier: Simulated, make_client: Callable[..., Client], kind: str) -> None:
    order(carrier, "S7", kind, times=1)
    client = make_client(carrier)
    client.suspend(HEALTHY)
    assert client.read_sim(HEALTHY).value.status == "DEACTIVATED"


def test_a_redirect_within_the_host_is_followed(carrier: Simulated, make_client: Callable[..., Client]) -> None:
    client = make_client(carrier)
    for operation, call in (READ, ACTION):
        order(carrier, operation, "redirect_same", times=1)
        call(client)
        assert asked(carrier, operation) == 2


def test_the_key_goes_to_no_other_host(carrier: Simulated, make_client: Callable[..., Client]) -> None:
    order(carrier, "*", "redirect_other")
    for _, call in (READ, REPLACE, ACTION, ONCE):
        with pytest.raises(errors.ProtocolError):
            call(make_client(carrier))
    hosts = {row["host"].split(":")[0] for row in carrier.get("/_sim/requests")["requests"]}
    assert hosts == {"127.0.0.1"}


@pytest.mark.parametrize(("key", "error"), [("sim-key-revoked", errors.AuthError), ("sim-key-wrong", errors.AuthError)])
def test_a_key_that_opens_nothing(
    carrier: Simulated, make_client: Callable[..., Client], key: str, error: type[errors.CarrierError]
) -> None:
    with pytest.raises(error):
        make_client(carrier, key).enterprise()


def test_a_key_that_may_only_read(carrier: Simulated, make_client: Callable[..., Client]) -> None:
    client = make_client(carrier, "sim-key-readonly")
    assert client.read_sim(HEALTHY).value.giccid == HEALTHY
    with pytest.raises(errors.PermissionDenied):
        client.suspend(HEALTHY)


def test_a_rate_limit_is_waited_out(carrier: Simulated, make_client: Callable[..., Client]) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        carrier.post("/_sim/knobs", {"rate_limit": 0})

    carrier.post("/_sim/knobs", {"rate_limit": 2})
    client = make_client(carrier, sleep=wait)
    for _ in range(3):
        client.enterprise()
    assert len(waits) == 1
    assert 1 <= waits[0] <= 60


def test_a_bad_record_leaves_its_page_readable(carrier: Simulated, make_client: Callable[..., Client]) -> None:
    bad = {"giccid": HEALTHY, "status": "ACTIVATED", "currentCycleUsages": {"dataUsage": "12,4 MB"}}
    carrier.post("/_sim/sims", {"put": [bad]})
    page = make_client(carrier).list_sims_raw()
    refused = []
    for record in page.records:
        try:
            decode_sim(record)
        except RecordError as error:
            refused.append(str(error))
    assert refused == [f"{HEALTHY}: Data usage is the text “12,4 MB”, a number was expected."]
    assert len(page.records) == 100
