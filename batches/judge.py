"""The verdict on each SIM of a batch, in one statement however many there are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.utils import timezone

from batches.kinds import Kind
from sims.changes.legality import UNKNOWN_STATUS

# Above so many SIMs it is quicker to go through all pages of the last readings than to look each SIM up.
FEW = 2_000
NOT_THERE = "It is not in our copy of the fleet."

# `c` is what is judged: key, sim_id, wanted, given (a verdict that stands already), given_why, nth and first_line of
# those that mean the same SIM. `s` is the copy, `w.wanted` what is wanted of it.
JUDGED = """
SELECT c.key, s.id AS sim_id, s.giccid,
    CASE
        WHEN c.given <> '' THEN c.given
        WHEN c.nth > 1 THEN 'duplicate'
        WHEN s.id IS NULL OR s.missing_since IS NOT NULL THEN 'not_found'
        WHEN {shown} THEN 'no_change'
        WHEN l.why IS NULL OR l.why <> '' OR f.why <> '' THEN 'illegal'
        WHEN p.sim_id IS NOT NULL THEN 'protected'
        WHEN o.sim_id IS NOT NULL OR n.sim_id IS NOT NULL THEN 'busy'
        ELSE 'will_change'
    END AS verdict,
    CASE
        WHEN c.given <> '' THEN c.given_why
        WHEN c.nth > 1 THEN 'It stands in line ' || c.first_line || ' already.'
        WHEN s.id IS NULL THEN coalesce(nullif(c.given_why, ''), %(not_there)s)
        WHEN s.missing_since IS NOT NULL
            THEN 'The carrier has not shown it since ' || to_char(s.missing_since, 'YYYY-MM-DD HH24:MI') || ' UTC.'
        WHEN {shown} THEN %(again)s
        WHEN l.why IS NULL THEN %(unknown_status)s
        WHEN l.why <> '' THEN l.why
        WHEN f.why <> '' THEN f.why
        WHEN p.sim_id IS NOT NULL THEN 'Protected by ' || coalesce(u.username, 'somebody who is gone')
            || CASE WHEN p.reason <> '' THEN ': ' || p.reason ELSE '.' END
        WHEN o.operation_id IS NOT NULL THEN 'Operation ' || o.operation_id || ' is still open.'
        WHEN o.sim_id IS NOT NULL THEN 'An item of another batch is still open.'
        WHEN n.sim_id IS NOT NULL THEN 'It moves to ' || n.package || ' with the next cycle already.'
        ELSE {follows}
    END AS why,
    s.id IS NOT NULL AND s.read_at < %(fresh_since)s
        AND coalesce(shown.asked_at < %(fresh_since)s, true) AND c.given = '' AND c.nth = 1
        AND s.missing_since IS NULL AS is_stale,
    {before} AS before,
    greatest(s.read_at, shown.asked_at) AS read_at
FROM ({source}) AS c
LEFT JOIN sims_sim s ON s.id = c.sim_id
    AND (%(accounts)s::bigint[] IS NULL OR s.account_id = ANY(%(accounts)s::bigint[]))
CROSS JOIN LATERAL (SELECT coalesce(c.wanted, %(wanted)s::jsonb) AS wanted) AS w
LEFT JOIN unnest(%(statuses)s::text[], %(whys)s::text[]) AS l (status, why) ON l.status = s.status
LEFT JOIN LATERAL (SELECT {fits} AS why) AS f ON s.id IS NOT NULL
LEFT JOIN sims_protection p ON p.sim_id = s.id AND %(heeds_protection)s
LEFT JOIN users_user u ON u.id = p.by_id
LEFT JOIN sims_openchange o ON o.sim_id = s.id AND NOT %(is_ours)s
LEFT JOIN sims_scheduledplan n ON n.sim_id = s.id AND %(heeds_schedule)s AND NOT %(is_ours)s
LEFT JOIN ({pages}) AS shown ON shown.sim_id = s.id
"""

# What a list page has shown since then, of the SIMs in question.
SHOWN_OF_FEW = """
SELECT seen.sim_id, max(page.asked_at) AS asked_at
FROM sims_syncpage AS page
JOIN sims_pagesims AS shown ON shown.id = page.shown_id
CROSS JOIN LATERAL unnest(shown.sim_ids) AS seen (sim_id)
WHERE page.asked_at >= %(fresh_since)s AND page.shown_id = ANY (ARRAY(
    SELECT id FROM sims_pagesims WHERE sim_ids && (SELECT array_agg(d.sim_id) FROM ({source}) AS d)
))
GROUP BY seen.sim_id
"""
SHOWN_OF_MANY = """
SELECT seen.sim_id, max(page.asked_at) AS asked_at
FROM sims_syncpage AS page
JOIN sims_pagesims AS shown ON shown.id = page.shown_id
CROSS JOIN LATERAL unnest(shown.sim_ids) AS seen (sim_id)
JOIN ({source}) AS d ON d.sim_id = seen.sim_id
WHERE page.asked_at >= %(fresh_since)s
GROUP BY seen.sim_id
"""

BEFORE = "jsonb_build_object('status', s.status, 'package', s.package{more})"
APNS = ", 'apns', (SELECT jsonb_object_agg(a ->> 'name', a ->> 'status') FROM jsonb_array_elements(s.apns) a)"


def before_sql(kind: Kind) -> str:
    """What of the copy a verdict rests on; when it is another one later, the SIM has changed since."""
    return BEFORE.format(more=APNS if "apn" in kind.fields else "")


def judged_sql(kind: Kind, source: str, *, size: int) -> str:
    """The statement that judges the rows of `source`, of which there are about `size`; take `judged_values` with it."""
    pages = (SHOWN_OF_FEW if size <= FEW else SHOWN_OF_MANY).format(source=source)
    shown = kind.shown or kind.known or "false"
    before, follows = before_sql(kind), kind.follows
    return JUDGED.format(shown=shown, fits=kind.fits, follows=follows, before=before, source=source, pages=pages)


def judged_values(
    kind: Kind, wanted: dict[str, Any], accounts: list[int] | None, *, is_ours: bool = False
) -> dict[str, Any]:
    """The parameters of `judged_sql`. `is_ours`: who holds a SIM is asked elsewhere."""
    legality = kind.legality
    return {
        "wanted": msgspec.json.encode(wanted).decode(),
        "again": f"It is {kind.again}." if kind.again else "",
        "unknown_status": UNKNOWN_STATUS,
        "not_there": NOT_THERE,
        "statuses": list(legality),
        "whys": list(legality.values()),
        "heeds_protection": not kind.needs_no_protection,
        "heeds_schedule": kind.value == "change-plan",
        "is_ours": is_ours or kind.verb is None,
        "accounts": accounts,
        "fresh_since": fresh_since(),
    }


def fresh_since(now: datetime | None = None) -> datetime:
    """What was read before is older than twice the interval in which everything should be read."""
    return (now or timezone.now()) - timedelta(minutes=2 * settings.SYNC_INTERVAL_MINUTES)
