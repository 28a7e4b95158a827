from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from toolkit import figures


def test_what_was_not_read_is_never_a_zero():
    for words in (figures.count, figures.change, figures.amount_mb, figures.volume):
        assert words(None) == "not read yet"
    assert figures.age(None, datetime.now(UTC)) == "not read yet"
    assert figures.percent(None, 10) is None


def test_what_was_read_and_left_out_is_not_told():
    assert figures.told(figures.count(None)) == "not told"
    assert figures.told(figures.count(0)) == "0"


def test_counts_have_separators_and_a_minus_sign():
    assert figures.count(1_003_482) == "1,003,482"
    assert figures.count(-902) == "−902"
    assert figures.change(1118) == "+1,118"
    assert figures.change(-902) == "−902"
    assert figures.change(0) == "no change"


@pytest.mark.parametrize(
    ("mb", "words"),
    [
        ("0", "0.00 MB"),
        ("9.333", "9.33 MB"),
        ("0.005", "0.01 MB"),
        ("1023.99", "1,023.99 MB"),
        ("1024", "1.00 GB"),
        ("1536", "1.50 GB"),
        ("-3.5", "−3.50 MB"),
    ],
)
def test_a_volume_has_its_unit(mb, words):
    assert figures.volume(Decimal(mb)) == words


def test_a_share_is_rounded_down_and_has_a_whole():
    assert figures.percent(Decimal("99.9"), Decimal("100")) == 99
    assert figures.percent(3, 0) is None


def test_one_is_not_many():
    assert figures.plural(1, "SIM", "SIMs") == "1 SIM"
    assert figures.plural(2871, "SIM", "SIMs") == "2,871 SIMs"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=40), "40 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(hours=48), "2 d"),
    ],
)
def test_an_age_is_one_number_and_one_unit(length, words):
    assert figures.span(length) == words


def test_how_long_it_took_is_two_units_deep():
    assert figures.took(timedelta(seconds=41)) == "41 s"
    assert figures.took(timedelta(seconds=130)) == "2 min 10 s"
    assert figures.took(timedelta(hours=2, minutes=14)) == "2 h 14 min"
