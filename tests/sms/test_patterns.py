from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.patterns import LONGEST_TEXT, BadPattern, check, match

SAFE = [
    r"OK.*", r"^OK$", r"T=(?P<T>[\d.]+) B=(?P<B>[\d.]+)", r"(?P<a>a|ab)(?P<c>c|bcd)?$", r"(?i)ok (?P<x>\w{2,4}?)\b",
    r"(?P<x>a*?)b", r"[^ab]+(?P<rest>.*)", r"(?:ab|a)*(?P<b>b)?", r"a{2,3}(?P<x>.)?", r"\s\S\D\W", r"(?P<n>-?\d+)",
]  # fmt: skip


@given(st.sampled_from(SAFE), st.text("abcdOK T=B.19-\n", max_size=20))
def test_it_finds_what_python_finds(pattern, text):
    found = re.search(pattern, text)
    expected = found and {name: value for name, value in found.groupdict().items() if value is not None}
    assert match(pattern, text) == expected


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|a)*b", r"(a|aa)+$", r"(?:a*)*b", r".*.*.*.*.*x"])
def test_what_would_keep_others_busy_for_years_is_over_at_once(pattern):
    match(pattern, "a" * LONGEST_TEXT + "!")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "at least one character"),
        ("(a", "cannot be read"),
        (r"(a)\1", "back-reference"),
        ("(?=a)b", "Looking around"),
        ("a{1,1000}", "repeated more than"),
        ("(((a{100}){100}){100})", "too big"),
        ("(?:(?:(?:){160}){160}){160}", "too big"),
        ("x" * 201, "at most 200 characters"),
        (f"(?P<{'n' * 33}>x)", "at most 32 characters"),
        ("(" * 150, "cannot be read"),
    ],
)
def test_what_cannot_be_matched_in_bounded_time_is_refused_in_words(pattern, words):
    with pytest.raises(BadPattern, match=words):
        check(pattern)
    assert match(pattern, "a") is None


def test_the_names_of_the_groups_are_told():
    assert check(r"T=(?P<T>\d+) (?P<other>.)") == ["T", "other"]
