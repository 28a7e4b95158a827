"""Writing the journal: the one door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from journal.models import Event
from journal.publish import announce
from journal.severity import severity_of
from toolkit.database import set_cursor


@dataclass(frozen=True, slots=True)
class Cause:
    """What led to an event: a sync run, a person reading again, an operation, a push."""

    kind: Event.Cause
    id: int | None = None


class NewEvent(msgspec.Struct, frozen=True):
    """An event about to be written; `data` says what, with old and new values as plain JSON.

    `cause` is its own where it is another than that of the events it is recorded with.
    """

    kind: str
    subject_kind: str
    subject_key: str
    happened_at: datetime
    sim_id: int | None = None
    account_id: int | None = None
    data: dict[str, Any] = {}
    cause: Cause | None = None


# One document: the driver would look at each value of ten arrays, one by one.
INSERT = """
INSERT INTO journal_event
    (kind, severity, subject_kind, subject_key, sim_id, account_id, happened_at, data, cause_kind, cause_id)
SELECT kind, severity, subject_kind, subject_key, sim_id, account_id, happened_at, data, cause_kind, cause_id
FROM ROWS FROM (
    jsonb_to_recordset(%s::jsonb) AS (
        kind text, severity text, subject_kind text, subject_key text, sim_id bigint, account_id bigint,
        happened_at timestamptz, data jsonb, cause_kind text, cause_id bigint
    )
) WITH ORDINALITY AS e
ORDER BY ordinality
RETURNING id
"""


def record(events: Sequence[NewEvent], *, cause: Cause) -> list[int]:
    """Append the events in the caller's transaction; their ids, in order. Open pages hear of them on commit."""
    if not events:
        return []
    severities = [severity_of(event.kind, event.data) for event in events]
    ids = _insert(events, severities, cause)
    announce(
        ids,
        [(event.kind, severity, event.account_id) for event, severity in zip(events, severities, strict=True)],
    )
    return ids


def _insert(events: Sequence[NewEvent], severities: list[str], cause: Cause) -> list[int]:
    rows = [
        {
            "kind": event.kind,
            "severity": severity,
            "subject_kind": event.subject_kind,
            "subject_key": event.subject_key,
            "sim_id": event.sim_id,
            "account_id": event.account_id,
            "happened_at": event.happened_at,
            "data": event.data,
            "cause_kind": (event.cause or cause).kind,
            "cause_id": (event.cause or cause).id,
        }
        for event, severity in zip(events, severities, strict=True)
    ]
    with set_cursor() as cursor:
        cursor.execute(INSERT, [msgspec.json.encode(rows).decode()])
        return [row[0] for row in cursor.fetchall()]
