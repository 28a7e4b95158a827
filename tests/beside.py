"""Writers of the same rows: what is done on a connection of its own, and who waits for whom."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection

from tests.waiting import wait_until

WAIT_S = 20

Beside = Callable[[Callable[[], Any]], Future[Any]]


@contextmanager
def connections_of_their_own(number: int = 1) -> Iterator[Beside]:
    """Begins work, each piece on another connection."""

    def do(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        yield lambda work: pool.submit(do, work)


def wait_for_waiting(number: int = 1) -> None:
    """Until so many connections to our database wait for a lock."""
    wait_until(lambda: _waiting() >= number, f"{number} wait for a lock", WAIT_S)


def _waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # that of our transaction stays as it is
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])
