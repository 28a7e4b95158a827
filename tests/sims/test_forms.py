from itertools import pairwise
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from sims.forms import SimListForm, shorten
from sims.ranges import SHARES, Unreadable, days_of, since_of, usage_of

NAMES = ("status", "package", "usage", "activated", "plan_end", "changed", "no_device", "missing", "rows", "sort", "po")


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.text(max_size=30), max_size=4), max_size=6))
def test_whatever_stands_in_the_address_the_form_has_an_answer(query):
    form = SimListForm(QueryDict(urlencode(query, doseq=True, errors="replace")), accounts={1: "halden-dach"})
    assert bool(form.messages) == bool(form.errors)
    assert form.is_impossible or form.criteria()
    assert form.page_size == 50 or "rows" in query


def test_changed_since_a_day_may_be_written_as_a_range_without_an_end() -> None:
    assert since_of("2026-01-31..") == since_of(" 2026-01-31 .. ") == since_of("2026-01-31")


@given(st.text(max_size=40))
@pytest.mark.parametrize("read", [usage_of, days_of, since_of])
def test_a_range_is_read_or_refused_in_words(read, text):
    try:
        found = read(text)
    except Unreadable as error:
        assert str(error).endswith(".")
    else:
        assert read(found.text).text == found.text


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.decimals(min_value=0, max_value=10**9, places=2))
def test_a_range_of_usage_comes_back_from_its_text(one, other):
    low, high = sorted((one, other))
    for text in (f"{low}-{high}", f">{low}%", f"<={high}", f"{low}-{high}%"):
        found = usage_of(text)
        assert usage_of(found.text) == found


def test_shares_leave_no_gap():
    ends = [(share.low, share.high, share.is_above_low, share.is_below_high) for share in SHARES.values()][1:]
    for (_, high, _, is_below), (low, _, is_above, _) in pairwise(ends):
        assert high == low
        assert is_below != is_above


def test_a_long_text_is_not_repeated_whole():
    assert shorten("x" * 100) == "x" * 39 + "…"


def test_only_what_was_sent_is_a_message():
    form = SimListForm(QueryDict("usage=&activated_from=&activated_to=&po=&changed="), accounts={})
    assert form.messages == []
    assert form.criteria().is_exact
