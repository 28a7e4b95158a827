"""The plain psycopg cursor under Django's connection, for the few places where sets of rows are moved."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from django.db.models import QuerySet
from psycopg.adapt import Dumper
from psycopg.pq import Format

INT, BIGINT = 23, 20  # as PostgreSQL numbers its types


class WireArray(bytes):
    """An array as it goes over the wire, for `%s::bigint[]` and the like."""


class _WireDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: WireArray) -> WireArray:
        return obj


psycopg.adapters.register_dumper(WireArray, _WireDumper)


def wire_array(kind: int, count: int, values: bytes) -> WireArray:
    """An array of `kind` from its values, each with its length before it; the driver would make each from a number."""
    header = struct.pack(">iiIii", 1, 0, kind, count, 1) if count else struct.pack(">iiI", 0, 0, kind)
    return WireArray(header + values)


def array_of(values: Iterable[object]) -> str:
    """Numbers, or texts without blanks and signs of their own, as one text for `%s::bigint[]` and the like; the driver
    would look at each of ten thousand."""
    return f"{{{','.join(map(str, values))}}}"


@contextmanager
def set_cursor() -> Iterator[psycopg.Cursor[Any]]:
    """A cursor that binds on the server; errors come as Django's, the transaction is Django's."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        yield cursor


def let_go() -> None:
    """Give the connection back before a wait; inside a transaction it is kept."""
    if not connection.in_atomic_block:
        connection.close()


def rows_of_each(queries: Sequence[str], values: Mapping[str, Any]) -> list[list[tuple[Any, ...]]]:
    """The rows of several small queries in one round trip, which takes longer than each of their answers.

    Values come as JSON has them: numbers, texts, booleans, lists. Columns need names that differ within a query.
    """
    asked = (f"(SELECT json_agg(row_to_json(row)) FROM ({query}) AS row)" for query in queries)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(asked)}", values)
        return [[tuple(row.values()) for row in rows or ()] for rows in cursor.fetchone()]


def named_sql(rows: QuerySet[Any, Any]) -> tuple[str, dict[str, Any]]:
    """A QuerySet's SQL to stand in a larger statement, its parameters under names."""
    sql, values = rows.query.sql_with_params()
    named = {f"hit{number}": value for number, value in enumerate(values)}
    return sql % tuple(f"%({name})s" for name in named), named


ESCAPES = (
    ("\\", "\\\\"),
    ("\t", "\\t"),
    ("\n", "\\n"),
    ("\r", "\\r"),
    ("\x1f", "\t"),
    ("\x1e", "\n"),
    ("\x1d", "\\N"),
)


def copy_rows(
    cursor: psycopg.Cursor[Any], table: str, columns: tuple[str, ...], rows: list[tuple[str | None, ...]]
) -> None:
    """COPY `rows` of texts into `table`."""
    block = rows_as_copy_text(rows)
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        if block is not None:
            copy.write(block)
            return
        for row in rows:
            copy.write_row(row)


def rows_as_copy_text(rows: list[tuple[str | None, ...]]) -> str | None:
    """The rows as one block for COPY in text format; None when a cell holds a separator used in making it.

    Nearly all are without a sign that has to be escaped. Escaping the block as a whole is several times quicker than
    cell by cell.
    """
    plain = "\n".join(["\t".join(["\\N" if cell is None else cell for cell in row]) for row in rows])
    if _is_as_it_is(plain, rows):
        return plain + "\n"
    block = "\x1e".join(["\x1f".join(["\x1d" if cell is None else cell for cell in row]) for row in rows])
    cells = sum(len(row) for row in rows)
    nulls = sum(row.count(None) for row in rows)
    separators = block.count("\x1e") + block.count("\x1f")
    if separators != cells - 1 or block.count("\x1d") != nulls:
        return None
    for sign, escaped in ESCAPES:
        block = block.replace(sign, escaped)
    return block + "\n"


def _is_as_it_is(plain: str, rows: list[tuple[str | None, ...]]) -> bool:
    """Whether the only tabs, ends of line and backslashes are those between the cells and of NULL."""
    separators = plain.count("\t") + plain.count("\n")
    nulls = sum(row.count(None) for row in rows)
    return separators == sum(map(len, rows)) - 1 and plain.count("\\") == nulls and "\r" not in plain
