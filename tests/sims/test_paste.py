import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.paste.form import MAX_CHARACTERS, MAX_ENTRIES, PasteForm
from sims.paste.parse import EXCERPT, Damage, parse

ICCID = "8986011805021004471"
OTHER = "8986011805021004472"
MAIL = f"""Hi Jonas, please switch these 12 SIMs by 2026-11-30 at 10:30 (order 2024-00123):

{ICCID}
IMEI 35-693803-564380-9 and 460060000004490

Ticket 4471 is mine, reach me under sven@halden.example or 10.0.0.1.
Thanks, Sven
"""


def values(text: str) -> list[str]:
    return [entry.value for entry in parse(text).entries if not entry.is_guess]


def damages(text: str) -> list[tuple[str, str]]:
    return [(entry.damage, entry.mended) for entry in parse(text).entries if entry.damage]


@pytest.mark.parametrize(
    "text",
    [
        ICCID,
        "8986 0118 0502 1004 471",
        "8986-0118-0502-1004-471",
        "8986.0118.0502.1004.471",
        f"  {ICCID}.",
        f"({ICCID})",
        f'"{ICCID}"',
        f'="{ICCID}"',
        f"'{ICCID}",
        f"ICCID: {ICCID}",
        f"ICCID{ICCID}",
        f"1. {ICCID}",
        "1. 8986 0118 0502 1004 471",
        f"12) {ICCID}",
        f"{ICCID}.0",
        f"/sims/{ICCID}/",
        "８９８６０１１８０５０２１００４４７１",
        f"{ICCID},ACTIVE,41.25,2025-01-15T08:00:00Z,Basic-100M",
    ],
)
def test_an_identifier_is_read_in_any_dress(text):
    assert values(text) == [ICCID]


@pytest.mark.parametrize("separator", ["\n", "\r\n", ",", ", ", ";", "\t", " ", "  ", " | ", "\n\n", '","', " and "])
def test_any_separator_will_do(separator):
    assert values(separator.join([ICCID, OTHER])) == [ICCID, OTHER]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+86 145 0000 4482", "8614500004482"),
        ("0086 145 0000 4482", "008614500004482"),
        ("+49 (0)145 0000 4471", "4914500004471"),
        ("35-693803-564380-9", "356938035643809"),
        ("004480", "004480"),
        ("ends in 4471", None),
        ("ending 4471", "4471"),
    ],
)
def test_groups_of_digits_are_one_number(text, value):
    assert values(text) == ([value] if value else [])


def test_groups_that_could_stand_alone_do():
    assert values("004480 004481 004482") == ["004480", "004481", "004482"]
    assert values("8986 0118 0502 1004 471 8986 0118 0502 1004 472") == [ICCID, OTHER]


def test_a_mail_gives_its_identifiers_with_their_lines_and_its_words_are_counted():
    parsed = parse(MAIL)
    assert [(entry.line, entry.value) for entry in parsed.entries] == [
        (3, ICCID),
        (4, "356938035643809"),
        (4, "460060000004490"),
    ]
    assert parsed.lines == 7
    assert parsed.words > 15


@pytest.mark.parametrize(
    "text", ["2026-11-22", "22.11.2026", "22/11/2026", "10:30:15", "10.0.0.1", "a@4471.example", "1024.50"]
)
def test_dates_times_addresses_and_amounts_are_words(text):
    assert parse(text).entries == []
    assert parse(text).words == 1


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("8.98601E+18", "898601"),
        ("8,98601E+18", "898601"),
        ("8.986011805021e18", "8986011805021"),
        ("9E+18", "9"),
        ('"8.98601E+18",active', "898601"),
    ],
)
def test_a_number_that_a_spreadsheet_rounded_is_named(text, left):
    assert damages(text) == [(Damage.ROUNDED, left)]


@pytest.mark.parametrize(
    ("text", "damage"),
    [
        ("8986011805021O04492", (Damage.LETTER, "8986011805021004492")),
        ("8986 0118 0502 1O04 492", (Damage.LETTER, "8986011805021004492")),
        ("898601l805021004492", (Damage.LETTER, "8986011805021004492")),
        ("#########", (Damage.HASHES, "")),
        ("8986011805…", (Damage.CUT, "8986011805")),
        ("8986011805...", (Damage.CUT, "8986011805")),
        (ICCID * 2, (Damage.TOO_LONG, "38")),
    ],
)
def test_other_damage_is_named(text, damage):
    assert damages(text) == [damage]


def test_what_may_be_an_opaque_key_is_a_guess():
    (guess,) = parse("giccid01").entries
    assert (guess.value, guess.is_guess) == ("GICCID01", True)


@given(st.text())
def test_any_text_has_an_answer(text):
    parsed = parse(text)
    assert parsed.lines == len(text.splitlines())
    for entry in parsed.entries:
        assert 1 <= entry.line <= parsed.lines
        assert len(entry.text) <= EXCERPT
        assert entry.value


SPELLINGS = st.sampled_from(
    [
        lambda number: number,
        lambda number: f"{number}F",
        lambda number: " ".join(number[at : at + 4] for at in range(0, len(number), 4)),
        lambda number: "-".join(number[at : at + 5] for at in range(0, len(number), 5)),
        lambda number: f"ICCID {number}",
        lambda number: f'="{number}"',
    ]
)


@given(
    st.lists(st.tuples(st.from_regex(r"89[0-9]{17}", fullmatch=True), SPELLINGS), min_size=1, max_size=30),
    st.sampled_from(["\n", ";", ",", "\t", "\r\n", " ; "]),
)
def test_every_iccid_of_a_list_is_read_back_in_order(written, separator):
    text = separator.join(spelling(number) for number, spelling in written)
    assert [value.rstrip("F") for value in values(text)] == [number for number, _ in written]


@given(st.text(alphabet="0123456789 .,-+eE#OIl…F:/()\n\t", max_size=200))
def test_digits_in_any_mess_have_an_answer(text):
    assert len(parse(text).entries) <= len(text)


# The form


def errors(text: str) -> str:
    form = PasteForm({"text": text})
    form.is_valid()
    return " ".join(form.errors.get("text", []))


def test_ten_thousand_are_taken_and_one_more_is_not():
    lines = [f"898601{number:013}" for number in range(MAX_ENTRIES + 1)]
    assert errors("\n".join(lines[:-1])) == ""
    assert errors("\n".join(lines)).startswith("10,001 identifiers stand in it; at most 10,000")


def test_words_do_not_count_for_the_limit():
    assert errors(f"{ICCID}\n" + "giccid01 plan-b2\n" * 11_000) == ""


def test_a_text_too_long_is_refused_in_words():
    assert errors("9" * (MAX_CHARACTERS + 1)).startswith("This text has 2,000,001 characters")


@pytest.mark.parametrize(
    "text", [f"{ICCID}\x00", "PK\x03\x04\x14\x00\x06", "\ufffd\ufffd\x01\x02" * 50, "\x7fELF\x02\x01"]
)
def test_the_inside_of_a_file_is_refused_in_words(text):
    assert errors(text).startswith("This is not text but the inside of a file.")


@pytest.mark.parametrize("text", ["", "  \n "])
def test_nothing_is_refused(text):
    assert errors(text) == "Nothing was pasted."


def test_prose_alone_is_refused_with_what_is_looked_for():
    assert errors("Good morning, Jonas").startswith("None of the 3 words is an identifier.")


def test_what_is_too_much_is_not_sent_back():
    assert PasteForm({"text": "9" * (MAX_CHARACTERS + 1)}).text_to_show_again() == ""
    assert PasteForm({"text": "Good morning"}).text_to_show_again() == "Good morning"
