"""The rows of a file in chunks by ICCID: no SIM twice while sync writes, and no connection held between two chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    "tags": """LEFT JOIN (
        SELECT worn.sim_id, string_agg(tag.name, '; ' ORDER BY lower(tag.name)) AS names
        FROM sims_simtag AS worn JOIN sims_tag AS tag ON tag.id = worn.tag_id
        WHERE worn.sim_id = ANY((SELECT ids FROM wanted)::bigint[]) GROUP BY worn.sim_id
    ) AS tags ON tags.sim_id = sim.id""",
    # Some hundred ids at a time, those of an account together: a page is of one account, and what a GIN index does for
    # one array grows with the square of its length.
    "shown": """LEFT JOIN (
        SELECT each.sim_id, max(page.asked_at) AS asked_at
        FROM sims_syncpage AS page
        JOIN sims_pagesims AS shown ON shown.id = page.shown_id
        CROSS JOIN LATERAL unnest(shown.sim_ids) AS each(sim_id)
        WHERE page.shown_id = ANY (ARRAY(
            SELECT hit.id FROM (
                SELECT array_agg(one.id) AS ids FROM unnest((SELECT ids FROM wanted)) WITH ORDINALITY AS one(id, place)
                GROUP BY one.place / 250
            ) AS part JOIN sims_pagesims AS hit ON hit.sim_ids && part.ids
        ))
        GROUP BY each.sim_id
    ) AS shown ON shown.sim_id = sim.id""",
}
# What spreadsheets take for the beginning of a formula, the wide signs of East Asian keyboards included.
FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"
_DANGEROUS = ", ".join(f"chr({ord(sign)})" for sign in FORMULA_SIGNS)


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
            behind = self.sims.filter(giccid__gt=self.after).order_by("giccid")
            keys = list(behind.values_list("account_id", "pk", "giccid")[:size])
            if not keys:
                return None
            return Chunk(self._copy(by_account(keys)), len(keys), keys[-1][2])
        finally:
            self._running = None
            let_go()

    def _copy(self, sim_ids: list[int]) -> bytes:
        with set_cursor() as cursor, cursor.copy(copy_sql(self.columns), {"sim_ids": sim_ids}) as copy:
            return b"".join(copy)


def by_account(keys: Sequence[tuple[int | None, int, str]]) -> list[int]:
    """The SIM ids of (account, SIM, ICCID), those of an account together."""
    return [pk for _, pk in sorted((account or 0, pk) for account, pk, _ in keys)]


def copy_sql(columns: list[Cells]) -> str:
    """COPY of the SIMs `sim_ids`: text always in quotes, numbers bare, what is not known an empty cell."""
    raw = ", ".join(f"{column.sql} AS c{place}" for place, column in enumerate(columns))
    cells = ", ".join(_cell(f"c{place}", column.kind) for place, column in enumerate(columns))
    joins = " ".join(_JOINS[name] for name in dict.fromkeys(column.needs for column in columns) if name)
    quoted = ", ".join(f"c{place}" for place, column in enumerate(columns) if column.kind is not Kind.NUMBER)
    # OFFSET 0 keeps the rows apart, so that a cell is worked out once however often it is looked at.
    return f"""COPY (
        WITH wanted AS MATERIALIZED (SELECT %(sim_ids)s::bigint[] AS ids)
        SELECT {cells} FROM (
            SELECT {raw} FROM sims_sim AS sim {joins}
            WHERE sim.id = ANY((SELECT ids FROM wanted)::bigint[]) ORDER BY sim.giccid OFFSET 0
        ) AS made
    ) TO STDOUT (FORMAT csv, FORCE_QUOTE ({quoted}), ENCODING 'UTF8')"""


def _cell(name: str, kind: Kind) -> str:
    """Text that a spreadsheet would calculate gets an apostrophe in front."""
    if kind is not Kind.TEXT:
        return name
    return f"CASE WHEN left({name}, 1) IN ({_DANGEROUS}) THEN '''' || {name} ELSE {name} END AS {name}"
