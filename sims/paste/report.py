"""What the page of a pasted list shows, prepared; a fixed number of queries however long the list is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, IntegerField, Value, When
from django.urls import reverse
from django.utils import timezone

from sims.bar_verbs import BarVerb, verbs_of
from sims.identifiers import compact
from sims.models import Sim, SimIdentifier, WorkingSet, WorkingSetItem
from sims.models.working_set import KEPT
from sims.paste.parse import Damage
from sims.paste.verdicts import KIND_WORDS
from sims.paste.words import Words, totals, words_of
from toolkit.figures import age, count
from toolkit.states import state_of

Verdict = WorkingSetItem.Verdict
Kind = SimIdentifier.Kind
NEEDS_A_PERSON = (Verdict.DAMAGED, Verdict.AMBIGUOUS, Verdict.NOT_FOUND)
NEEDS_SHOWN, FOUND_SHOWN, PAGE, LINES = 25, 10, 100, 40
LINE_LENGTH = 120
# Between digits, as in a number mistyped; not those of a label in front of it.
_LETTERS = re.compile(r"(?<=[\dOIL])([OIL]+)(?=[\dOIL]|$)", re.IGNORECASE)
ORDER = Case(
    *(When(verdict=verdict, then=Value(place)) for place, verdict in enumerate(NEEDS_A_PERSON)),
    output_field=IntegerField(),
)


@dataclass(frozen=True, slots=True)
class Tile:
    kind: str
    value: str
    figure: str
    note: str
    url: str
    is_chosen: bool
    name: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A SIM that an entry may mean; `by` is the number it matches with."""

    sim: Sim
    by: str


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    item: WorkingSetItem
    words: Words | None = None
    candidates: Sequence[Candidate] = ()

    @property
    def entry(self) -> list[Part]:
        """As pasted, its wrong letters apart."""
        if self.item.damage != Damage.LETTER:
            return [Part(self.item.entry)]
        parts = _LETTERS.split(self.item.entry)
        return [Part(text, is_wrong=bool(place % 2)) for place, text in enumerate(parts) if text]


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    text: str
    verdict: str
    tone: str


@dataclass(slots=True)
class Report:
    kept: WorkingSet
    title: str
    sims: int
    entries: int
    need: int
    repeated: int
    statuses: str
    verbs: list[BarVerb]
    tiles: list[Tile]
    until: datetime
    has_rounded: bool


def report_of(kept: WorkingSet, *, verdict: str = "") -> Report:
    """The head of the page: figures and tiles; three queries."""
    counted = kept.items.values("verdict", "kind").annotate(n=Count("place")).order_by()
    by_verdict = dict.fromkeys(map(str, Verdict), 0)
    by_kind: dict[int, int] = {}
    for row in counted:
        by_verdict[row["verdict"]] += row["n"]
        if row["verdict"] == Verdict.FOUND and (kind := row["kind"]):
            by_kind[kind] = by_kind.get(kind, 0) + row["n"]
    statuses = _statuses(kept)
    found, entries = by_verdict[Verdict.FOUND], sum(by_verdict.values())
    return Report(
        kept=kept,
        title=totals(found, entries),
        sims=found,
        entries=entries,
        need=sum(by_verdict[each] for each in NEEDS_A_PERSON),
        repeated=by_verdict[Verdict.REPEATED],
        statuses=_words_of(statuses),
        verbs=verbs_of(statuses),
        tiles=_tiles(kept, by_verdict, by_kind, verdict),
        until=kept.created_at + KEPT,
        has_rounded=kept.items.filter(verdict=Verdict.DAMAGED, damage__in=(Damage.ROUNDED, Damage.ZEROS)).exists(),
    )


def _statuses(kept: WorkingSet) -> dict[str, int]:
    return dict(kept.sims().values_list("status").annotate(n=Count("pk")).order_by("-n", "status"))


def _words_of(statuses: dict[str, int]) -> str:
    return ", ".join(f"{count(n)} {state_of('sim', status).label.lower()}" for status, n in statuses.items())


def _tiles(kept: WorkingSet, counts: dict[str, int], kinds: dict[int, int], chosen: str) -> list[Tile]:
    names = {Kind.ICCID: "ICCID", **KIND_WORDS}
    by = ", ".join(f"{count(n)} by {names[Kind(kind)]}" for kind, n in sorted(kinds.items()))
    notes = {
        Verdict.FOUND: by or "none of them",
        Verdict.AMBIGUOUS: "pick one" if counts[Verdict.AMBIGUOUS] else "nothing to pick",
        Verdict.NOT_FOUND: "not in our copy",
        Verdict.DAMAGED: "look at them" if counts[Verdict.DAMAGED] else "all are whole",
        Verdict.REPEATED: "counted once",
    }
    return [
        Tile("pasted", value, count(counts[value]), notes[value], url_of(kept, verdict=value), value == chosen, value)
        for value in Verdict
    ]


