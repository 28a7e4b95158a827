"""`write_copy`: sync, confirmations, pushes and reads by hand all come through here."""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from django.db import transaction

from journal.models import Event
from journal.record import Cause, record
from sims.copy.accounts import kept_accounts, row_in
from sims.copy.answers import (
    WIRE_BYTES,
    Answer,
    Digests,
    KeptAside,
    Place,
    Row,
    digests_in,
    digests_of,
    keys_of,
    named_giccids,
    number_of,
    unkeyed,
)
from sims.copy.causes import CauseFor, with_causes
from sims.copy.differences import events_of
from sims.copy.merge import merge
from sims.copy.pages import Shown, recognise
from sims.copy.recognise import Compared, compare, known_accounts, touch
from sims.copy.room import empty_room, make_room
from sims.copy.rows import COLUMNS, common_of, row_of, row_of_known
from smarthub import RecordError
from toolkit.database import set_cursor

GICCID = COLUMNS.index("giccid")
UNKNOWN = digests_in([b""], 0)  # of no record
# A read_at further ahead than this was written before our clock went back, and does not count as fresher.
CLOCK_TOLERANCE = timedelta(seconds=5)


@dataclass(slots=True)
class CopyResult:
    """What became of the answers: `shown` is what of them was recognised by their pages, `sim_ids` has for each answer
    the ids of the SIMs that it showed beside those.

    `changed` counts SIMs with a difference worth telling, `moved` all rows rewritten, `stale` the records that
    were older than what the copy already has.
    """

    shown: Shown
    read: int = 0
    new: int = 0
    changed: int = 0
    moved: int = 0
    stale: int = 0
    sim_ids: list[list[int]] = field(default_factory=list)
    aside: list[KeptAside] = field(default_factory=list)
    event_ids: list[int] = field(default_factory=list)


def write_copy(
    answers: list[Answer],
    *,
    cause: CauseFor,
    run_id: int | None = None,
    last_run_id: int | None = None,
    only_new: bool = False,
    now: datetime | None = None,
) -> CopyResult:
    """Bring our copy up to what the carrier answered, in one transaction (or the caller's).

    Only records whose digest differs are decoded and written, each real difference with one journal event of
    `cause`, unless a change under way explains it (`causes`). A record asked for before its row was last read,
    or before a page of any run showed the SIM, is skipped; one that cannot be read is returned in `aside`, and its row
    stays as it was. A targeted answer always moves `read_at`. `run_id` names the run that the pages are of,
    `last_run_id` the one whose pages tell which SIMs to expect, which only makes it quicker. With both, a page that is
    as it was then gets its row (`kept`). Never deletes.

    With `only_new` nothing else is written than SIMs that our copy has not: NotNew where one of them is there already.
    """
    with transaction.atomic(savepoint=False), set_cursor() as cursor:
        writing = _Writing(cursor, answers, run_id, last_run_id, now or datetime.now(UTC), only_new=only_new)
        return writing.write(cause)


class NotNew(Exception):
    """Our copy has a SIM that was to be written as a new one only."""


