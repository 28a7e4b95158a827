"""T1: traffic and cards per country."""

import re
from datetime import UTC, date, datetime, timedelta

from simulator.errors import invalid_field
from simulator.query import Request
from simulator.reply import Reply, reply
from simulator.world import World

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LONGEST_DAYS = 92


def country_codes(world: World, request: Request) -> Reply:
    start, end = _days(world, request)
    name = request.text("accountName")
    account = None if name is None else world.catalogue.account_index(name)
    if name is not None and account is None:
        return reply({"data": []})
    begin = world.cycles.midnight(datetime(start.year, start.month, start.day, tzinfo=UTC))
    until = min(world.clock.now(), world.cycles.midnight(_next_day(end)))
    countries = world.fleet.totals.by_country(account, world.fleet.present(), begin, until)
    ranked = sorted(countries.items(), key=lambda item: (-item[1][0], item[0]))
    return reply(
        {"data": [{"countryCode": code, "dataUsage": data / 1000, "simCount": cards} for code, (data, cards) in ranked]}
    )


def _days(world: World, request: Request) -> tuple[date, date]:
    """Both days inclusive; the current cycle up to today where not given."""
    now = world.clock.now()
    today = datetime.fromtimestamp(now, world.cycles.zone).date()
    end = _date(request, "endDate") or today
    cycle_start = datetime.fromtimestamp(world.cycles.bounds(now)[0], world.cycles.zone).date()
    start = _date(request, "startDate") or min(cycle_start, end)
    if start > end or (end - start).days >= _LONGEST_DAYS:
        raise invalid_field("query", "startDate")
    return start, end


def _date(request: Request, name: str) -> date | None:
    given = request.text(name)
    if given is None:
        return None
    try:
        if not _DATE.fullmatch(given):
            raise ValueError(given)
        return date.fromisoformat(given)
    except ValueError:
        raise invalid_field("query", name) from None


def _next_day(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
