"""A carrier that misbehaves below HTTP."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Behaviour = Callable[[socket.socket, threading.Event], None]


class Hostile:
    """What it was sent, and its address."""

    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self.requests: list[bytes] = []
        self.ended = threading.Event()


@contextmanager
def hostile(*behaviours: Behaviour) -> Iterator[Hostile]:
    """Each connection reads one request and meets the next behaviour, the last one for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Hostile(listener.getsockname()[1])
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket, behave: Behaviour) -> None:
        with connection:
            try:
                server.requests.append(_request(connection))
                behave(connection, server.ended)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            behave = behaviours[min(len(threads), len(behaviours) - 1)]
            threads.append(threading.Thread(target=serve, args=(connection, behave)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield server
    finally:
        server.ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in [acceptor, *threads]:
            thread.join()


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            break
        data += chunk
    return data


def answering(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> Behaviour:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    answer = "\r\n".join([*lines, "", ""]).encode() + body

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(answer)

    return behave


def hanging(connection: socket.socket, ended: threading.Event) -> None:
    ended.wait()


def dripping(prefix: bytes) -> Behaviour:
    """A byte every few hundredths of a second, for ever."""

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(prefix)
        while not ended.wait(0.02):
            connection.sendall(b"x")

    return behave


def closing(connection: socket.socket, ended: threading.Event) -> None:
    return


def resetting(connection: socket.socket, ended: threading.Event) -> None:
    import struct

    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def flooding(connection: socket.socket, ended: threading.Event) -> None:
    """A body without an announced length or an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while not ended.is_set():
        connection.sendall(b" " * 65536)


def garbling(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"\x16\x03\x01\x00 this is not HTTP\r\n\r\n")
