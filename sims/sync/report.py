"""A run as its page prints it: where it is, what it found, what it kept aside."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from sims.models import SetAside, SyncPart, SyncRun
from smarthub.identifiers import is_giccid
from toolkit.figures import count, plural, took

State = SyncRun.State
# Our states of a run in the words of the status vocabulary.
STATES = {State.QUEUED: "queued", State.RUNNING: "running", State.FINISHED: "done", State.FAILED: "failed"}
ASIDE_SHOWN = 20
LONGEST_LINE = 96
LONGEST_RAW = 20_000
ONE_LIST = "All SIMs, without accounts"


@dataclass(frozen=True, slots=True)
class Tile:
    label: str
    figure: str
    note: str
    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    state: str
    done: int
    whole: int
    unit: str
    word: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Aside:
    """A record kept aside: the excerpt has the field that could not be read marked."""

    row: SetAside
    giccid: str
    place: str
    lines: list[Line]
    raw: str
    runs: int


@dataclass(frozen=True, slots=True)
class Report:
    run: SyncRun
    state: str
    who: str
    tiles: list[Tile]
    parts: list[Part]
    pace: str
    took: str


@dataclass(frozen=True, slots=True)
class RunRow:
    run: SyncRun
    state: str
    words: str
    who: str
    missing: str
    took: str


def report_on(run: SyncRun) -> Report:
    """The run with its parts; one query."""
    now = timezone.now()
    return Report(
        run=run,
        state=STATES[State(run.state)],
        who=who_asked(run),
        tiles=tiles_of(run),
        parts=_parts(run),
        pace=pace(run, now),
        took=_took(run, now),
    )


def row_for(run: SyncRun) -> RunRow:
    state = STATES[State(run.state)]
    words = _named(run) if run.state == State.FINISHED else ""
    return RunRow(run, state, words, who_asked(run), _missing(run), _took(run, timezone.now()))


def _named(run: SyncRun) -> str:
    """What a run that was not over the whole fleet has read."""
    if run.kind == SyncRun.Kind.NAMED:
        return f"{plural(len(run.giccids), 'SIM', 'SIMs')} re-read"
    return f"{run.account.name} re-read" if run.account else ""


def who_asked(run: SyncRun) -> str:
    return run.requested_by.display_name if run.requested_by else run.get_trigger_display()


def pace(run: SyncRun, now: datetime) -> str:
    """How long it will take still and how quick it is; nothing before anything can be told."""
    if run.state != State.RUNNING or not run.started_at or not run.pages:
        return ""
    seconds = max((now - run.started_at).total_seconds(), 0.001)
    rate = run.pages / seconds
    said = [f"{rate:.1f} pages a second"]
    if run.phase == SyncRun.Phase.LISTING and run.pages_expected > run.pages:
        said.insert(0, f"about {took(timedelta(seconds=(run.pages_expected - run.pages) / rate))} left")
    return " · ".join(said)


def _took(run: SyncRun, now: datetime) -> str:
    return took((run.finished_at or now) - run.started_at) if run.started_at else ""


def _missing(run: SyncRun) -> str:
    return "—" if run.missing is None else count(run.missing)


def tiles_of(run: SyncRun) -> list[Tile]:
    whole = f"of {count(run.sims_expected)} SIMs" if run.sims_expected else "SIMs"
    unseen = max(0, run.sims_expected - run.read)
    absent = (
        Tile("Not seen so far", count(unseen), "counts only when complete", "missing")
        if run.is_open
        else Tile(
            "Missing",
            _missing(run),
            _missing_note(run),
            "missing",
            "/sims/?missing=1" if run.missing else "",
        )
    )
    repeats = f"{plural(run.pages, 'page', 'pages')}, {plural(run.repeats, 'repeat', 'repeats')}"
    return [
        Tile("Read", count(run.read), whole, "read"),
        Tile("Changed", count(run.changed), "each has a journal entry", "changed"),
        Tile("New", count(run.new), "never seen before", "new"),
        absent,
        Tile(
            "Kept aside",
            count(run.kept_aside),
            "the rest of their pages was kept",
            "kept_aside",
            "#aside" if run.kept_aside else "",
        ),
        Tile("Requests", count(run.requests), repeats, "requests"),
    ]


def _missing_note(run: SyncRun) -> str:
    return "only a complete run can tell" if run.missing is None else "left out of two complete runs"


def _parts(run: SyncRun) -> list[Part]:
    parts = list(SyncPart.objects.filter(run=run).select_related("account"))
    if not parts:
        return _one_list(run)
    catalogued = sum(part.is_catalogued for part in parts)
    has_catalogue = catalogued == len(parts) or run.phase != SyncRun.Phase.CATALOGUE
    first = Part("Enterprise, packages", _stage(has_catalogue, True, run), catalogued, len(parts), "accounts")
    return [first, *(_part(part, run) for part in parts)]


def _one_list(run: SyncRun) -> list[Part]:
    """The only list of a run that was told no accounts."""
    if run.kind != SyncRun.Kind.FULL or run.phase == SyncRun.Phase.CATALOGUE:
        return []
    stage = _stage(run.phase != SyncRun.Phase.LISTING, run.pages > 0, run)
    return [Part(ONE_LIST, stage, run.pages, run.pages_expected, "pages")]


def _part(part: SyncPart, run: SyncRun) -> Part:
    stage = _stage(part.is_done, part.started_at is not None, run)
    whole = max(part.pages_expected or 0, part.pages)
    word = "" if run.is_open or stage != "queued" else "Not read"
    return Part(part.account.name, stage, part.pages, whole, "page" if whole == 1 else "pages", word)


def _stage(is_done: bool, is_begun: bool, run: SyncRun) -> str:
    if is_done:
        return "done"
    if not run.is_open:
        return "failed" if is_begun else "queued"
    return "running" if is_begun else "queued"


def set_aside_by(runs: Iterable[int], *, older_than: int | None = None) -> tuple[list[Aside], int | None]:
    """The newest records these runs kept aside, each SIM once, and where the next ones begin; two queries."""
    rows: QuerySet[SetAside] = SetAside.objects.filter(run_id__in=list(runs)).select_related("account").order_by("-id")
    newest: dict[str, SetAside] = {}
    for row in (rows.filter(pk__lt=older_than) if older_than else rows)[: ASIDE_SHOWN * 3]:
        newest.setdefault(row.giccid or f"#{row.pk}", row)
    shown = list(newest.values())[:ASIDE_SHOWN]
    seen = _runs_seen([row.giccid for row in shown if row.giccid])
    more = shown[-1].pk if len(newest) > len(shown) else None
    return [_aside(row, seen.get(row.giccid, 1)) for row in shown], more


def _runs_seen(giccids: list[str]) -> dict[str, int]:
    rows = (
        SetAside.objects.filter(giccid__in=giccids)
        .order_by()
        .values("giccid")
        .annotate(runs=Count("run", distinct=True))
    )
    return {row["giccid"]: row["runs"] for row in rows} if giccids else {}


def _aside(row: SetAside, runs: int) -> Aside:
    place = [row.account.name if row.account else "", f"page {row.page}" if row.page is not None else ""]
    place.append(f"record {row.place}" if row.place is not None else "")
    giccid = row.giccid if is_giccid(row.giccid) else ""
    return Aside(row, giccid, ", ".join(filter(None, place)), excerpt(row.raw, row.field), row.raw[:LONGEST_RAW], runs)


def excerpt(raw: str, field: str) -> list[Line]:
    """The record's own fields, a line each and cut where long, the one that `field` is in marked."""
    try:
        record: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return [Line(_cut(raw, LONGEST_LINE * 6))]
    if not isinstance(record, dict):
        return [Line(_cut(raw, LONGEST_LINE * 6))]
    bad = field.split(".")[0].split("[")[0]
    lines = [Line(_cut(f"  {json.dumps(name)}: {_plain(value)},"), name == bad) for name, value in record.items()]
    return [Line("{"), *lines, Line("}")]


def _plain(value: Any) -> str:
    """As JSON that can be sent: half of a pair of characters cannot."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()


def _cut(text: str, length: int = LONGEST_LINE) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
