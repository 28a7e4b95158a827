"""Each kind of fault, and how faults are counted."""

import pytest
import requests

from tests.simulator.carrier import HEALTHY, Carrier

SUSPEND = f"/global-sims/{HEALTHY}/deactivate"


def status_of(carrier: Carrier) -> str:
    return carrier.sim(HEALTHY)["status"]


@pytest.mark.parametrize("kind", ["401", "403", "429", "500", "502", "503", "504"])
@pytest.mark.parametrize("as_number", [True, False])
def test_statuses(carrier: Carrier, kind: str, as_number: bool) -> None:
    carrier.control("fault", operation="S7", kind=int(kind) if as_number else kind, times=2)
    for _ in range(2):
        answer = carrier.post(SUSPEND)
        assert answer.status_code == answer.json()["status"] == int(kind)
        assert ("Retry-After" in answer.headers) == (kind in ("429", "503"))
    assert status_of(carrier) == "ACTIVATED"
    assert carrier.post(SUSPEND).status_code == 200


def test_retry_after_is_chosen(carrier: Carrier) -> None:
    carrier.control("fault", operation="E1", kind=429, retryAfter=17)
    assert carrier.call("GET", "/enterprise").headers["Retry-After"] == "17"


def test_html502(carrier: Carrier) -> None:
    carrier.control("fault", operation="E1", kind="html502")
    answer = carrier.call("GET", "/enterprise")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert answer.text.startswith("<html>")


@pytest.mark.parametrize(("kind", "after"), [("timeout", "ACTIVATED"), ("timeout_after", "DEACTIVATED")])
def test_no_answer(carrier: Carrier, kind: str, after: str) -> None:
    carrier.control("fault", operation="S7", kind=kind)
    with pytest.raises(requests.ReadTimeout):
        carrier.session.post(carrier.base + SUSPEND, timeout=0.3)
    assert status_of(carrier) == after
    assert carrier.panel("requests")["counts"]["S7"] == 1


@pytest.mark.parametrize(("kind", "after"), [("reset", "ACTIVATED"), ("reset_after", "DEACTIVATED")])
def test_the_connection_is_cut(carrier: Carrier, kind: str, after: str) -> None:
    carrier.control("fault", operation="sim_suspend", kind=kind)
    with pytest.raises(requests.ConnectionError):
        carrier.post(SUSPEND)
    assert status_of(carrier) == after


def test_empty(carrier: Carrier) -> None:
    carrier.control("fault", operation="S7", kind="empty")
    answer = carrier.post(SUSPEND)
    assert (answer.status_code, answer.content) == (200, b"")
    assert status_of(carrier) == "DEACTIVATED"


def test_badjson(carrier: Carrier) -> None:
    carrier.control("fault", operation="S2", kind="badjson")
    answer = carrier.call("GET", "/global-sims")
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_wrongtype(carrier: Carrier) -> None:
    plain = carrier.get("/global-sims")
    carrier.control("fault", operation="S2", kind="wrongtype")
    wrong = carrier.get("/global-sims")
    assert wrong.keys() == plain.keys()
    assert all(type(wrong[name]) is not type(plain[name]) for name in plain)


def test_short(carrier: Carrier) -> None:
    plain = carrier.get("/global-sims")
    carrier.control("fault", operation="S2", kind="short")
    assert carrier.get("/global-sims") == {**plain, "data": plain["data"][1:], "total": 9}


def test_huge(carrier: Carrier) -> None:
    carrier.control("fault", operation="S2", kind="huge")
    answer = carrier.call("GET", "/global-sims")
    assert len(answer.content) == 20 * 1024 * 1024
    assert answer.json()["total"] == 10


def test_truncated(carrier: Carrier) -> None:
    carrier.control("fault", operation="S2", kind="truncated")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        carrier.call("GET", "/global-sims")


@pytest.mark.parametrize(("kind", "same"), [("redirect_same", True), ("redirect_other", False)])
def test_redirects(carrier: Carrier, kind: str, same: bool) -> None:
    carrier.control("fault", operation="S2", kind=kind)
    answer = carrier.call("GET", "/global-sims?size=3&status=ACTIVATED")
    assert answer.status_code == 307
    target = answer.headers["Location"]
    assert target.startswith(carrier.root) == same
    assert target.endswith("/v1/global-sims?size=3&status=ACTIVATED")
    followed = carrier.session.get(target, timeout=10)
    assert followed.json()["size"] == 3
    last = carrier.panel("requests")["requests"][-1]
    assert last["host"] == target.split("/")[2]
    assert last["hasKey"]


def test_a_redirect_to_an_address_of_choice(carrier: Carrier) -> None:
    carrier.control("fault", operation="S2", kind="redirect_other", location="http://127.0.0.1:9/x")
    assert carrier.call("GET", "/global-sims").headers["Location"] == "http://127.0.0.1:9/x"


def test_a_fault_strikes_its_operation_only(carrier: Carrier) -> None:
    carrier.control("fault", operation="E1", kind=500)
    assert carrier.get("/global-sims")["total"] == 10
    assert carrier.call("GET", "/enterprise").status_code == 500


def test_after_so_many_requests_and_any_operation(carrier: Carrier) -> None:
    carrier.control("fault", kind=500, after=2)
    answers = [carrier.call("GET", path).status_code for path in ("/enterprise", "/global-sims", "/sharePools", "/")]
    assert answers == [200, 200, 500, 200]


def test_until_cleared(carrier: Carrier) -> None:
    carrier.control("fault", kind=503, times=None)
    assert [carrier.call("GET", "/enterprise").status_code for _ in range(3)] == [503] * 3
    assert carrier.control("fault", clear=True) == {"waiting": []}
    assert carrier.call("GET", "/enterprise").status_code == 200


def test_an_unknown_kind(carrier: Carrier) -> None:
    answer = carrier.session.post(f"{carrier.root}/_sim/fault", json={"kind": "flood"}, timeout=10)
    assert answer.status_code == 400
