"""What only a socket can do: hanging, dripping, breaking off, flooding, leading elsewhere."""

import gzip
import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from smarthub import Client, errors
from tests.smarthub.conftest import KEY
from tests.smarthub.servers import (
    Behaviour,
    answering,
    closing,
    dripping,
    flooding,
    garbling,
    hanging,
    hostile,
    resetting,
)

SIM = b'{"giccid": "1", "status": "A"}'
GOOD = answering("200 OK", SIM)
QUICK = {"timeout": (1, 0.2), "answer_limit_s": 0.5}
BROKEN = {
    "hangs": hanging,
    "closes": closing,
    "resets": resetting,
    "is no HTTP": garbling,
    "breaks off": answering("200 OK", SIM[:10], length=1000),
    "drips its head": dripping(b"HTTP/1.1 200 OK\r\nX-Slow: "),
    "drips its body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
    "drips chunks": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n"),
    "lies about gzip": answering("200 OK", SIM, "Content-Encoding: gzip", "Connection: close"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_read_is_repeated_after_a_broken_answer(make_client: Callable[..., Client], how: str) -> None:
    with hostile(BROKEN[how], GOOD) as server:
        answer = make_client(server.base_url, **QUICK).read_sim("1")
    assert answer.value.status == "A"
    assert answer.reply.attempts == 2


@pytest.mark.parametrize("how", BROKEN)
def test_an_action_is_not(make_client: Callable[..., Client], how: str) -> None:
    with hostile(BROKEN[how], GOOD) as server, pytest.raises(errors.TransportError) as caught:
        make_client(server.base_url, **QUICK).suspend("1")
    assert len(server.requests) == 1
    assert caught.value.sent is True
    assert caught.value.is_outcome_unknown is True
    assert_keyless(caught.value)


@pytest.mark.parametrize(("call", "attempts"), [("set_apn_status", 3), ("change_basic_package", 1)])
def test_a_put_is_repeated_only_where_that_buys_nothing(
    make_client: Callable[..., Client], call: str, attempts: int
) -> None:
    arguments = ("1", "x", "OPEN") if call == "set_apn_status" else ("1", "x")
    with hostile(closing) as server, pytest.raises(errors.TransportError):
        getattr(make_client(server.base_url, **QUICK), call)(*arguments)
    assert len(server.requests) == attempts


@pytest.mark.parametrize(
    "behaviour",
    [
        flooding,
        answering("200 OK", b" " * (11 * 1024 * 1024)),
        answering("200 OK", gzip.compress(b" " * (64 * 1024 * 1024)), "Content-Encoding: gzip"),
    ],
    ids=["without end", "too long", "a bomb"],
)
def test_a_huge_answer_is_cut_off_and_its_connection_closed(
    make_client: Callable[..., Client], behaviour: Behaviour
) -> None:
    with hostile(behaviour, GOOD) as server:
        client = make_client(server.base_url)
        with pytest.raises(errors.ProtocolError, match="too large") as caught:
            client.read_sim("1")
        assert_keyless(caught.value)
        assert len(server.requests) == 1
        assert client.read_sim("1").value.status == "A"


def test_the_key_does_not_travel_to_another_host(make_client: Callable[..., Client]) -> None:
    with hostile(GOOD) as thief:
        location = f"Location: {thief.base_url}/global-sims/1"
        with hostile(answering("302 Found", b"", location), answering("307 Temporary", b"", location)) as server:
            for call in ("read_sim", "suspend"):
                with pytest.raises(errors.ProtocolError) as caught:
                    getattr(make_client(server.base_url), call)("1")
                assert_keyless(caught.value)
    assert thief.requests == []
    assert all(KEY.encode() in request for request in server.requests)


def test_connections_are_used_again(make_client: Callable[..., Client]) -> None:
    def twice(connection: Any, ended: Any) -> None:
        GOOD(connection, ended)
        connection.recv(65536)
        GOOD(connection, ended)

    with hostile(twice) as server:
        client = make_client(server.base_url)
        client.read_sim("1")
        client.read_sim("1")
    assert len(server.requests) == 1


def test_the_environment_cannot_lead_a_loopback_request_away(
    make_client: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    with hostile(GOOD) as proxy, hostile(GOOD) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.base_url)
        monkeypatch.setenv("NO_PROXY", "")
        make_client(server.base_url).read_sim("1")
    assert proxy.requests == []


def test_the_key_is_in_no_log(make_client: Callable[..., Client], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with hostile(closing, resetting, GOOD) as server:
        make_client(server.base_url).read_sim("1")
    assert KEY not in caplog.text


def assert_keyless(error: errors.CarrierError) -> None:
    """The key is neither in the error nor in anything it drags along."""
    assert error.__context__ is None
    assert error.__cause__ is None
    frames = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert KEY not in "".join(frames.format())
    assert KEY not in repr(vars(error))
