"""`write_copy`: sync, confirmations, pushes and reads by hand all come through here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import transaction

from journal.record import Cause, record
from sims.copy.answers import Answer, KeptAside, Sights, giccids_of, sight
from sims.copy.differences import events_of
from sims.copy.merge import Merged, merge
from sims.copy.rows import Row, row_of
from smarthub import RecordError, decode_sim
from toolkit.database import set_cursor


@dataclass(slots=True)
class CopyResult:
    """What became of the answers. `sim_ids` has for each answer the ids of the SIMs it showed.

    `changed` counts SIMs with a difference worth telling, `moved` all rows rewritten, `stale` the records that
    were older than what the copy already has.
    """

    read: int = 0
    new: int = 0
    changed: int = 0
    moved: int = 0
    stale: int = 0
    sim_ids: list[list[int]] = field(default_factory=list)
    aside: list[KeptAside] = field(default_factory=list)
    event_ids: list[int] = field(default_factory=list)


IDS = """
SELECT array_agg(s.id ORDER BY r.place), array_agg(s.digest IS NOT DISTINCT FROM r.digest ORDER BY r.place)
FROM unnest(string_to_array(%s, ','), string_to_array(%s, ',')::bigint[])
    WITH ORDINALITY AS r (giccid, digest, place)
LEFT JOIN sims_sim s ON s.giccid = r.giccid
"""

TOUCH = """
UPDATE sims_sim s SET read_at = r.asked_at
FROM (
    SELECT locked.id, t.asked_at
    FROM (SELECT id FROM sims_sim WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE) AS locked
    JOIN unnest(%(ids)s::bigint[], %(asked)s::timestamptz[]) AS t (id, asked_at) USING (id)
) AS r
WHERE s.id = r.id AND (s.read_at < r.asked_at OR s.read_at > %(now)s)
"""


def write_copy(
    answers: list[Answer], *, cause: Cause, run_id: int | None = None, now: datetime | None = None
) -> CopyResult:
    """Bring our copy up to what the carrier answered, in one transaction (or the caller's).

    Only records whose digest differs are decoded and written, each real difference with one journal event of
    `cause`. A record asked for before its row was last read is skipped; one that cannot be read is returned in
    `aside`, and its row stays as it was. A targeted answer always moves `read_at`. With `run_id` a page is also
    held against the run's later pages. Never deletes.
    """
    with transaction.atomic(), set_cursor() as cursor:
        return _Writing(cursor, answers, run_id, now or datetime.now(UTC)).write(cause)


class _Writing:
    def __init__(self, cursor: psycopg.Cursor[Any], answers: list[Answer], run_id: int | None, now: datetime) -> None:
        self.cursor, self.answers, self.run_id, self.now = cursor, answers, run_id, now
        self.accounts = self._known_accounts()
        self.result = CopyResult(read=sum(len(answer.records) for answer in answers))

    def write(self, cause: Cause) -> CopyResult:
        sights = sight(self.answers, self.accounts)
        self.result.aside += sights.aside
        ids, differing = self._compare(sights)
        rows = self._decode(sights, differing, ids)
        if rows:
            ids |= self._merge(rows, cause)
        self.result.sim_ids = [[ids[key] for key in dict.fromkeys(keys) if key in ids] for keys in sights.keys]
        self._touch(sights, ids, set(differing))
        return self.result

    def _known_accounts(self) -> dict[str, int | None]:
        named = giccids_of(self.answers)
        if not named:
            return {}
        self.cursor.execute("SELECT giccid, account_id FROM sims_sim WHERE giccid = ANY(%s)", [named])
        return dict(self.cursor.fetchall())

    def _compare(self, sights: Sights) -> tuple[dict[str, int], list[str]]:
        giccids = sights.giccids()
        if not giccids:
            return {}, []
        # Joined, because psycopg takes longer to write an array of texts than PostgreSQL to split one.
        texts = [",".join(giccids), ",".join(map(str, sights.digests_of(giccids)))]
        self.cursor.execute(IDS, texts, binary=True)
        found, same = self.cursor.fetchone() or ([], [])
        ids = {giccid: sim_id for giccid, sim_id in zip(giccids, found, strict=True) if sim_id is not None}
        differing = [] if all(same) else [giccid for giccid, is_same in zip(giccids, same, strict=True) if not is_same]
        return ids, differing

    def _decode(self, sights: Sights, giccids: list[str], ids: dict[str, int]) -> list[Row]:
        rows = []
        for giccid in giccids:
            index, place = sights.newest[giccid]
            answer = self.answers[index]
            account_id = answer.account_id or self.accounts.get(giccid)
            try:
                sim = decode_sim(answer.records[place])
            except RecordError as error:
                self.result.aside.append(KeptAside(index, place, error, answer.records[place]))
                continue
            digest = sights.digests[index][place]
            rows.append(row_of(sim, answer, digest=digest, sim_id=ids.get(giccid), account_id=account_id))
        return rows

    def _merge(self, rows: list[Row], cause: Cause) -> dict[str, int]:
        merged: Merged = merge(self.cursor, rows, now=self.now, run_id=self.run_id)
        events = [event for difference in merged.differences for event in events_of(difference)]
        self.result.event_ids = record(events, cause=cause)
        self.result.new, self.result.changed = len(merged.new_ids), merged.changed
        self.result.moved, self.result.stale = merged.moved, merged.stale
        return merged.new_ids

    def _touch(self, sights: Sights, ids: dict[str, int], differing: set[str]) -> None:
        if not any(answer.is_targeted for answer in self.answers):
            return
        asked = {
            ids[giccid]: self.answers[index].asked_at
            for giccid, index in ((giccid, sights.newest[giccid][0]) for giccid in ids)
            if self.answers[index].is_targeted and giccid not in differing
        }
        if asked:
            self.cursor.execute(TOUCH, {"ids": list(asked), "asked": list(asked.values()), "now": self.now})
