"""One request as it came, on its way to the database or to the spool."""

from __future__ import annotations

import msgspec


class Receipt(msgspec.Struct, array_like=True, frozen=True):
    """`id` holds the time of receipt; `headers` are JSON, the body is what was sent, compressed or not."""

    id: int
    slug: str
    source: str
    headers: bytes
    body: bytes


class CannotKeep(Exception):
    """Neither the database nor the disk took it."""


INSERT = """
WITH kept AS (
    INSERT INTO notifications_delivery (received_at, id, slug, source, headers, body)
    SELECT timestamptz '1970-01-01 00:00:00+00' + (id >> 10) * interval '1 microsecond', id, slug, source, headers, body
    FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::bytea[], %b::bytea[]) AS r (id, slug, source, headers, body)
    ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING received_at, id, slug
)
INSERT INTO notifications_untaken (received_at, id, slug) SELECT received_at, id, slug FROM kept RETURNING id
"""
"""Answers the ids that were not there yet. In order of their keys: groups that differ in it would deadlock."""


def columns(receipts: list[Receipt]) -> list[list[int] | list[str] | list[bytes]]:
    """What `INSERT` takes."""
    return [
        [receipt.id for receipt in receipts],
        [receipt.slug for receipt in receipts],
        [receipt.source for receipt in receipts],
        [receipt.headers for receipt in receipts],
        [receipt.body for receipt in receipts],
    ]
