"""Starts both engines and asks them something; tests run it as another user too: `python -m … FOLDER`."""

import json
import socket
import sys
from pathlib import Path

import psutil
import psycopg

from stack.postgres import Postgres
from stack.valkey import Valkey


def postgres_in(folder: Path, *, fast: bool = True) -> Postgres:
    return Postgres(data_dir=folder / "postgres", run_dir=folder / "run", fast=fast)


def valkey_in(folder: Path) -> Valkey:
    return Valkey(data_dir=folder / "valkey", run_dir=folder / "run")


def visit(folder: Path) -> dict[str, int]:
    """Start both, count one visit in each, stop both."""
    postgres, valkey = postgres_in(folder), valkey_in(folder)
    valkey.start()
    postgres.start()
    try:
        return {**_count(postgres, valkey), "uid": psutil.Process(postgres.child.pid).uids().real}
    finally:
        postgres.stop()
        valkey.stop()


def _count(postgres: Postgres, valkey: Valkey) -> dict[str, int]:
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS visit ()")
        connection.execute("INSERT INTO visit DEFAULT VALUES")
        row = connection.execute("SELECT count(*) FROM visit").fetchone()
    return {"postgres": row[0], "valkey": _increment(valkey.socket_path)}


def _increment(path: Path) -> int:
    """By hand: the client library wants packages that the other user's Python may lack."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(b"INCR visits\r\n")
        return int(connection.recv(64).removeprefix(b":"))


if __name__ == "__main__":
    print(json.dumps(visit(Path(sys.argv[1]))))
