"""The index for searching inside numbers, built once the fleet is there: it would cost the first fill a fifth."""

from __future__ import annotations

from django.db import connection

from sims.sync.runs import last_complete

NAME = "identifier_inside"
IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"
CREATE = f"CREATE INDEX {{how}} {NAME} ON sims_simidentifier USING gin (value gin_trgm_ops)"


def ensure_index(*, is_online: bool = True) -> bool:
    """Build the index where it is missing or half built; True when it was built now.

    Online it locks nobody out and must stand outside a transaction. Until it is there, a search inside numbers reads
    them all.
    """
    with connection.cursor() as cursor:
        cursor.execute(IS_VALID, [NAME])
        found = cursor.fetchone()
        if found and found[0]:
            return False
        if found:
            cursor.execute(f"DROP INDEX {NAME}")
        cursor.execute(CREATE.format(how="CONCURRENTLY" if is_online else ""))
    return True


def ensure_index_when_filled() -> bool:
    """As `ensure_index`, once a run has read the whole fleet."""
    return last_complete() is not None and ensure_index()
