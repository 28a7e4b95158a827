import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.identifiers import MAX_LENGTH, normalise, wanted
from sims.models import SimIdentifier

Kind = SimIdentifier.Kind


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (Kind.ICCID, "8986011805021000004", "8986011805021000004"),
        (Kind.ICCID, "8986 0118-0502/1000 004", "8986011805021000004"),
        (Kind.ICCID, "giccid01", "GICCID01"),
        (Kind.IMEI, "004999010640000", "004999010640000"),
        (Kind.IMEI, "49-015420-323751-8", "490154203237518"),
        (Kind.MSISDN, "+86 145 0000 0004", "8614500000004"),
        (Kind.MSISDN, "008614500000004", "8614500000004"),
        (Kind.MSISDN, "８６１４５", "86145"),
        (Kind.IMSI, "", ""),
        (Kind.IMSI, "\x00%_🙂", ""),
    ],
)
def test_a_number_has_one_spelling(kind, raw, value):
    assert normalise(kind, raw) == value


@given(st.sampled_from(Kind), st.text())
def test_normalising_anything_leaves_letters_and_digits(kind, raw):
    value = normalise(kind, raw)
    assert value == "" or (value.isascii() and value.isalnum() and value == value.upper())


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (" 8986 0118 0502 1000 004 ", "8986011805021000004"),
        ("8986011805021000004F", "8986011805021000004"),
        ("+86 145 0000 0004", "8614500000004"),
        ("0086 145 0000 0004", "8614500000004"),
        ("00499901", "00499901"),
        ("giccid01", "GICCID01"),
    ],
)
def test_a_search_forgives_blanks_and_prefixes(text, whole):
    assert whole in wanted(text).whole


def test_a_check_digit_may_be_too_many():
    assert wanted("89860118050210000047").without_check == "8986011805021000004"
    assert wanted("8986011805021000004").without_check == ""


def test_endings_have_four_characters():
    assert wanted("447").endings == ()
    assert wanted("4471").endings == ("4471",)
    assert "1450000000" in wanted("0145 0000 000").endings


@pytest.mark.parametrize("text", ["", " ", "\x00", "%", "_", "🙂", "9" * (MAX_LENGTH + 1), "9" * 100_000])
def test_what_can_be_no_identifier_wants_nothing(text):
    assert not wanted(text)


@given(st.text())
def test_any_text_can_be_asked_for(text):
    for value in (*wanted(text).whole, *wanted(text).endings):
        assert value.isalnum()
        assert len(value) <= MAX_LENGTH
