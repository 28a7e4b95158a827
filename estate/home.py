"""What home says: what needs a person first, then the fleet as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from journal.feed import Scope
from journal.feed_page import Latest, latest_of
from sims.counts import Facets, Filter, facets
from sims.freshness import Freshness, interval_words
from sims.models import SetAside, Sim, SyncRun
from sims.sync.report import Tile as RunTile
from sims.sync.report import tiles_of
from toolkit.figures import count, plural
from toolkit.templatetags.look import age

RUN_TILES = 5
NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six")


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing that a person has to look at: tone and glyph, what it is, what it means, where to go."""

    tone: str
    glyph: str
    title: SafeString | str
    words: str
    link: str
    url: str


@dataclass(frozen=True, slots=True)
class Tile:
    kind: str
    value: str
    figure: str
    note: str
    url: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    title: str
    fleet: Freshness
    attention: list[Attention]
    total: int
    tiles: list[Tile]
    last_run: SyncRun | None
    run_tiles: list[RunTile]
    latest: Latest


def home(fleet: Freshness, scope: Scope = None) -> Home:
    """Everything on home; five queries, or seven when there is something to name."""
    counted, last_run = facets(Filter()), fleet.under_way or fleet.ended
    attention = list(filter(None, [_stopped(fleet), _stale(fleet), _missing(counted), _kept_aside(fleet)]))
    return Home(
        title=_title(len(attention), counted.total),
        fleet=fleet,
        attention=attention,
        total=counted.total,
        tiles=_tiles(counted),
        last_run=last_run,
        run_tiles=tiles_of(last_run)[:RUN_TILES] if last_run else [],
        latest=latest_of(scope),
    )


def _title(things: int, total: int) -> str:
    if not things:
        return "Nothing needs attention" if total else "The fleet has not been read yet"
    number = NUMBERS[things] if things < len(NUMBERS) else str(things)
    return f"{number} {'thing needs' if things == 1 else 'things need'} attention"


def _stopped(fleet: Freshness) -> Attention | None:
    run = fleet.failed
    if run is None:
        return None
    words = (
        f"{run.note or 'It ended before the whole fleet was read.'} What was read is kept; nothing was called missing."
    )
    return Attention("bad", "triangle", f"Sync run {run.pk} stopped", words, "Open run", _run_url(run))


def _stale(fleet: Freshness) -> Attention | None:
    if not fleet.is_stale():
        return None
    title = format_html("The whole fleet was last read {}", age(fleet.read_at, "ago"))
    return Attention(
        "warn", "clock", title, f"It should be every {interval_words()}.", "Open sync", reverse("sims:sync")
    )


def _missing(counted: Facets) -> Attention | None:
    missing = counted.missing.get(True, 0)
    if not missing:
        return None
    title = f"{plural(missing, 'SIM is', 'SIMs are')} missing at the carrier"
    words = "Two complete runs have not seen them. They stay here as they were read last."
    return Attention("warn", "broken-ring", title, words, f"Show {count(missing)}", f"{reverse('sims:list')}?missing=1")


def _kept_aside(fleet: Freshness) -> Attention | None:
    run = fleet.ended
    kept = SetAside.objects.filter(run=run).count() if run and run.kept_aside else 0
    if not run or not kept:
        return None
    title = f"{plural(kept, 'record', 'records')} of run {run.pk} could not be read"
    words = "All else was kept, and what we had of these SIMs stays as it was."
    return Attention("warn", "triangle", title, words, "See why", f"{_run_url(run)}#aside")


def _run_url(run: SyncRun) -> str:
    return reverse("sims:sync-run", args=[run.pk])


def _tiles(counted: Facets) -> list[Tile]:
    status = Sim.Status
    usual = (
        status.ACTIVATED,
        status.DEACTIVATED,
        status.ACTIVATE_READY,
        status.TEST_READY,
        status.INVENTORY,
        status.RETIRED,
    )
    strange = sorted(set(counted.statuses) - set(status.values))
    shown = [value.value for value in usual] + [value for value in strange if counted.statuses[value]]
    return [_tile(value, counted.statuses.get(value, 0), counted.total) for value in shown]


def _tile(value: str, n: int, total: int) -> Tile:
    url = f"{reverse('sims:list')}?{urlencode({'status': value})}"
    return Tile("sim", value, count(n), _share(n, total), url, f"status_{value}")


def _share(n: int, total: int) -> str:
    if not n or not total:
        return "none"
    share = n * 100 / total
    return "under 1 %" if share < 1 else f"{share:.0f} %"
