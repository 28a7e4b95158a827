from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enterprise.forecast import FEWEST, Verdict, forecast

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def line(per_day: float, days: float = 5, *, every_h: float = 6, base: float = 0.0, noise: float = 0.0):
    steps = int(days * 24 / every_h)
    at = [NOW - (steps - number) * every_h * HOUR for number in range(steps + 1)]
    return [
        (moment, base + per_day * number * every_h / 24 + (noise if number % 2 else -noise))
        for number, moment in enumerate(at)
    ]


def test_a_steady_use_ends_where_the_line_does():
    found = forecast(line(100), total_mb=1000)
    assert found.verdict is Verdict.RUNS_OUT
    assert found.per_day_mb == pytest.approx(100)
    assert abs(found.at - (NOW + timedelta(days=5))) < timedelta(minutes=1)
    assert found.margin < timedelta(minutes=1)


def test_scatter_widens_the_margin():
    calm, wild = forecast(line(100, noise=1), total_mb=1000), forecast(line(100, noise=9), total_mb=1000)
    assert timedelta(0) < calm.margin < wild.margin
    assert wild.per_day_margin_mb > calm.per_day_margin_mb > 0


@pytest.mark.parametrize("points", [[], line(100)[:3], line(100, days=0.5, every_h=2)])
def test_too_few_readings_are_said_to_be_too_few(points):
    assert forecast(points, total_mb=1000).verdict is Verdict.TOO_FEW


def test_readings_in_close_order_count_once():
    points = [(NOW + number * timedelta(minutes=1), float(number)) for number in range(200)]
    assert forecast(points, total_mb=1000).readings < FEWEST


def test_a_fall_begins_anew():
    before = [(at - timedelta(days=6), mb + 5000) for at, mb in line(100)]
    assert forecast([*before, *line(100)], total_mb=1000).readings == len(line(100))


def test_what_stands_still_does_not_end():
    assert forecast(line(0, base=10), total_mb=1000).verdict is Verdict.STILL
    assert forecast(line(0.001), total_mb=1_000_000).verdict is Verdict.STILL


def test_an_empty_pool_and_one_without_a_size():
    assert forecast(line(100), total_mb=400).verdict is Verdict.EMPTY
    assert forecast(line(100), total_mb=None).verdict is Verdict.NO_TOTAL
    assert forecast(line(100), total_mb=0).verdict is Verdict.NO_TOTAL


def test_before_the_end_means_with_its_margin():
    found = forecast(line(100, noise=9), total_mb=1000)
    end = found.at
    assert not found.is_before(end)
    assert found.may_be_before(end)
    assert found.is_before(end + found.margin + HOUR)
    assert not found.may_be_before(end - found.margin - HOUR)
    assert not found.is_before(None)


@given(st.lists(st.tuples(st.integers(0, 1000), st.floats(0, 1e9)), max_size=40), st.floats(0.001, 1e9))
def test_no_readings_break_it(readings, total):
    points = [(NOW + hour * HOUR, mb) for hour, mb in sorted(dict(readings).items())]
    found = forecast(points, total_mb=total)
    assert (found.at is not None) == (found.verdict is Verdict.RUNS_OUT)
    assert found.margin >= timedelta(0)