class _Writing:
    """One call of `write_copy`: first what is recognised by digest alone, then the strangers by key."""

    def __init__(
        self,
        cursor: psycopg.Cursor[Any],
        answers: list[Answer],
        run_id: int | None,
        last_run_id: int | None,
        now: datetime,
        *,
        only_new: bool = False,
    ) -> None:
        self.cursor, self.answers, self.run_id, self.last_run_id = cursor, answers, run_id, last_run_id
        self.trusted_until, self.only_new = now + CLOCK_TOLERANCE, only_new
        self.kept_in: dict[str, tuple[int, int]] = {}
        accounts = known_accounts(cursor, named_giccids(answers))
        self.digests = [digests_of(answer, accounts) for answer in answers]
        # First of all, so that what differs elsewhere is held against these pages as against all of the run.
        shown = recognise(cursor, answers, self.digests, run_id=run_id, last_run_id=last_run_id)
        read = sum(len(answer.records) for answer in answers)
        self.result = CopyResult(read=read, shown=shown, sim_ids=[[] for _ in answers])

    def write(self, cause: CauseFor) -> CopyResult:
        if self.result.shown.strangers:
            self._write_strangers(cause)
        return self.result

    def _write_strangers(self, cause: CauseFor) -> None:
        places = self._keyed_places()
        newest = self._newest(places)
        known = self._known(newest)
        ids, same = dict(known.ids), known.same | self._keep_accounts(newest, known)
        rows = self._decode(newest, ids, same)
        asked = self._asked(newest, ids, same)
        if rows:
            ids |= self._merge(rows, cause, beside=asked)
            ids |= self._merge_late([row for row in rows if row[GICCID] not in ids], cause)
        self._note_seen(places, ids)
        touch(self.cursor, asked, trusted_until=self.trusted_until)

    def _note_seen(self, places: list[tuple[str, Place]], ids: dict[str, int]) -> None:
        seen: list[dict[int, None]] = [{} for _ in self.answers]
        for giccid, place in places:
            if giccid in ids:
                seen[place.answer][ids[giccid]] = None
        self.result.sim_ids = list(map(list, seen))

    def _known(self, newest: dict[str, Place]) -> Compared:
        """What our copy has of the SIMs, with room made for what it has not."""
        if not newest:
            return Compared()
        make_room(self.cursor)
        if self.only_new:  # the merge itself will tell
            empty_room(self.cursor)
            return Compared()
        return compare(self.cursor, {giccid: self._digest(place) for giccid, place in newest.items()})

    def _keyed_places(self) -> list[tuple[str, Place]]:
        """The records not recognised, by ICCID; those without one are kept aside."""
        places = self.result.shown.strangers
        keys = self._keys(places)
        self.result.aside += [
            unkeyed(place, self._raw(place)) for key, place in zip(keys, places, strict=True) if key is None
        ]
        return [(key, place) for key, place in zip(keys, places, strict=True) if key is not None]

    def _keys(self, places: list[Place]) -> list[str | None]:
        """From their rows, where each of them has one."""
        rows = [row for place in places if (row := self._row_ahead(place))]
        if len(rows) == len(places):
            return [row[GICCID] for row in rows]
        return keys_of([self._raw(place) for place in places])

    def _row_ahead(self, place: Place) -> Row | None:
        """The row that was made before the merge, if it could be."""
        rows = self.answers[place.answer].rows
        row = rows[place.record] if rows else None
        return None if isinstance(row, RecordError) else row

    def _newest(self, places: list[tuple[str, Place]]) -> dict[str, Place]:
        """Of a SIM shown more than once, the record asked for last."""
        return dict(sorted(places, key=lambda item: self.answers[item[1].answer].asked_at))

    def _keep_accounts(self, newest: dict[str, Place], known: Compared) -> set[str]:
        """Keep the accounts of SIMs that are in two lists; those that differ in nothing else."""
        moved = {
            giccid: account_id
            for giccid in known.ids.keys() - known.same
            if (account_id := self.answers[newest[giccid].answer].account_id) not in (None, known.accounts[giccid])
        }
        listed = {known.ids[giccid]: account_id for giccid, account_id in moved.items()}
        kept = kept_accounts(self.cursor, listed, run_id=self.run_id, last_run_id=self.last_run_id)
        unchanged = set()
        for giccid in moved if kept else ():
            if own := kept.get(known.ids[giccid]):
                digest = digests_in([self._raw(newest[giccid])], own.account_id)
                self.kept_in[giccid] = own.account_id, number_of(digest)
                unchanged |= {giccid} if self.kept_in[giccid][1] == own.digest else set()
        return unchanged

    def _decode(self, newest: dict[str, Place], ids: dict[str, int], same: Set[str]) -> list[Row]:
        rows = []
        for giccid, place in newest.items():
            if giccid in same:
                continue
            try:
                row = self._row_kept(giccid, place)
            except RecordError as error:
                self.result.aside.append(KeptAside(place, error, self._raw(place)))
                continue
            rows.append(row_of_known(row, ids[giccid]) if giccid in ids else row)
        return rows

    def _row(self, giccid: str, place: Place) -> Row:
        answer = self.answers[place.answer]
        if answer.rows is None:
            return row_of(self._raw(place), self._digest(place), common_of(answer))
        row = answer.rows[place.record]
        if isinstance(row, RecordError):
            raise row
        return row

    def _row_kept(self, giccid: str, place: Place) -> Row:
        row = self._row(giccid, place)
        return row_in(row, *self.kept_in[giccid]) if giccid in self.kept_in else row

    def _merge(self, rows: list[Row], cause: CauseFor, *, beside: Collection[int] = ()) -> dict[str, int]:
        merged = merge(self.cursor, rows, trusted_until=self.trusted_until, beside=beside)
        events = [event for difference in merged.differences for event in events_of(difference)]
        of_all = cause if isinstance(cause, Cause) else Cause(Event.Cause.READ)
        self.result.event_ids += record(with_causes(events, cause, merged.changes), cause=of_all)
        self.result.new += len(merged.new_ids)
        self.result.changed += len(merged.differences)
        self.result.moved += merged.moved
        self.result.stale += merged.stale
        return merged.new_ids

    def _merge_late(self, rows: list[Row], cause: CauseFor) -> dict[str, int]:
        """Merge the rows of SIMs that were new to us and that somebody else has put in since."""
        if not rows:
            return {}
        if self.only_new:
            raise NotNew
        giccids = [row[GICCID] or "" for row in rows]
        ids = dict(compare(self.cursor, dict.fromkeys(giccids, UNKNOWN)).ids)
        known = [row_of_known(row, ids[giccid]) for row, giccid in zip(rows, giccids, strict=True) if giccid in ids]
        if known:
            self._merge(known, cause)
        return ids

    def _asked(self, newest: dict[str, Place], ids: dict[str, int], same: Set[str]) -> dict[int, datetime]:
        """When the unchanged SIMs were asked for that were asked for by name."""
        return {
            ids[giccid]: self.answers[newest[giccid].answer].asked_at
            for giccid in same
            if self.answers[newest[giccid].answer].is_targeted
        }

    def _raw(self, place: Place) -> bytes:
        return self.answers[place.answer].records[place.record]

    def _digest(self, place: Place) -> Digests:
        start = place.record * WIRE_BYTES
        return self.digests[place.answer][start : start + WIRE_BYTES]
