import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
import requests
import uvicorn

from smarthub_portal.protocol import LONGEST_URL, Protocol
from tests.waiting import wait_until


async def _echo(scope, receive, send) -> None:
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
