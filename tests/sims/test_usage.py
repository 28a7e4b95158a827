from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.models import SyncRun, UsageDay
from sims.usage import Cycle, DayUse, day_uses, usage_of
from tests.sims.fleet import make_run, make_sim

FIRST = date(2026, 11, 1)


def nov(day: int) -> date:
    return date(2026, 11, day)


def used(totals: dict[int, str], *, last: int, seen: set[int] | None = None) -> list[str]:
    """What each day used, as text; ? is not known."""
    found = day_uses(
        {nov(day): Decimal(mb) for day, mb in totals.items()},
        first=FIRST, last=nov(last), seen={nov(day) for day in seen or set()},
    )  # fmt: skip
    return ["?" if day.used_mb is None else str(day.used_mb) for day in found]


@pytest.mark.parametrize(
    ("totals", "last", "seen", "days"),
    [
        ({1: "2", 2: "5", 3: "5.5"}, 3, set(), ["2", "3", "0.5"]),
        # days between two readings: their sum is known, not their parts
        ({1: "2", 4: "8"}, 5, set(), ["2", "?", "?", "?", "?"]),
        # a total that has not moved was nothing on every day between
        ({1: "2", 4: "2"}, 4, set(), ["2", "0", "0", "0"]),
        # the fleet was read and the total had not moved
        ({1: "2", 3: "5"}, 4, {2, 4}, ["2", "0", "3", "0"]),
        # the first reading of the cycle came late
        ({3: "9", 4: "10"}, 4, set(), ["?", "?", "?", "1"]),
        # a smaller total is a new cycle
        ({1: "90", 2: "3", 3: "4"}, 3, set(), ["90", "3", "1"]),
        ({1: "90", 3: "3"}, 3, set(), ["90", "?", "?"]),
        ({}, 2, set(), ["?", "?"]),
        ({}, 2, {1, 2}, ["0", "0"]),
    ],
)
def test_a_day_is_the_difference_of_two_readings(totals, last, seen, days):
    assert used(totals, last=last, seen=seen) == days


amounts = st.decimals(0, 500, places=3)


@given(st.dictionaries(st.integers(1, 30), amounts), st.sets(st.integers(1, 30)), st.integers(1, 30))
def test_whatever_was_read_each_day_stands_once_and_none_is_negative(totals, seen, last):
    days = day_uses(
        {nov(day): mb for day, mb in totals.items()}, first=FIRST, last=nov(last), seen={nov(day) for day in seen}
    )
    assert [day.day for day in days] == [nov(number) for number in range(1, last + 1)]
    assert all(day.used_mb is None or day.used_mb >= 0 for day in days)


@given(st.lists(amounts, min_size=1, max_size=30))
def test_days_without_a_gap_add_up_to_the_last_total(uses):
    totals, total = {}, Decimal(0)
    for number, amount in enumerate(uses, start=1):
        total += amount
        totals[nov(number)] = total
    days = day_uses(totals, first=FIRST, last=nov(len(uses)))
    assert [day.used_mb for day in days] == uses
    assert days[-1].total_mb == total


@given(st.lists(amounts, min_size=2, max_size=30), st.sets(st.integers(2, 29)))
def test_a_gap_never_makes_up_a_day(uses, missing):
    """Of readings that only grow, what is told for a day is what that day used."""
    totals, total = {}, Decimal(0)
    for number, amount in enumerate(uses, start=1):
        total += amount
        totals[nov(number)] = total
    kept = {day: mb for day, mb in totals.items() if day.day not in missing}
    for day, amount in zip(day_uses(kept, first=FIRST, last=nov(len(uses))), uses, strict=True):
        assert day.used_mb is None or day.used_mb == amount


def test_a_cycle_is_a_month_of_the_billing_zone(settings):
    settings.BILLING_TIME_ZONE = "Asia/Shanghai"
    cycle = Cycle.at(datetime(2026, 11, 30, 17, tzinfo=UTC))
    assert (cycle.first, cycle.end, cycle.length) == (date(2026, 12, 1), date(2027, 1, 1), 31)
    assert cycle.starts_at == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert cycle.place(cycle.starts_at - timedelta(days=9)) == 0
    assert cycle.place(cycle.starts_at + timedelta(hours=36)) == 1.5
    assert cycle.place(cycle.ends_at + timedelta(days=9)) == 31


def reading(sim, day: int, mb: str) -> None:
    read_at = datetime(2026, 11, day, 20, tzinfo=UTC)
    UsageDay.objects.create(day=nov(day), sim_id=sim.pk, cycle=FIRST, data_usage_mb=Decimal(mb), read_at=read_at)


NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


@pytest.mark.django_db
def test_our_own_readings_and_runs_tell_the_days(django_assert_num_queries):
    sim = make_sim(first_seen_at=datetime(2026, 10, 1, tzinfo=UTC))
    other = make_sim("2")
    for day, mb in ((1, "2"), (2, "5"), (4, "9")):
        reading(sim, day, mb)
    reading(other, 3, "77")
    at = datetime(2026, 11, 3, 9, tzinfo=UTC)
    make_run(started_at=at, finished_at=at + timedelta(minutes=9))
    make_run(started_at=NOON, finished_at=None, state=SyncRun.State.RUNNING)
    with django_assert_num_queries(2):
        usage = usage_of(sim, NOON)
    assert [day.used_mb for day in usage.days] == [2, 3, 0, 4, None]
    assert usage.highest == DayUse(nov(4), Decimal(4), Decimal(9))
    assert (usage.origin.at, usage.origin.mb) == (datetime(2026, 11, 1, tzinfo=UTC), 0)


@pytest.mark.django_db
def test_a_pace_begins_where_the_total_is_sure():
    late = make_sim("1", first_seen_at=datetime(2026, 11, 2, tzinfo=UTC))
    assert usage_of(late, NOON).origin is None
    reading(late, 2, "40")
    reading(late, 4, "44")
    assert usage_of(late, NOON).origin.mb == 40

    young = make_sim(
        "2", first_seen_at=datetime(2026, 10, 1, tzinfo=UTC), activated_at=datetime(2026, 11, 3, tzinfo=UTC)
    )
    assert usage_of(young, NOON).origin.at == datetime(2026, 11, 3, tzinfo=UTC)

    reading(young, 3, "9")
    reading(young, 4, "1")
    assert usage_of(young, NOON).origin.mb == 1


@pytest.mark.django_db
def test_a_day_on_which_the_sim_was_missing_was_not_read():
    sim = make_sim(first_seen_at=datetime(2026, 10, 1, tzinfo=UTC), missing_since=datetime(2026, 11, 2, tzinfo=UTC))
    for day in (1, 2, 3):
        at = datetime(2026, 11, day, 9, tzinfo=UTC)
        make_run(started_at=at, finished_at=at + timedelta(minutes=9))
    assert [day.used_mb for day in usage_of(sim, NOON).days] == [0, None, None, None, None]
