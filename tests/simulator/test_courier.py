"""How pushes are delivered (contract 9.3)."""

import hashlib
import hmac
import json
import socket

import pytest

from tests.simulator.carrier import HEALTHY, Carrier, Receiver


def push(carrier: Carrier) -> None:
    carrier.control("imei", giccid=HEALTHY, imei="490154203237518")


def delivery(carrier: Carrier) -> dict:
    deliveries = carrier.deliveries()
    assert len(deliveries) == 1
    return deliveries[0]


def test_without_a_target_events_are_only_noted(carrier: Carrier) -> None:
    push(carrier)
    assert (delivery(carrier)["state"], delivery(carrier)["attempts"]) == ("no_target", [])


def test_a_push_is_one_json_object_at_its_own_address(carrier: Carrier, receiver: Receiver) -> None:
    push(carrier)
    assert delivery(carrier)["state"] == "delivered"
    [(path, headers, body)] = receiver.taken
    assert path == "/webhooks/smarthub/token/imei-change/"
    assert headers["Content-Type"] == "application/json"
    assert "X-SmartHub-Signature" not in headers
    assert json.loads(body) == delivery(carrier)["payload"]


def test_a_secret_signs(carrier: Carrier, receiver: Receiver) -> None:
    carrier.control("push-target", url=receiver.url, secret="invented")
    push(carrier)
    delivery(carrier)
    [(_, headers, body)] = receiver.taken
    signed = headers["X-SmartHub-Timestamp"].encode() + b"." + body
    assert headers["X-SmartHub-Timestamp"] == "1755064800"
    expected = hmac.new(b"invented", signed, hashlib.sha256).hexdigest()
    assert headers["X-SmartHub-Signature"] == f"sha256={expected}"


@pytest.mark.parametrize("status", [200, 201, 204])
def test_any_2xx_is_taken(carrier: Carrier, receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    push(carrier)
    assert delivery(carrier)["state"] == "delivered"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_anything_else_is_tried_again_after_1_5_and_15_minutes(
    carrier: Carrier, receiver: Receiver, status: int
) -> None:
    receiver.answers = [status] * 4
    push(carrier)
    assert delivery(carrier)["state"] == "waiting"
    for wait, count in ((59, 1), (1, 2), (299, 2), (1, 3), (899, 3), (1, 4), (86_400, 4)):
        carrier.advance(wait)
        assert len(delivery(carrier)["attempts"]) == count
    assert delivery(carrier)["state"] == "dropped"
    assert {body for _, _, body in receiver.taken} == {receiver.taken[0][2]}
    assert {path for path, _, _ in receiver.taken} == {"/webhooks/smarthub/token/imei-change/"}
    assert [attempt["status"] for attempt in delivery(carrier)["attempts"]] == [status] * 4


def test_a_later_attempt_may_succeed(carrier: Carrier, receiver: Receiver) -> None:
    receiver.answers = [503]
    push(carrier)
    delivery(carrier)
    carrier.advance(60)
    assert delivery(carrier)["state"] == "delivered"
    assert len(receiver.taken) == 2


def test_nobody_listens(carrier: Carrier) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        carrier.control("push-target", url=f"http://127.0.0.1:{unused.getsockname()[1]}/")
        push(carrier)
        assert delivery(carrier)["state"] == "waiting"
        assert delivery(carrier)["attempts"][0]["error"] == "ConnectionRefusedError"


def test_a_receiver_that_never_answers(carrier: Carrier) -> None:
    carrier.control("knobs", push_timeout=0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        carrier.control("push-target", url=f"http://127.0.0.1:{silent.getsockname()[1]}/")
        push(carrier)
        assert delivery(carrier)["attempts"][0]["error"] == "timeout"
        assert delivery(carrier)["state"] == "waiting"


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/x/",
        "http://example.com/",
        "https://127.0.0.1/",
        "ftp://localhost/",
        "127.0.0.1:80",
        "http:///x",
    ],
)
def test_only_loopback(carrier: Carrier, url: str) -> None:
    answer = carrier.session.post(f"{carrier.root}/_sim/push-target", json={"url": url}, timeout=10)
    assert answer.status_code == 400
    assert "loopback" in answer.json()["error"]


def test_a_reset_forgets_retries(carrier: Carrier, receiver: Receiver) -> None:
    receiver.answers = [500]
    push(carrier)
    delivery(carrier)
    carrier.control("reset")
    carrier.advance(3600)
    assert carrier.deliveries() == []
    assert len(receiver.taken) == 1
