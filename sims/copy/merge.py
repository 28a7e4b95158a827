"""One set-based merge of changed records into the copy. Runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import psycopg

from sims.copy.answers import Row
from sims.copy.causes import CHANGES, CHANGES_ASKED, Changes, changes_of
from sims.copy.differences import DIFFERENCES, Difference, difference_of
from sims.copy.rows import COLUMNS
from sims.shown import ON_PAGE
from toolkit.database import array_of, copy_rows, set_cursor


class Merged(NamedTuple):
    """What the merge did: the ids of SIMs never seen before; how many rows were rewritten, and how many records were
    older than their row; the differences worth telling, and the changes under way of these SIMs."""

    new_ids: dict[str, int]
    moved: int = 0
    stale: int = 0
    differences: tuple[Difference, ...] = ()
    changes: Changes = MappingProxyType({})


INSERT = """
WITH made AS (
    INSERT INTO sims_sim (
        giccid, account_id, status, package, package_started_at, package_ends_at, sold_at, activated_at,
        data_usage_mb, sms_usage, voice_usage_min, apns, apn_usages, devices, digest, read_at, first_seen_at,
        changed_at, absent_runs
    )
    SELECT giccid, account_id, status, package, package_started_at, package_ends_at, sold_at, activated_at,
        data_usage_mb, sms_usage, voice_usage_min, apns, apn_usages, devices, digest, asked_at, asked_at,
        asked_at, 0
    FROM copy_incoming WHERE sim_id IS NULL ORDER BY giccid
    ON CONFLICT (giccid) DO NOTHING
    RETURNING id, giccid
),
numbered AS (
    INSERT INTO sims_simidentifier (sim_id, kind, position, value)
    SELECT made.id, n.kind, n.position, n.value
    FROM made JOIN copy_incoming i USING (giccid)
    CROSS JOIN LATERAL unnest(i.kinds, i.positions, i.numbers) AS n (kind, position, value)
),
metered AS (
    INSERT INTO sims_usageday (day, sim_id, cycle, data_usage_mb, read_at)
    SELECT i.day, made.id, i.cycle, i.data_usage_mb, i.asked_at
    FROM made JOIN copy_incoming i USING (giccid) WHERE i.data_usage_mb IS NOT NULL
)
SELECT giccid, id FROM made
"""

# Locked in order of their ids, lest two writers wait for each other; not their keys, lest whatever is begun for a SIM
# wait for all of the merge. The pages' times are subtracted, lest those of each SIM be looked for among all that were
# asked for since.
COMPARE = f"""
WITH s AS MATERIALIZED (
    SELECT s.id, s.account_id, s.status, s.package, s.package_started_at, s.package_ends_at, s.sold_at, s.activated_at,
        s.data_usage_mb, s.apns, s.devices, s.read_at, s.missing_since
    FROM sims_sim s JOIN copy_incoming i ON i.sim_id = s.id ORDER BY s.id FOR NO KEY UPDATE OF s
)
UPDATE copy_incoming i SET
    account_id = COALESCE(i.account_id, s.account_id),
    is_stale = (s.read_at >= i.asked_at AND s.read_at <= %(trusted_until)s) OR EXISTS (
        SELECT FROM sims_syncpage p
        WHERE {ON_PAGE.format(sim_id="s.id")}
            AND p.asked_at - i.asked_at > interval '0' AND p.asked_at <= %(trusted_until)s
    ) OR COALESCE(shown.asked_at > i.asked_at, false),
    devices_differ = s.devices IS DISTINCT FROM i.devices,
    usage_moved = i.data_usage_mb IS NOT NULL AND s.data_usage_mb IS DISTINCT FROM i.data_usage_mb,
    differs = s.missing_since IS NOT NULL
        OR s.status <> i.status OR s.package <> i.package OR s.devices IS DISTINCT FROM i.devices
        OR s.apns IS DISTINCT FROM i.apns
        OR COALESCE(i.account_id <> s.account_id, false)
        OR (i.package_started_at, i.package_ends_at, i.sold_at, i.activated_at)
        IS DISTINCT FROM (s.package_started_at, s.package_ends_at, s.sold_at, s.activated_at)