def url_of(kept: WorkingSet, **query: Any) -> str:
    address = reverse("sims:set", args=[kept.pk])
    return f"{address}?{urlencode(query)}" if query else address


def rows_that_need_a_person(kept: WorkingSet) -> list[Row]:
    """Damaged, ambiguous, not found: the first of them, with what may be done."""
    items = kept.items.filter(verdict__in=NEEDS_A_PERSON).order_by(ORDER, "place")[:NEEDS_SHOWN]
    return explained(list(items))


def rows_found(kept: WorkingSet) -> list[Row]:
    items = kept.items.filter(verdict=Verdict.FOUND).select_related("sim").order_by("place")[:FOUND_SHOWN]
    return [Row(item) for item in items]


def page_of_verdict(kept: WorkingSet, verdict: str, after: int) -> tuple[list[Row], int]:
    """The entries with one verdict behind the place `after`, and the place to go on from, 0 at the end."""
    items = kept.items.filter(verdict=verdict, place__gt=after).select_related("sim").order_by("place")
    found = list(items[: PAGE + 1])
    shown = found[:PAGE]
    rows = explained(shown) if verdict in NEEDS_A_PERSON else [Row(item) for item in shown]
    return rows, shown[-1].place if len(found) > PAGE else 0


def explained(items: list[WorkingSetItem]) -> list[Row]:
    ids = {pk for item in items for pk in item.candidates}
    sims = Sim.objects.select_related("account").in_bulk(ids)
    numbers: dict[int, list[SimIdentifier]] = {}
    for number in SimIdentifier.objects.filter(sim__in=ids).order_by("kind", "position"):
        numbers.setdefault(number.sim_id, []).append(number)
    old = age_words()
    return [Row(item, words_of(item, age=old), list(_candidates(item, sims, numbers))) for item in items]


def age_words() -> str:
    """How old our copy of the fleet is, in words: 18 min old."""
    from sims.models import SyncRun

    complete = SyncRun.objects.filter(state=SyncRun.State.FINISHED, kind=SyncRun.Kind.FULL).first()
    if complete is None or complete.finished_at is None:
        return "which has not been read to its end yet"
    return f"{age(complete.finished_at, timezone.now())} old"


def _candidates(
    item: WorkingSetItem, sims: dict[int, Sim], numbers: dict[int, list[SimIdentifier]]
) -> Iterable[Candidate]:
    if item.hits > len(item.candidates):
        return
    wanted = compact(item.mended or item.entry)
    for pk in item.candidates:
        if pk in sims:
            matching = (number for number in numbers.get(pk, []) if _matches(number.value, wanted))
            number = next(matching, None)
            yield Candidate(sims[pk], f"by {Kind(number.kind).label}" if number else "")


def _matches(value: str, wanted: str) -> bool:
    bare = wanted.removeprefix("00")
    return value.startswith((wanted, bare)) or value.endswith((wanted, bare))


def lines_of(kept: WorkingSet, *, first: int) -> tuple[list[Line], int, int]:
    """Some lines as they were pasted, each with its gravest verdict; where the lines before and after begin, or 0."""
    first = max(1, min(first, kept.lines))
    texts = kept.text.splitlines()[first - 1 : first - 1 + LINES]
    worst = _worst(kept, first, first + len(texts))
    lines = [_line(number, text, worst.get(number, "")) for number, text in enumerate(texts, first)]
    following = first + LINES
    return lines, max(1, first - LINES) if first > 1 else 0, following if following <= kept.lines else 0


def _line(number: int, text: str, verdict: str) -> Line:
    short = text if len(text) <= LINE_LENGTH else f"{text[: LINE_LENGTH - 1]}…"
    return Line(number, short, verdict, state_of("pasted", verdict).tone if verdict else "")


def _worst(kept: WorkingSet, first: int, end: int) -> dict[int, str]:
    gravity = {Verdict.FOUND: 0, Verdict.REPEATED: 1, Verdict.NOT_FOUND: 2, Verdict.AMBIGUOUS: 3, Verdict.DAMAGED: 4}
    worst: dict[int, str] = {}
    rows = kept.items.filter(line__gte=first, line__lt=end).values_list("line", "verdict")
    for line, verdict in rows:
        if line not in worst or gravity[Verdict(verdict)] > gravity[Verdict(worst[line])]:
            worst[line] = verdict
    return worst


def repeats_words(kept: WorkingSet, *, shown: int = 4) -> str:
    """Counted once: line 10 (as line 2), 15 (IMEI of line 2) and 12 more."""
    items = list(kept.items.filter(verdict=Verdict.REPEATED).order_by("place")[:shown])
    if not items:
        return ""
    told = [f"{item.line} ({f'{item.how} of' if item.how else 'as'} line {item.repeats_line})" for item in items]
    more = kept.items.filter(verdict=Verdict.REPEATED).count() - len(items)
    rest = f" and {count(more)} more" if more else ""
    return f"Counted once: line {', '.join(told)}{rest}"
