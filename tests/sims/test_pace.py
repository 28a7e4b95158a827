from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sims.pace import Off, about, pace_of
from sims.usage import Cycle, Point

CYCLE = Cycle(date(2026, 11, 1), date(2026, 12, 1))
START = Point(CYCLE.starts_at, Decimal(0))


def nov(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def said(used: str | None, day: int, *, allowance: str | None = "100", origin: Point | None = START, off=None):
    pace = pace_of(
        used=used and Decimal(used),
        read_at=nov(day),
        origin=origin,
        cycle=CYCLE,
        allowance=allowance and Decimal(allowance),
        off=off,
    )
    return f"{pace.title} {pace.words}"


@pytest.mark.parametrize(
    ("used", "day", "allowance", "words"),
    [
        ("40", 11, "100", "Pace: 4.00 MB a day. That leads to 120 MB by 1 December, 20 MB too much."),
        ("20", 11, "100", "Pace: 2.00 MB a day. That leads to 60.0 MB by 1 December, within the allowance."),
        ("4.2166", 11, "10", "Pace: 0.42 MB a day. That leads to 12.6 MB by 1 December, 2.6 MB too much."),
        ("20", 11, None, "Pace: 2.00 MB a day. That leads to 60.0 MB by 1 December."),
        ("0", 11, "100", "Pace: 0.00 MB a day. That leads to 0.00 MB by 1 December, within the allowance."),
        ("2048", 11, "1024", "Pace: 204.80 MB a day. That leads to 6.00 GB by 1 December, 5.00 GB too much."),
    ],
)
def test_what_it_leads_to(used, day, allowance, words):
    assert said(used, day, allowance=allowance) == words


def test_from_our_first_reading_of_the_cycle():
    origin = Point(nov(9), Decimal(30))
    assert said("40", 11, origin=origin).startswith("Pace: 5.00 MB a day. That leads to 140 MB")


@pytest.mark.parametrize(
    ("used", "day", "origin"),
    [
        ("40", 11, None),
        (None, 11, START),
        ("40", 11, Point(nov(10, 1), Decimal(39))),
        ("3", 11, Point(nov(2), Decimal(9))),
    ],
)
def test_too_few_readings_are_said(used, day, origin):
    assert said(used, day, origin=origin).startswith("Not enough readings yet for a pace.")


def test_a_sim_that_is_off():
    assert said("40", 22, off=Off("suspended", nov(11))) == (
        "Pace until it was suspended: 4.00 MB a day. That would have come to 120 MB by 1 December, 20 MB too much. "
        "While it is off, nothing is added."
    )
    assert said("0", 22, off=Off("retired", datetime(2026, 10, 3, tzinfo=UTC), is_final=True)) == (
        "No pace: it was retired all this cycle. Nothing is added any more."
    )


@pytest.mark.parametrize(
    ("amount", "words"),
    [("3.94", "3.94 MB"), ("113.6", "114 MB"), ("12.65", "12.7 MB"), ("1228.8", "1.20 GB"), ("0", "0.00 MB")],
)
def test_a_forecast_has_few_figures(amount, words):
    assert about(Decimal(amount)) == words