FROM s
LEFT JOIN (
    SELECT each.id, max(c.asked_at) AS asked_at
    FROM copy_shown c CROSS JOIN LATERAL unnest(c.sim_ids) AS each (id) JOIN copy_incoming n ON n.sim_id = each.id
    GROUP BY each.id
) AS shown USING (id)
WHERE s.id = i.sim_id
"""

LOCK = "SELECT FROM sims_sim WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"

USAGE = """
INSERT INTO sims_usageday AS u (day, sim_id, cycle, data_usage_mb, read_at)
SELECT day, sim_id, cycle, data_usage_mb, asked_at FROM copy_incoming
WHERE sim_id IS NOT NULL AND usage_moved AND NOT is_stale
ON CONFLICT (sim_id, day, cycle) DO UPDATE SET data_usage_mb = EXCLUDED.data_usage_mb, read_at = EXCLUDED.read_at
WHERE u.read_at < EXCLUDED.read_at
"""

# What stays is left alone: each number costs an entry in the index of its parts.
FORGET_NUMBERS = """
DELETE FROM sims_simidentifier n USING copy_incoming i
WHERE n.sim_id = i.sim_id AND i.devices_differ AND NOT i.is_stale AND NOT EXISTS (
    SELECT FROM unnest(i.kinds, i.positions, i.numbers) AS k (kind, position, value)
    WHERE k.kind = n.kind AND k.position = n.position AND k.value = n.value
)
"""

KEEP_NUMBERS = """
INSERT INTO sims_simidentifier (sim_id, kind, position, value)
SELECT i.sim_id, n.kind, n.position, n.value
FROM copy_incoming i CROSS JOIN LATERAL unnest(i.kinds, i.positions, i.numbers) AS n (kind, position, value)
WHERE i.sim_id IS NOT NULL AND i.devices_differ AND NOT i.is_stale AND NOT EXISTS (
    SELECT FROM sims_simidentifier h
    WHERE h.sim_id = i.sim_id AND h.kind = n.kind AND h.position = n.position AND h.value = n.value
)
"""

UPDATE = """
UPDATE sims_sim s SET
    account_id = i.account_id, status = i.status, package = i.package, package_started_at = i.package_started_at,
    package_ends_at = i.package_ends_at, sold_at = i.sold_at, activated_at = i.activated_at,
    data_usage_mb = i.data_usage_mb, sms_usage = i.sms_usage, voice_usage_min = i.voice_usage_min,
    apns = i.apns, apn_usages = i.apn_usages, devices = i.devices, digest = i.digest, read_at = i.asked_at,
    changed_at = CASE WHEN i.differs THEN i.asked_at ELSE s.changed_at END, absent_runs = 0, missing_since = NULL
FROM copy_incoming i
WHERE s.id = i.sim_id AND NOT i.is_stale
"""

# Whose a SIM is, an answer by name does not tell; so a page tells it also where such an answer is fresher.
FIRST_ACCOUNT = """
UPDATE sims_sim s SET account_id = i.account_id
FROM copy_incoming i
WHERE s.id = i.sim_id AND i.is_stale AND s.account_id IS NULL AND i.account_id IS NOT NULL
"""


def merge(
    cursor: psycopg.Cursor[Any],
    rows: list[Row],
    *,
    trusted_until: datetime,
    beside: Collection[int] = (),
) -> Merged:
    """Write `rows` into the copy, locking in id order; what was asked for before its row was read, or before a page
    showed the SIM as it is there, is left alone.

    What was asked for after `trusted_until` does not count as fresher. `beside` are SIMs that the caller writes next,
    locked in one order with the others. `make_room` comes before.
    """
    copy_rows(cursor, "copy_incoming", COLUMNS, rows)
    new = sum(row[0] is None for row in rows)
    new_ids = dict(cursor.execute(INSERT).fetchall()) if new else {}
    if beside:
        cursor.execute(LOCK, [array_of([*beside, *(row[0] for row in rows if row[0] is not None)])])
    return _merge_known(cursor, new_ids, len(rows) - new, trusted_until) if new < len(rows) else Merged(new_ids)


def _merge_known(cursor: psycopg.Cursor[Any], new_ids: dict[str, int], known: int, trusted_until: datetime) -> Merged:
    """The rows that the copy has, in one round trip: a worker whose other threads are busy waits for each."""
    connection = cursor.connection
    with psycopg.Cursor(connection) as differing, psycopg.Cursor(connection) as changing, set_cursor() as updating:
        with connection.pipeline():
            cursor.execute(COMPARE, {"trusted_until": trusted_until})
            # As text each time would be read by Django, in Python.
            differing.execute(DIFFERENCES, binary=True)
            changing.execute(CHANGES, CHANGES_ASKED)
            for statement in (USAGE, FORGET_NUMBERS, KEEP_NUMBERS):
                cursor.execute(statement)
            updating.execute(UPDATE)
        stale = known - updating.rowcount
        if stale:
            cursor.execute(FIRST_ACCOUNT)
        return Merged(new_ids, updating.rowcount, stale, tuple(map(difference_of, differing)), changes_of(changing))
