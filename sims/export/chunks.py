"""The rows of a file in chunks by ICCID: no SIM twice while sync writes, and no connection held between two chunks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg
from django.db import connection

from sims.export.columns import Cells, Kind
from sims.models import SimQuerySet
from toolkit.database import let_go, set_cursor

ROWS = 10_000
# The first rows are asked for alone, so that the first byte leaves at once.
FIRST_ROWS = 500

_JOINS = {
    "account": "LEFT JOIN enterprise_account AS account ON account.id = sim.account_id",
    "plan": """LEFT JOIN enterprise_servicepackage AS plan
        ON plan.account_id = sim.account_id AND plan.name = sim.package""",
    "place": "LEFT JOIN sims_place AS place ON place.sim_id = sim.id",
    "shown": """LEFT JOIN (
        SELECT each.sim_id, max(page.asked_at) AS asked_at
        FROM sims_syncpage AS page CROSS JOIN LATERAL unnest(page.sim_ids) AS each(sim_id)
        WHERE page.sim_ids && (SELECT ids FROM wanted) GROUP BY each.sim_id
    ) AS shown ON shown.sim_id = sim.id""",
}


class Chunk(NamedTuple):
    """Some rows as CSV without a heading; `last` is the ICCID of the last one."""

    text: bytes
    rows: int
    last: str


@dataclass(slots=True)
class Chunks:
    """The SIMs of `sims` behind the ICCID `after`, in ICCID order.

    `stop()` may be called from another thread: it ends the query under way, and the iteration with its error.
    """

    sims: SimQuerySet
    columns: list[Cells]
    after: str = ""
    size: int = ROWS
    _running: psycopg.Connection[Any] | None = None

    def __iter__(self) -> Iterator[Chunk]:
        size = min(FIRST_ROWS, self.size)
        while chunk := self._read(size):
            yield chunk
            self.after = chunk.last
            if chunk.rows < size:
                return
            size = self.size

    def stop(self) -> None:
        running = self._running
        if running is not None:
            with suppress(psycopg.Error):
                running.cancel_safe(timeout=5)

    def _read(self, size: int) -> Chunk | None:
        connection.ensure_connection()
        self._running = connection.connection
        try:
            keys = list(self.sims.filter(giccid__gt=self.after).order_by("giccid").values_list("pk", "giccid")[:size])
            return Chunk(self._copy([pk for pk, _ in keys]), len(keys), keys[-1][1]) if keys else None
        finally:
            self._running = None
            let_go()

    def _copy(self, sim_ids: list[int]) -> bytes:
        with set_cursor() as cursor, cursor.copy(copy_sql(self.columns), {"sim_ids": sim_ids}) as copy:
            return b"".join(copy)


def copy_sql(columns: list[Cells]) -> str:
    """COPY of the SIMs `sim_ids`: text always in quotes, numbers bare, nothing known is an empty cell."""
    cells = ", ".join(f"{column.sql} AS c{number}" for number, column in enumerate(columns))
    joins = " ".join(_JOINS[name] for name in dict.fromkeys(column.needs for column in columns) if name)
    texts = ", ".join(f"c{number}" for number, column in enumerate(columns) if column.kind is Kind.TEXT)
    return f"""COPY (
        WITH wanted AS MATERIALIZED (SELECT %(sim_ids)s::bigint[] AS ids)
        SELECT {cells} FROM sims_sim AS sim {joins}
        WHERE sim.id = ANY((SELECT ids FROM wanted)::bigint[]) ORDER BY sim.giccid
    ) TO STDOUT (FORMAT csv, FORCE_QUOTE ({texts}), ENCODING 'UTF8')"""
