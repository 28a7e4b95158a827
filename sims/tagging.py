"""Putting tags on SIMs and taking them off: a few at once, or a whole selection in slices of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.http import QueryDict

from sims.models import Sim, SimQuerySet, Tag, Tagging
from sims.selection import Selection
from toolkit import lease
from users import audit
from users.models import User

AT_ONCE = 10_000
CHUNK = 20_000
SLICE_S = 20
Verb = Tagging.Verb

# Rows are taken in one order, so that two taggings never wait for each other.
PUT_ON = """
WITH put AS (
    INSERT INTO sims_simtag (tag_id, sim_id)
    SELECT tag.id, found.id FROM ({sims}) AS found (id) CROSS JOIN sims_tag AS tag
    WHERE tag.id = ANY(%s) ORDER BY found.id, tag.id
    ON CONFLICT DO NOTHING RETURNING sim_id
) SELECT count(DISTINCT sim_id) FROM put
"""
TAKE_OFF = """
WITH doomed AS (
    SELECT worn.tag_id, worn.sim_id FROM sims_simtag AS worn
    WHERE worn.tag_id = ANY(%s) AND worn.sim_id IN ({sims})
    ORDER BY worn.sim_id, worn.tag_id FOR UPDATE
), taken AS (
    DELETE FROM sims_simtag AS worn USING doomed
    WHERE worn.tag_id = doomed.tag_id AND worn.sim_id = doomed.sim_id RETURNING worn.sim_id
) SELECT count(DISTINCT sim_id) FROM taken
"""
CLEAR = """
WITH doomed AS (SELECT sim_id FROM sims_simtag WHERE tag_id = %s ORDER BY sim_id LIMIT %s),
taken AS (DELETE FROM sims_simtag WHERE tag_id = %s AND sim_id IN (SELECT sim_id FROM doomed) RETURNING sim_id)
SELECT count(*) FROM taken
"""
CHUNK_END = "SELECT max(id) FROM (SELECT id FROM sims_sim WHERE id > %s ORDER BY id LIMIT %s) AS chunk"


@dataclass(frozen=True, slots=True)
class Tagged:
    """How it went: SIMs gone through and those that changed; or the work that goes through them now."""

    sims: int = 0
    changed: int = 0
    work: Tagging | None = None


def tag_sims(*, user: User, verb: Verb, tags: Sequence[Tag], sims: SimQuerySet) -> Tagged:
    """Put the tags on these SIMs, or take them off, in one transaction; audited by ICCID. For the few of a page."""
    giccids = list(sims.order_by("pk").values_list("giccid", flat=True))
    with transaction.atomic():
        changed = _apply(verb, [tag.pk for tag in tags], sims)
        _audit(user, verb, tags, f"{len(giccids)} SIMs" if len(giccids) != 1 else giccids[0], giccids=giccids)
    return Tagged(len(giccids), changed)


def tag_selection(*, user: User, verb: Verb, tags: Sequence[Tag], selection: Selection) -> Tagged:
    """Put the tags on everything that matches: at once up to 10,000 SIMs, else by work that is queued and returned."""
    sims = selection.count(cap=AT_ONCE + 1)
    if sims > AT_ONCE:
        return Tagged(work=_queue(user, verb, tags, selection))
    with transaction.atomic():
        changed = sum(
            _apply(verb, [tag.pk for tag in tags], Sim.objects.filter(pk__in=ids))
            for ids in selection.ids_in_chunks(CHUNK)
        )
        _audit(user, verb, tags, selection.words(), query=selection.query_string, sims=sims, changed=changed)
    return Tagged(sims, changed)


def _queue(user: User, verb: Verb, tags: Sequence[Tag], selection: Selection) -> Tagging:
    with transaction.atomic():
        work = Tagging.objects.create(
            verb=verb,
            tag_ids=[tag.pk for tag in tags],
            words=selection.words(),
            query=selection.query_string,
            requested_by=user,
            last_sim=Sim.objects.aggregate(last=Max("pk"))["last"] or 0,
        )
        _audit(user, verb, tags, selection.words(), query=selection.query_string, work=work.pk)
    return work


def _audit(user: User, verb: Verb, tags: Sequence[Tag], target: str, **detail: Any) -> None:
    action = {Verb.ADD: "sim.tag", Verb.REMOVE: "sim.untag"}[verb]
    audit.record(user, action, target, tags=[tag.name for tag in tags], **detail)


def _apply(verb: str, tag_ids: list[int], sims: SimQuerySet) -> int:
    """How many SIMs it changed."""
    try:
        found, values = sims.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return 0
    with connection.cursor() as cursor:
        if verb == Verb.ADD:
            cursor.execute(PUT_ON.format(sims=found), [*values, tag_ids])
        else:
            cursor.execute(TAKE_OFF.format(sims=found), [tag_ids, *values])
        return int(cursor.fetchone()[0])


def unattended() -> list[int]:
    """The work that is open and that nobody does."""
    idle = Tagging.objects.filter(lease.free(), state__in=Tagging.OPEN)
    return list(idle.order_by("id").values_list("pk", flat=True))


def work_slice(tagging_id: int, *, slice_s: float = SLICE_S) -> bool:
    """Go on for about `slice_s` seconds, a transaction a chunk; True when more is to do and nobody else does it."""
    row = Tagging.objects.filter(pk=tagging_id)
    owner = lease.claim(row.filter(state__in=Tagging.OPEN))
    if owner is None:
        return False
    try:
        row.update(state=Tagging.State.RUNNING)
        work, until = row.get(), time.monotonic() + slice_s
        chunks = _Chunks(work)
        while not chunks.is_over:
            if time.monotonic() >= until or not lease.renew(row, owner):
                return True
            chunks.do_next()
        _finish(work)
        return False
    finally:
        lease.release(row, owner)


class _Chunks:
    """What is left of a work, a chunk at a time; a chunk and how far it came are one transaction."""

    def __init__(self, work: Tagging) -> None:
        self.work, self.is_over = work, False
        self.selection: Selection | None = None
        if work.verb != Verb.CLEAR and work.requested_by:
            self.selection = Selection.from_query(QueryDict(work.query), work.requested_by)

    def do_next(self) -> None:
        with transaction.atomic():
            if self.work.verb == Verb.CLEAR:
                changed = self._clear()
            elif self.selection:
                changed = self._go_on(self.selection)
            else:
                changed, self.is_over, self.work.note = 0, True, "Who asked for it has no account any more."
            self.work.changed += changed
            self.work.save(update_fields=["changed", "asked_up_to"])

    def _clear(self) -> int:
        tag = self.work.tag_ids[0]
        with connection.cursor() as cursor:
            cursor.execute(CLEAR, [tag, CHUNK, tag])
            gone = int(cursor.fetchone()[0])
        self.is_over = gone < CHUNK
        return gone

    def _go_on(self, selection: Selection) -> int:
        """By ranges of SIM ids, so that a chunk's cost is bounded however few of its SIMs match."""
        after = self.work.asked_up_to
        with connection.cursor() as cursor:
            cursor.execute(CHUNK_END, [after, CHUNK])
            end = cursor.fetchone()[0]
        if end is None or after >= self.work.last_sim or selection.errors:
            self.is_over = True
            self.work.note = " ".join(selection.errors)
            return 0
        self.work.asked_up_to = end
        return _apply(self.work.verb, self.work.tag_ids, selection.queryset().filter(pk__gt=after, pk__lte=end))


def _finish(work: Tagging) -> None:
    state = Tagging.State.FAILED if work.note else Tagging.State.FINISHED
    Tagging.objects.filter(pk=work.pk).update(state=state, note=work.note, finished_at=Now())
