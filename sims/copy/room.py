"""The temporary tables that the copy is written by. A connection has them once, empty between two transactions."""

from __future__ import annotations

from functools import partial
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import transaction

# Rows that our copy has not, or has otherwise; `sim_id` where it has the SIM.
INCOMING = """
CREATE TEMPORARY TABLE IF NOT EXISTS copy_incoming (
    sim_id bigint, giccid text COLLATE "C", account_id bigint, status text, package text,
    package_started_at timestamptz, package_ends_at timestamptz, sold_at timestamptz, activated_at timestamptz,
    data_usage_mb numeric(18, 3), sms_usage bigint, voice_usage_min bigint, apns jsonb, apn_usages jsonb,
    devices jsonb, digest bigint, asked_at timestamptz, day date, cycle date,
    kinds smallint[], positions smallint[], numbers text[],
    is_stale boolean NOT NULL DEFAULT false, differs boolean NOT NULL DEFAULT false,
    devices_differ boolean NOT NULL DEFAULT false, usage_moved boolean NOT NULL DEFAULT false
) ON COMMIT DELETE ROWS
"""

# What pages showed, but for the records that no SIM of our copy was recognised by.
SHOWN = """
CREATE TEMPORARY TABLE IF NOT EXISTS copy_shown (
    answer int, account_id bigint, page int, asked_at timestamptz, mark bigint, records int, digest_sum bigint,
    sim_ids bigint[], last_id bigint
) ON COMMIT DELETE ROWS
"""

EMPTY = "DELETE FROM copy_incoming"

_made: WeakSet[psycopg.Connection[Any]] = WeakSet()


def make_room(cursor: psycopg.Cursor[Any]) -> None:
    """Make the tables where this connection has not made them in a transaction that stands."""
    if cursor.connection not in _made:
        cursor.execute(INCOMING)
        cursor.execute(SHOWN)
        transaction.on_commit(partial(_made.add, cursor.connection))


def empty_room(cursor: psycopg.Cursor[Any]) -> None:
    """Put away what an earlier write of the same transaction has left to be merged."""
    cursor.execute(EMPTY)
