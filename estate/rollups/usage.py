"""What a day used, SIM by SIM, from the readings of the copy; and the sums and the leaders of it.

A day's use is the difference of its last reading and the one before, in the same cycle or, where the counter was not
set back, in the one before; a smaller total is a new cycle and counts from nothing. Of a SIM first seen on the day
nothing is known.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

from enterprise.days import DAY, start_of

TOP = 20
# In the first days of a cycle there is no usual of its own: then that of the last cycle counts.
EARLY_DAYS = 3

TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS estate_day_use (
    sim_id bigint, account_id bigint, package text COLLATE "C", used_mb numeric, usual_mb numeric
) ON COMMIT DELETE ROWS
"""

FILL = """
INSERT INTO estate_day_use (sim_id, account_id, package, used_mb, usual_mb)
SELECT u.sim_id, COALESCE(s.account_id, 0), s.package,
    CASE
        WHEN before.data_usage_mb IS NULL AND s.first_seen_at >= %(starts_at)s THEN NULL
        WHEN before.data_usage_mb IS NULL OR u.data_usage_mb < before.data_usage_mb THEN GREATEST(u.data_usage_mb, 0)
        ELSE u.data_usage_mb - before.data_usage_mb
    END,
    CASE
        WHEN s.first_seen_at >= %(known_since)s THEN NULL
        WHEN %(is_early)s THEN COALESCE(last.data_usage_mb, 0) / %(last_length)s
        WHEN before.cycle = u.cycle THEN before.data_usage_mb / (%(day)s - u.cycle)
        ELSE 0
    END
FROM sims_usageday u
JOIN sims_sim s ON s.id = u.sim_id
LEFT JOIN LATERAL (
    SELECT p.data_usage_mb, p.cycle FROM sims_usageday p
    WHERE p.sim_id = u.sim_id AND p.day >= %(last_first)s AND p.day < %(day)s
    ORDER BY p.day DESC, p.cycle DESC LIMIT 1
) AS before ON true
LEFT JOIN LATERAL (
    SELECT p.data_usage_mb FROM sims_usageday p
    WHERE %(is_early)s AND p.sim_id = u.sim_id AND p.day >= %(last_first)s AND p.day < %(first)s
    ORDER BY p.day DESC, p.cycle DESC LIMIT 1
) AS last ON true
WHERE u.day = %(day)s
"""

FORGET = (
    "DELETE FROM estate_day_use",
    "DELETE FROM estate_usageroll WHERE day = %(day)s",
    "DELETE FROM estate_usagetop WHERE day = %(day)s",
)

SUMS = """
INSERT INTO estate_usageroll (day, account_id, package, used_mb, sims)
SELECT %(day)s, account_id, package, sum(used_mb), count(*) FILTER (WHERE used_mb > 0)
FROM estate_day_use WHERE used_mb IS NOT NULL GROUP BY account_id, package
"""

LEADERS = """
INSERT INTO estate_usagetop (day, kind, place, sim_id, used_mb, usual_mb)
SELECT %(day)s, 'used', row_number() OVER (ORDER BY used_mb DESC, sim_id), sim_id, used_mb, usual_mb
FROM (
    SELECT * FROM estate_day_use WHERE used_mb > 0 ORDER BY used_mb DESC, sim_id LIMIT %(top)s
) AS used
UNION ALL
SELECT %(day)s, 'grew', row_number() OVER (ORDER BY used_mb - usual_mb DESC, sim_id), sim_id, used_mb, usual_mb
FROM (
    SELECT * FROM estate_day_use WHERE used_mb > usual_mb ORDER BY used_mb - usual_mb DESC, sim_id LIMIT %(top)s
) AS grew
"""

LAST_USES = """
INSERT INTO estate_lastuse AS known (sim_id, day)
SELECT sim_id, %(day)s FROM estate_day_use WHERE used_mb > 0 ORDER BY sim_id
ON CONFLICT (sim_id) DO UPDATE SET day = EXCLUDED.day WHERE known.day < EXCLUDED.day
"""

# A SIM that was never seen to use anything: silent since we know it.
FIRST_SIGHTS = """
INSERT INTO estate_lastuse (sim_id, day)
SELECT s.id, (s.first_seen_at AT TIME ZONE %(zone)s)::date FROM sims_sim s
WHERE NOT EXISTS (SELECT FROM estate_lastuse known WHERE known.sim_id = s.id) ORDER BY s.id
ON CONFLICT DO NOTHING
"""


def roll_usage(cursor: psycopg.Cursor[Any], day: date, *, zone: str) -> tuple[Decimal, int]:
    """Roll the day's use up in the caller's transaction; how much it was, and of how many SIMs there is a reading."""
    first = day.replace(day=1)
    last_first = (first - DAY).replace(day=1)
    known_since = start_of(day - EARLY_DAYS * DAY)
    values = {
        "day": day,
        "first": first,
        "last_first": last_first,
        "last_length": (first - last_first).days,
        "is_early": day.day <= EARLY_DAYS,
        "starts_at": start_of(day),
        "known_since": known_since,
        "top": TOP,
        "zone": zone,
    }
    cursor.execute(TABLE)
    for statement in FORGET:
        cursor.execute(statement, values)
    read = cursor.execute(FILL, values).rowcount
    for statement in (SUMS, LEADERS, LAST_USES, FIRST_SIGHTS):
        cursor.execute(statement, values)
    row = cursor.execute("SELECT COALESCE(sum(used_mb), 0) FROM estate_day_use").fetchone()
    return Decimal(row[0] if row else 0), read
