"""What home says: what needs a person first, then the fleet as it stands, its use, its pools, what ends and runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import F, QuerySet, Subquery, Sum
from django.urls import reverse

from enterprise.days import day_of
from enterprise.models import Account, SharePool
from enterprise.sources import failing
from estate import attention as things
from estate.ages import troubles_of
from estate.attention import Attention
from estate.calendar import Calendar, billing_guard, calendar_of
from estate.health import Sign, signs
from estate.models import CountDay
from estate.pools import PoolRow, pool_rows
from estate.today import Today, today_of
from estate.under_way import UnderWay, batches_seen, open_operations, under_way
from journal.feed import Scope
from journal.feed_page import Latest, latest_of
from sims.counts import Facets, Filter, facets
from sims.freshness import Freshness
from sims.models import Sim, SyncRun
from sims.scope import accounts_of
from sims.sync.report import Tile as RunTile
from sims.sync.report import tiles_of
from toolkit.figures import change, count
from users.models import User

RUN_TILES = 4
POOLS, LOOKED_AT = 4, 20
WEEK = 7
# A count of longer ago is no yesterday.
OLDEST_COUNT = timedelta(days=7)
# An account that is gone for longer is no news.
LATELY = timedelta(days=7)
NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


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
    """`today` and `last_run` are of the whole fleet, and left out for who may see some accounts only."""

    title: str
    fleet: Freshness
    attention: list[Attention]
    total: int
    tiles: list[Tile]
    since: date | None
    last_run: SyncRun | None
    run_tiles: list[RunTile]
    today: Today | None
    pools: list[PoolRow]
    pools_total: int
    week: Calendar
    billing: int
    under_way: UnderWay
    signs: list[Sign]
    latest: Latest


def home(fleet: Freshness, user: User, *, now: datetime) -> Home:
    """Everything on home, in a bounded number of queries, none of which goes through the SIMs."""
    scope = accounts_of(user)
    counted = facets(Filter(accounts=sorted(scope or ())))
    before, since = _counts_before(scope, now)
    failed_reads = failing(accounts=scope)
    pools, week, health = _pools(scope), calendar_of(scope, ahead=WEEK), signs(fleet, failed=len(failed_reads))
    batches, operations = batches_seen(user), open_operations(user)
    attention = things.ranked(
        [
            things.stopped(fleet, scope),
            *things.ending_pools(pools),
            things.unknown_operations(operations),
            things.unknown_messages(user),
            *things.troubled_batches(batches),
            *(thing for sign in health for thing in sign.told),
            things.stale(fleet),
            *things.failed_calls(troubles_of(failed_reads)),
            things.unfollowed_plans(week),
            things.missing(counted),
            *things.gone_accounts(_gone(scope, now), counted),
            things.kept_aside(fleet, scope),
        ]
    )
    last_run = (fleet.under_way or fleet.ended) if scope is None else None
    return Home(
        title=_title(len(attention), counted.whole or counted.total),
        fleet=fleet,
        attention=attention,
        total=counted.total,
        tiles=_tiles(counted, before),
        since=since,
        last_run=last_run,
        run_tiles=tiles_of(last_run)[:RUN_TILES] if last_run else [],
        today=today_of(now) if scope is None else None,
        pools=pools[:POOLS],
        pools_total=_pools_seen(scope).count() if len(pools) == LOOKED_AT else len(pools),
        week=week,
        billing=sum(each.n for each in billing_guard(counted.statuses)),
        under_way=under_way(batches, operations),
        signs=health,
        latest=latest_of(scope),
    )


def _pools_seen(scope: Scope) -> QuerySet[SharePool]:
    found = SharePool.objects.filter(gone_at=None)
    return found if scope is None else found.filter(account__in=scope)


def _gone(scope: Scope, now: datetime) -> list[Account]:
    """Accounts that the carrier stopped naming lately; one query."""
    found = Account.objects.filter(gone_at__gte=now - LATELY)
    return list(found if scope is None else found.filter(pk__in=scope))


def _pools(scope: Scope) -> list[PoolRow]:
    """Those that will not last their cycle and the fullest, the most urgent first; one query."""
    share = F("data_usage_mb") / F("data_total_mb")
    with_size = _pools_seen(scope).filter(data_total_mb__gt=0).annotate(share=share)
    return pool_rows(list(with_size.order_by("-is_shortfall_told", F("share").desc(nulls_last=True))[:LOOKED_AT]))


def _counts_before(scope: Scope, now: datetime) -> tuple[dict[str, int], date | None]:
    """How many SIMs had each status when the day before was counted; one query."""
    today = day_of(now)
    days = CountDay.objects.filter(day__lt=today, day__gte=today - OLDEST_COUNT).order_by("-day")
    rows = CountDay.objects.filter(day=Subquery(days.values("day")[:1]))
    if scope is not None:
        rows = rows.filter(account_id__in=scope)
    found = list(rows.order_by().values_list("day", "status").annotate(total=Sum("n")))
    return {status: n for _, status, n in found}, found[0][0] if found else None


def _title(count_of_things: int, total: int) -> str:
    if not count_of_things:
        return "Nothing needs attention" if total else "The fleet has not been read yet"
    number = NUMBERS[count_of_things] if count_of_things < len(NUMBERS) else str(count_of_things)
    return f"{number} {'thing needs' if count_of_things == 1 else 'things need'} attention"


def _tiles(counted: Facets, before: dict[str, int]) -> list[Tile]:
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
    return [_tile(value, counted.statuses.get(value, 0), counted.total, before) for value in shown]


def _tile(value: str, n: int, total: int, before: dict[str, int]) -> Tile:
    url = f"{reverse('sims:list')}?{urlencode({'status': value})}"
    note = change(n - before.get(value, 0)) if before else _share(n, total)
    return Tile("sim", value, count(n), note, url, f"status_{value}")


def _share(n: int, total: int) -> str:
    if not n or not total:
        return "none"
    share = n * 100 / total
    return "under 1 %" if share < 1 else f"{share:.0f} %"
