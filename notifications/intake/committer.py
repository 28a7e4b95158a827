"""Group commit: deliveries that arrive while one transaction is under way share the next."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
import structlog

from notifications.ids import Ids
from notifications.intake.database import LIMIT_S, parameters
from notifications.intake.drain import drain
from notifications.intake.receipt import INSERT, CannotKeep, Receipt, columns
from notifications.intake.spool import Spool

log = structlog.get_logger(__name__)

CONNECTIONS = 2
GROUP = 200
GROUP_BYTES = 4 << 20
# While the database is away everything goes to the spool at once, and one group tries again after so long.
PAUSE_S = 1.0

Waiting = tuple[Receipt, "asyncio.Future[None]"]


class Committer:
    """Keeps receipts for one process and one event loop: in the database, or in the spool when that does not answer.

    `on_commit` is called after each transaction. A commit whose answer did not come is spooled under the same ids.
    """

    def __init__(self, spool: Spool, on_commit: Callable[[], None]) -> None:
        self._spool, self._on_commit = spool, on_commit
        self._ids = Ids()
        self._waiting: deque[Waiting] = deque()
        self._arrived = asyncio.Event()
        self._away_until = 0.0
        self._mending: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        for _ in range(CONNECTIONS):
            self._spawn(self._work())

    async def keep(self, slug: str, source: str, headers: bytes, body: bytes) -> None:
        """Safe on disk when it returns. Raises CannotKeep."""
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((Receipt(self._ids.next(), slug, source, headers, body), kept))
        self._arrived.set()
        await kept

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._spool.close()

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _work(self) -> None:
        connection: psycopg.AsyncConnection[Any] | None = None
        try:
            while True:
                await self._arrived.wait()
                group = self._next_group()
                if group:
                    connection = await self._keep_group(connection, group)
                else:
                    self._arrived.clear()
        finally:
            if connection is not None:
                connection.pgconn.finish()

    def _next_group(self) -> list[Waiting]:
        group: list[Waiting] = []
        size = 0
        while self._waiting and len(group) < GROUP and size < GROUP_BYTES:
            group.append(self._waiting.popleft())
            size += len(group[-1][0].body)
        return group

    async def _keep_group(
        self, connection: psycopg.AsyncConnection[Any] | None, group: list[Waiting]
    ) -> psycopg.AsyncConnection[Any] | None:
        """Keep it somewhere and answer each; the connection when it can be used again."""
        receipts = [receipt for receipt, _ in group]
        error: CannotKeep | None = None
        try:
            connection = await self._commit(connection, receipts)
        except Exception as failure:  # whatever it was, what came must be kept
            connection = None
            self._went_away(failure)
            error = await self._put_aside(receipts)
        for _, kept in group:
            if not kept.done():
                kept.set_exception(error) if error else kept.set_result(None)
        return connection

    async def _commit(
        self, connection: psycopg.AsyncConnection[Any] | None, receipts: list[Receipt]
    ) -> psycopg.AsyncConnection[Any]:
        if time.monotonic() < self._away_until:
            raise _StillAway
        connection = await self._within_limit(self._insert(connection, receipts))
        self._away_until = 0.0
        self._on_commit()
        return connection

    async def _within_limit(self, work: Any) -> psycopg.AsyncConnection[Any]:
        """Its result; a server that hangs is left behind, for not even cancelling would end in time."""
        task = self._spawn(work)
        done, _ = await asyncio.wait({task}, timeout=LIMIT_S + 0.5)
        if not done:
            task.cancel()
            raise TimeoutError
        connection: psycopg.AsyncConnection[Any] = task.result()
        return connection

    async def _insert(
        self, connection: psycopg.AsyncConnection[Any] | None, receipts: list[Receipt]
    ) -> psycopg.AsyncConnection[Any]:
        if connection is None:
            connection = await psycopg.AsyncConnection.connect(**parameters())
        try:
            await self._insert_group(connection, receipts)
        except (psycopg.DataError, psycopg.IntegrityError):
            await self._insert_each(connection, receipts)
        except BaseException:
            # Closed here and now: a cancelled task has nobody to give it to.
            connection.pgconn.finish()
            raise
        return connection

    async def _insert_group(self, connection: psycopg.AsyncConnection[Any], receipts: list[Receipt]) -> None:
        cursor = await connection.execute(INSERT, columns(receipts), prepare=True)
        if cursor.rowcount < len(receipts):
            new = {row[0] for row in await cursor.fetchall()}
            taken = [receipt for receipt in receipts if receipt.id not in new]
            # Another process received in the same microsecond and drew the same bits.
            await self._insert_group(connection, [_renumbered(receipt, self._ids.next()) for receipt in taken])

    async def _insert_each(self, connection: psycopg.AsyncConnection[Any], receipts: list[Receipt]) -> None:
        """One that the database refuses must not take the others with it; itself it goes to the spool."""
        for receipt in receipts:
            try:
                await self._insert_group(connection, [receipt])
            except (psycopg.DataError, psycopg.IntegrityError) as refusal:
                log.error("delivery_refused", error=type(refusal).__name__, delivery=receipt.id)
                await asyncio.to_thread(self._spool.keep, [receipt])

    async def _put_aside(self, receipts: list[Receipt]) -> CannotKeep | None:
        try:
            await asyncio.to_thread(self._spool.keep, receipts)
        except CannotKeep as error:
            return error
        if self._mending is None or self._mending.done():
            self._mending = self._spawn(self._mend())
        return None

    def _went_away(self, failure: Exception) -> None:
        if isinstance(failure, _StillAway):
            return
        if not self._away_until:
            log.warning("intake_spools", error=type(failure).__name__)
        self._away_until = time.monotonic() + PAUSE_S

    async def _mend(self) -> None:
        """Bring the spool in when the database is back, also where nothing more is pushed."""
        while self._spool.is_open:
            await asyncio.sleep(PAUSE_S)
            with suppress(psycopg.Error):
                await asyncio.to_thread(_ask_for_life)
                self._spool.close()
                if await asyncio.to_thread(drain):
                    self._on_commit()


def _ask_for_life() -> None:
    with psycopg.connect(**parameters()) as connection:
        connection.execute("SELECT")


class _StillAway(Exception):
    """It was away a moment ago."""


def _renumbered(receipt: Receipt, number: int) -> Receipt:
    return Receipt(number, receipt.slug, receipt.source, receipt.headers, receipt.body)
