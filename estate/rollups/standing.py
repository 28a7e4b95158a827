"""How the fleet stands now, counted once after each run: by status, by allowance, by the day its packages end."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg

from enterprise.days import DAY, start_of

SILENT_DAYS = (7, 30, 90)
DAYS_AHEAD = 60

COUNTS = (
    "DELETE FROM estate_countday WHERE day = %(day)s",
    """
    INSERT INTO estate_countday (day, account_id, status, n)
    SELECT %(day)s, account_id, status, sum(n) FROM (
        SELECT account_id, status, n FROM sims_simcount
        UNION ALL SELECT account_id, status, n FROM sims_simcountdelta
    ) AS counted GROUP BY account_id, status HAVING sum(n) > 0
    """,
)

ACTIVE = (
    """
    UPDATE estate_lastuse known SET is_active = now.is_active
    FROM (SELECT id, status = 'ACTIVATED' AND missing_since IS NULL AS is_active FROM sims_sim) AS now
    WHERE now.id = known.sim_id AND now.is_active <> known.is_active
    """,
)

# Silence begins with the last use, and never before the first activation.
SILENT = (
    "DELETE FROM estate_silentday WHERE day = %(day)s",
    """
    INSERT INTO estate_silentday (day, days, account_id, n)
    SELECT %(day)s, wanted.days, silent.account_id, sum(silent.n)
    FROM unnest(%(silent_days)s::int[]) AS wanted (days)
    JOIN (
        SELECT GREATEST(known.day, (s.activated_at AT TIME ZONE %(zone)s)::date) AS day,
            COALESCE(s.account_id, 0) AS account_id, count(*) AS n
        FROM estate_lastuse known JOIN sims_sim s ON s.id = known.sim_id
        WHERE known.is_active AND known.day <= %(day)s::date - 7
        GROUP BY 1, 2
    ) AS silent ON silent.day <= %(day)s::date - wanted.days
    GROUP BY wanted.days, silent.account_id
    """,
)

# A page of these is read by people who look ahead, so days that have passed are forgotten. Each leads to the list of
# its SIMs, so it counts what that shows: all of the day, in whatever status.
ENDINGS = (
    "DELETE FROM estate_endingday",
    """
    INSERT INTO estate_endingday (day, account_id, n, unfollowed)
    SELECT (s.package_ends_at AT TIME ZONE %(zone)s)::date, COALESCE(s.account_id, 0), count(*),
        count(*) FILTER (WHERE s.status = 'ACTIVATED' AND p.payment_type = 'PREPAID' AND next.sim_id IS NULL)
    FROM sims_sim s
    LEFT JOIN enterprise_servicepackage p ON p.account_id = s.account_id AND p.name = s.package
    LEFT JOIN sims_scheduledplan next ON next.sim_id = s.id
    WHERE s.package_ends_at >= %(starts_at)s AND s.package_ends_at < %(until)s
    GROUP BY 1, 2
    """,
)

PACKAGES = (
    "DELETE FROM estate_packageuse",
    """
    INSERT INTO estate_packageuse
        (account_id, package, sims, used_mb, nothing, under_10, over_80, over_100)
    SELECT COALESCE(s.account_id, 0), s.package, count(*), COALESCE(sum(s.data_usage_mb), 0),
        count(*) FILTER (WHERE s.data_usage_mb = 0),
        count(*) FILTER (WHERE s.data_usage_mb > 0 AND s.data_usage_mb < p.data_volume_mb * 0.1),
        count(*) FILTER (WHERE s.data_usage_mb >= p.data_volume_mb * 0.8 AND s.data_usage_mb <= p.data_volume_mb),
        count(*) FILTER (WHERE s.data_usage_mb > p.data_volume_mb)
    FROM sims_sim s
    LEFT JOIN enterprise_servicepackage p
        ON p.account_id = s.account_id AND p.name = s.package AND p.data_volume_mb > 0
    WHERE s.package <> '' GROUP BY 1, 2
    """,
)


def count_standing(cursor: psycopg.Cursor[Any], day: date, *, zone: str) -> None:
    """Count how the fleet stands, in the caller's transaction, as that of `day`."""
    values = {
        "day": day,
        "starts_at": start_of(day),
        "until": start_of(day + (DAYS_AHEAD + 1) * DAY),
        "zone": zone,
        "silent_days": list(SILENT_DAYS),
    }
    for statement in (*COUNTS, *ACTIVE, *SILENT, *ENDINGS, *PACKAGES):
        cursor.execute(statement, values)
