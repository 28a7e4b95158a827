"""The dry run: what is chosen becomes rows with a verdict each, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models.functions import Now
from django.http import QueryDict

from batches import effects, wanted_checks
from batches.judge import NOT_THERE, judged_sql, judged_values
from batches.kinds import KINDS, Kind, kind_of
from batches.models import Batch, BatchItem, BatchSource
from batches.selection import CannotPlan, Choice, SelectionSpec, choice_of
from batches.wake import work_soon
from enterprise.scope import accounts_for
from sims.models import WorkingSet, WorkingSetItem
from sims.paste.parse import Damage, Entry, Parsed
from sims.paste.verdicts import Judged, judge
from sims.paste.words import words_of
from sims.selection import Selection
from smarthub.identifiers import is_giccid
from toolkit import lease
from toolkit.database import copy_rows, set_cursor
from toolkit.live import ring
from users import audit
from users.models import User

__all__ = ["CannotPlan", "SelectionSpec", "create_batch", "make_items"]

# So many are planned while the person waits; more are a worker's work.
AT_ONCE = 10_000
State, Chosen = Batch.State, Batch.Chosen
FOUND = WorkingSetItem.Verdict.FOUND
REPEATED = WorkingSetItem.Verdict.REPEATED

CHOSEN = """
DROP TABLE IF EXISTS pg_temp.batch_chosen;
CREATE TEMP TABLE batch_chosen (
    key int, line int, entry text, giccid text, sim_id bigint, given text, given_why text, wanted jsonb
) ON COMMIT DROP
"""
COLUMNS = ("key", "line", "entry", "giccid", "sim_id", "given", "given_why", "wanted")
# Those that mean the same SIM, or hold the same text that is none, count where they stand first.
NUMBERED = """
SELECT b.key, b.sim_id, b.wanted, b.given, b.given_why,
    CASE WHEN b.sim_id IS NULL THEN 1 ELSE row_number() OVER same END AS nth,
    first_value(coalesce(b.line, b.key)) OVER same AS first_line
FROM batch_chosen b WINDOW same AS (PARTITION BY b.sim_id ORDER BY b.key)
"""
ITEMS = """
INSERT INTO batches_batchitem (batch_id, place, line, entry, giccid, sim_id, verdict, why, is_stale, wanted, before,
    read_at, state, reported, code, message)
SELECT %(batch)s, b.key, b.line, b.entry, coalesce(j.giccid, b.giccid), j.sim_id, j.verdict, j.why, j.is_stale,
    b.wanted, CASE WHEN j.sim_id IS NOT NULL THEN j.before END, j.read_at,
    CASE WHEN j.verdict = 'will_change' THEN 'planned' ELSE 'skipped' END, '', '', ''
