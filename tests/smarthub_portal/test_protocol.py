import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests
import uvicorn

from smarthub_portal import protocol
from smarthub_portal.protocol import LONGEST_HEAD, LONGEST_URL, Protocol
from tests.waiting import wait_until

PATIENCE_S = 0.1
WHOLE = b"GET /sims/ HTTP/1.1\r\nHost: portal\r\n\r\n"


async def _echo(scope, receive, send) -> None:
    if scope["path"] == "/slow/":
        await asyncio.sleep(4 * PATIENCE_S)
    told = b"%d %s" % (len(scope["query_string"]), scope["path"].encode())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": told})


@pytest.fixture
def address() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(_echo, http=Protocol, lifespan="off", log_config=None))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        wait_until(lambda: server.started, "the server listens")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize(("length", "kept"), [(1000, 1000), (100_000, LONGEST_URL - len("/sims/?"))])
def test_address_of_any_length_gets_a_page(address: str, length: int, kept: int) -> None:
    answer = requests.get(f"{address}/sims/?q={'a' * (length - 2)}", timeout=10)

    assert (answer.status_code, answer.text) == (200, f"{kept} /sims/")


@pytest.fixture
def connection(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """To a server that waits for headers no longer than a moment."""
    monkeypatch.setattr(protocol, "HEAD_PATIENCE_S", PATIENCE_S)
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as found:
        yield found


def said(connection: socket.socket) -> bytes:
    """What the server says until it hangs up."""
    told = b""
    while part := connection.recv(65536):
        told += part
    return told


def test_who_says_nothing_is_hung_up_on(connection: socket.socket) -> None:
    assert said(connection) == b""


def test_headers_a_byte_at_a_time_are_not_waited_for(connection: socket.socket) -> None:
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        for byte in b"POST / HTTP/1.1\r\nX-Slow: " + b"x" * 2000:
            connection.sendall(bytes([byte]))
            time.sleep(PATIENCE_S / 50)


def test_half_a_head_is_told_why(connection: socket.socket) -> None:
    connection.sendall(WHOLE[:-2])
    assert said(connection).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("sent", [b"\r\n", b"GET /"])
def test_after_a_request_the_next_one_is_not_waited_for_either(connection: socket.socket, sent: bytes) -> None:
    connection.sendall(WHOLE)
    assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    connection.sendall(sent)
    said(connection)


def test_headers_without_end_are_refused(connection: socket.socket) -> None:
    connection.sendall(WHOLE[:-2])
    connection.sendall(b"X-Long: " + b"x" * (LONGEST_HEAD + (512 << 10)))
    assert b"HTTP/1.1 431 " in connection.recv(65536)


def test_an_answer_may_take_its_time(connection: socket.socket) -> None:
    for _ in range(2):
        connection.sendall(WHOLE.replace(b"/sims/", b"/slow/"))
        told = b""
        while not told.endswith(b"0\r\n\r\n"):
            told += connection.recv(65536)
        assert b"/slow/" in told
