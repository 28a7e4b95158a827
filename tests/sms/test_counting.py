from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import ApiError
from simulator.sms import check_content
from sms.counting import GSM7, GSM7_EXTENSION, count, count_received, parts_of

ANY = st.text(st.characters(exclude_categories=()), max_size=200)
PLAIN = st.text(st.sampled_from(sorted(GSM7)), max_size=400)
EXTENDED = st.text(st.sampled_from(sorted(GSM7 | GSM7_EXTENSION)), max_size=400)


@pytest.mark.parametrize(
    ("text", "alphabet", "used", "parts"),
    [
        ("REBOOT", "gsm7", 6, 1),
        ("x" * 160, "gsm7", 160, 1),
        ("x" * 161, "gsm7", 161, 2),
        ("x" * 307, "gsm7", 307, 3),
        ("[€]", "gsm7", 6, 1),
        ("a\r\nb", "gsm7", 3, 1),
        ("ж" * 70, "ucs2", 70, 1),
        ("ж" * 71, "ucs2", 71, 2),
        ("x" * 68 + "😀", "ucs2", 70, 1),
        ("x" * 70 + "😀", "ucs2", 72, 2),
        ("`", "ucs2", 1, 1),
    ],
)
def test_a_text_is_counted_as_the_network_does(text, alphabet, used, parts):
    found = count(text, "text")
    assert (found.alphabet, found.used, found.parts) == (alphabet, used, parts)


@pytest.mark.parametrize(
    ("raw", "encoding", "words"),
    [
        ("", "text", "Nothing is written yet."),
        (
            "x" * 161,
            "text",
            "161 characters are 1 too many: the carrier takes one SMS of 160 at a time",
        ),
        ("x" * 159 + "€", "text", "€ count twice."),
        ("x" * 70 + "😀", "text", "“😀” (character 71) is outside GSM-7; without such characters 160 would fit."),
        ("ab\ud83d", "text", "Character 3 is half of a pair (a lone surrogate) or damaged"),
        ("a\0", "text", "Character 2 is NUL"),
        ("", "hex", "Nothing is written yet."),
        ("ABC", "hex", "3 hex digits are half an octet too many or too few"),
        ("0G", "hex", "“G” at place 2 is no hex digit."),
        ("00" * 141, "hex", "141 octets are 1 too many"),
    ],
)
def test_what_cannot_be_sent_says_why(raw, encoding, words):
    assert words in count(raw, encoding).error


def test_hex_may_be_written_with_blanks():
    found = count("0a ff\n01", "hex")
    assert (found.content, found.used, found.error) == ("0AFF01", 3, "")
    assert found.words == "3 of 140 octets, 1 SMS"


@given(PLAIN)
def test_plain_signs_take_one_place(text):
    found = count(text.replace("\r\n", "\n"), "text")
    assert (found.alphabet, found.used) == ("gsm7", len(text.replace("\r\n", "\n")))


@given(EXTENDED, EXTENDED)
def test_places_add_up(one, other):
    joined = count(f"{one} {other}", "text").used
    assert joined == count(f"{one} ", "text").used + count(other, "text").used


@given(ANY)
def test_any_text_is_counted_and_two_bytes_a_unit(text):
    found = count(text, "text")
    if found.alphabet == "ucs2":
        sent = text.replace("\r\n", "\n")
        assert found.used == len(sent.encode("utf-16-le", "surrogatepass")) // 2
    assert found.parts >= 1


@given(ANY | EXTENDED)
def test_the_carrier_takes_exactly_what_we_let_through(text):
    found = count(text, "text")
    lone = any("\ud800" <= sign <= "\udfff" or sign == "\ufffd" for sign in text)
    if not text or lone or "\0" in text:
        assert found.error
        return
    try:
        check_content(found.content, "TEXT")
    except ApiError:
        assert found.error
    else:
        assert not found.error


@given(st.text(string.hexdigits + " \n", max_size=300))
def test_hex_is_taken_in_pairs(raw):
    found = count(raw, "hex")
    is_good = bool(found.content) and len(found.content) % 2 == 0 and len(found.content) <= 280
    assert (not found.error) == is_good


@given(st.integers(0, 2000))
def test_parts_hold_it_all(used):
    parts = parts_of(used, "gsm7")
    assert used <= (160 if parts == 1 else 153 * parts)


@given(ANY, st.sampled_from(["TEXT", "HEX", "text", "hex", None, "", "?"]))
def test_what_came_is_never_refused(content, encoding):
    assert count_received(content, encoding)["parts"] >= 1