FROM batch_chosen b JOIN ({judged}) AS j ON j.key = b.key
ORDER BY b.key
"""


def create_batch(
    *,
    kind: str,
    selection: SelectionSpec,
    wanted: Mapping[str, Any],
    reason: str,
    user: User,
) -> Batch:
    """Keep what is wanted of what is chosen, and plan it: at once, or by a worker where it is much.

    Nothing is sent. Raises CannotPlan, in words, for a selection that is empty, too large or unreadable, and for
    fields that the kind cannot use.
    """
    if kind not in KINDS:
        raise CannotPlan("A batch cannot do this. Nothing was planned.")
    clean, choice = wanted_checks.clean(kind_of(kind), wanted), choice_of(selection, user)
    if (most := kind_of(kind).most) and choice.size > most:
        raise CannotPlan(f"At most {most:,} at a time; these are {choice.size:,}. Nothing was planned.")
    batch = keep(kind=kind, choice=choice, wanted=clean, reason=reason, user=user)
    return begin(batch)


def keep(
    *,
    kind: str,
    choice: Choice,
    wanted: Mapping[str, Any],
    reason: str,
    user: User,
    parent: Batch | None = None,
    link: str = "",
) -> Batch:
    """The batch as a row, with what it is to be made from and its audit row, in one transaction."""
    with transaction.atomic():
        batch = Batch.objects.create(
            kind=kind,
            wanted=dict(wanted),
            reason=reason.strip(),
            requested_by=user,
            username=user.username,
            chosen=choice.chosen,
            chosen_from=choice.chosen_from,
            chosen_words=choice.words,
            accounts=_accounts_of(user),
            parent=parent,
            link=link,
            next_step_at=Now(),
        )
        BatchSource.objects.create(batch=batch, entries=list(choice.entries), size=choice.size)
        detail = {"kind": kind, "chosen": choice.words, "size": choice.size, "reason": batch.reason}
        audit.record(user, "batch.plan", str(batch.uuid), **detail)
        ring("batches")
    return batch


def begin(batch: Batch) -> Batch:
    """Plan it now where that takes a moment; else a worker does."""
    if batch.source.size <= AT_ONCE and (owner := lease.claim(Batch.objects.filter(pk=batch.pk))):
        try:
            make_items(batch)
        finally:
            lease.release(Batch.objects.filter(pk=batch.pk), owner)
    batch.refresh_from_db()
    if batch.state == State.PLANNING:
        work_soon(batch.pk)
    return batch


def _accounts_of(user: User) -> list[int] | None:
    accounts = accounts_for(user)
    return None if accounts is None else sorted(accounts)


def make_items(batch: Batch) -> None:
    """The rows of the dry run with their verdicts, in one transaction; does nothing where they are there already."""
    with transaction.atomic():
        source = BatchSource.objects.select_for_update().filter(batch=batch).first()
        if source is None:
            return
        _fill(batch, source)
        _insert(batch, kind_of(batch.kind), source.size)
        _leave_out_unfit(batch, kind_of(batch.kind))
        source.delete()
        stale = batch.items.filter(is_stale=True).count()
        values: dict[str, Any] = {"to_read": stale, "planned_at": Now()}
        if not stale:
            values |= {"state": State.PLANNED, "next_step_at": None}
        Batch.objects.filter(pk=batch.pk, state=State.PLANNING).update(**values)
        effects.keep(batch)
        ring(*batch.topics)


def _fill(batch: Batch, source: BatchSource) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CHOSEN)
        fill = {
            Chosen.FILTER: _fill_from_filter,
            Chosen.SET: _fill_from_set,
            Chosen.TICKED: _fill_from_giccids,
        }.get(Chosen(batch.chosen), _fill_from_entries)
        fill(cursor, batch, source)
        cursor.execute("ANALYZE batch_chosen")


def _fill_from_filter(cursor: Any, batch: Batch, source: BatchSource) -> None:
    assert batch.requested_by is not None
    rows = Selection.from_query(QueryDict(batch.chosen_from), batch.requested_by).queryset().order_by()
    chosen, values = rows.values("pk", "giccid").query.sql_with_params()
    cursor.execute(
        "INSERT INTO batch_chosen (key, entry, giccid, sim_id, given, given_why) "
        f"SELECT row_number() OVER (ORDER BY f.giccid), '', f.giccid, f.pk, '', '' FROM ({chosen}) AS f",
        values,
    )


def _fill_from_set(cursor: Any, batch: Batch, source: BatchSource) -> None:
    kept = WorkingSet.objects.filter(pk=batch.chosen_from).defer("text").first()
    items = kept.items.order_by("place") if kept else ()
    _copy([_row(place, item, item.entry) for place, item in enumerate(items, 1)])


def _fill_from_giccids(cursor: Any, batch: Batch, source: BatchSource) -> None:
    """Each entry is an ICCID, and for a batch that follows another one what is wanted of it and a verdict ahead."""
    rows = [(*entry, *(None,) * (4 - len(entry))) for entry in source.entries]
    cursor.execute(
        "INSERT INTO batch_chosen SELECT e.key, NULL, '', e.giccid, s.id, coalesce(e.given, ''), "
        "coalesce(e.why, %s), e.wanted::jsonb "
        "FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) WITH ORDINALITY "
        "AS e (giccid, wanted, given, why, key) LEFT JOIN sims_sim s ON s.giccid = e.giccid",
        [
            NOT_THERE,
            [str(row[0]) for row in rows],
            [None if row[1] is None else msgspec.json.encode(row[1]).decode() for row in rows],
            [row[2] for row in rows],
            [row[3] for row in rows],
        ],
    )


def _fill_from_entries(cursor: Any, batch: Batch, source: BatchSource) -> None:
    entries = [
        Entry(line, text, value, Damage(damage) if damage else None, mended, is_guess)
        for line, text, value, damage, mended, is_guess in source.entries
    ]
    judged, _ = judge(Parsed(entries, len(entries), 0), batch.accounts)
    _copy([_row_of(place, found) for place, found in enumerate(judged, 1)])


def _row_of(place: int, found: Judged) -> tuple[str | None, ...]:
    if found.verdict == FOUND:  # nearly all are
        return (str(place), str(found.entry.line), found.entry.text, "", str(found.sim_id), "", "", None)
    return _row(place, _item_of(found), found.entry.value)


def _item_of(found: Judged) -> WorkingSetItem:
    entry = found.entry
    return WorkingSetItem(
        line=entry.line,
        entry=entry.text,
        verdict=found.verdict,
        sim_id=found.sim_id,
        how=found.how,
        damage=found.damage,
        mended=entry.mended,
        hits=found.hits,
        candidates=found.candidates,
        repeats_line=found.repeats_line,
    )


def _row(place: int, item: WorkingSetItem, value: str) -> tuple[str | None, ...]:
    """A row of `CHOSEN` from an entry that was looked up; what is no SIM stays as a row that says why."""
    given, why = _given(item)
    sim_id = str(item.sim_id) if item.sim_id and item.verdict in (FOUND, REPEATED) else None
    giccid = value if sim_id is None and is_giccid(value) and not item.damage else ""
    return (str(place), str(item.line), item.entry, giccid, sim_id, given, why, None)


def _given(item: WorkingSetItem) -> tuple[str, str]:
    if item.verdict == FOUND:
        return "", ""
    if item.verdict == REPEATED:
        return BatchItem.Verdict.DUPLICATE, f"It stands in line {item.repeats_line} already."
    if item.verdict == WorkingSetItem.Verdict.NOT_FOUND:
        return BatchItem.Verdict.NOT_FOUND, NOT_THERE
    words = words_of(item, age="")
    return BatchItem.Verdict.NOT_FOUND, f"{words.title} {words.rest} {words.number}".strip()


def _copy(rows: list[tuple[str | None, ...]]) -> None:
    with set_cursor() as cursor:
        if rows:
            copy_rows(cursor, "batch_chosen", COLUMNS, rows)


def _leave_out_unfit(batch: Batch, kind: Kind) -> None:
    if kind.unfit is None:
        return
    planned = batch.items.filter(state=BatchItem.State.PLANNED)
    found = kind.unfit(planned.values_list("giccid", flat=True), batch.wanted)
    for why in set(found.values()):
        rest = planned.filter(giccid__in=[giccid for giccid, each in found.items() if each == why])
        rest.update(verdict=BatchItem.Verdict.ILLEGAL, state=BatchItem.State.SKIPPED, why=why)


def _insert(batch: Batch, kind: Kind, size: int) -> None:
    values = judged_values(kind, batch.wanted, batch.accounts)
    with connection.cursor() as cursor:
        cursor.execute(ITEMS.format(judged=judged_sql(kind, NUMBERED, size=size)), {**values, "batch": batch.pk})
