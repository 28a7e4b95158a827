import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batches.files import template
from batches.files.read import MOST_MB, read_identifiers, words_for
from batches.files.trouble import DamagedRows, Unreadable
from batches.files.workbook import BROKEN, TOO_GREAT
from sims.paste.parse import Parsed
from tests.batches.files.books import ICCIDS, bomb, book_of, csv_of


def read(file: io.BytesIO, **options) -> Parsed:
    return read_identifiers(file, len(file.getvalue()), **options)


def found(file: io.BytesIO) -> list[tuple[int, str]]:
    return [(entry.line, entry.value) for entry in read(file).entries]


def refusal(file: io.BytesIO) -> list[str]:
    with pytest.raises(Unreadable) as caught:
        read(file)
    return caught.value.sentences


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_csv_of_any_program(separator, encoding):
    rows = [separator.join(["Gerät", "ICCID"]), *(separator.join(["Müller", each]) for each in ICCIDS)]
    assert found(csv_of(*rows, encoding=encoding)) == list(zip((2, 3, 4), ICCIDS, strict=True))


@pytest.mark.parametrize("heading", ["iccid", "ICCID", " Iccid ", "SIM ID", "IMSI", "Phone number", "MSISDN", "imei"])
def test_columns_go_by_name(heading):
    assert found(csv_of(f"Note,{heading}", "x,898601180502100001")) == [(2, "898601180502100001")]


def test_the_surest_column_counts_and_the_next_where_it_is_empty():
    file = csv_of("IMEI,ICCID,IMSI", f"356938035643809,{ICCIDS[0]},", "356938035643809,,460001234567890")
    assert found(file) == [(2, ICCIDS[0]), (3, "460001234567890")]


def test_blank_rows_count_as_a_spreadsheet_counts_them():
    assert found(csv_of("", "ICCID", "", ICCIDS[0], "", "")) == [(4, ICCIDS[0])]
    assert found(book_of([], ["ICCID"], [], [ICCIDS[0]])) == [(4, ICCIDS[0])]


def test_a_hint_to_a_spreadsheet_is_no_row():
    assert found(csv_of("sep=;", "ICCID;Name", f"{ICCIDS[0]};a,b,c")) == [(2, ICCIDS[0])]


def test_quoted_cells_and_what_keeps_digits():
    file = csv_of("ICCID,Note", f'="{ICCIDS[0]}",x', f'"{ICCIDS[1]}","two\nlines"', f'"=""{ICCIDS[2]}""",')
    assert found(file) == list(zip((2, 3, 4), ICCIDS, strict=True))


def test_a_workbook_with_texts_and_small_numbers():
    assert found(book_of(["Device", "IMEI"], ["a", 356938035643809], ["b", "356938035643810"])) == [
        (2, "356938035643809"),
        (3, "356938035643810"),
    ]


@pytest.mark.parametrize("make", [template.as_csv, template.as_workbook])
def test_the_template_is_read_back(make):
    assert refusal(io.BytesIO(make())) == ["Under its heading the file has no identifier. Nothing was planned."]


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("8.98601E+18", "a spreadsheet rounded it"),
        ("########", "the column was too narrow"),
        ("8986011805O21000004", "a letter stands for a digit"),
        ("8986011805…", "it was cut off"),
        ("=HYPERLINK(1)", "a formula"),
        ("=cmd|' /C calc'!A0", "a formula"),
        ("not a number", "no identifier"),
        ("", "no identifier"),
        (f"{ICCIDS[0]} {ICCIDS[1]}", "several identifiers"),
    ],
)
def test_damaged_cells_are_told_by_their_row(cell, why):
    for file in (csv_of("ICCID\tNote", ICCIDS[0], f"{cell}\tx"), book_of(["ICCID", "Note"], [ICCIDS[0]], [cell, "x"])):
        head, row = refusal(file)
        assert head.startswith("1 row names no whole identifier, so nothing was planned.")
        assert row.startswith("Row 3") and why in row


def test_a_number_that_lost_its_digits_is_damaged():
    (_, row) = refusal(book_of(["ICCID"], [8986011805021000004.0]))
    assert row.startswith("Row 2 “8.98601180502100E+18”: a spreadsheet rounded it")


def test_only_the_first_damaged_rows_are_named():
    sentences = refusal(csv_of("ICCID", *["x"] * 500))
    assert len(sentences) == 12 and sentences[-1] == "490 more rows are damaged."


def test_damaged_rows_can_be_left_out():
    parsed = read(csv_of("ICCID", ICCIDS[0], "8.98601E+18", ICCIDS[1]), leave_out_damaged=True)
    assert [entry.line for entry in parsed.entries] == [2, 4]
    assert words_for(parsed) == "2 rows, 1 damaged one left out"


def test_the_same_sim_many_times_is_kept_for_the_dry_run_to_tell():
    assert len(read(csv_of("ICCID", *[ICCIDS[0]] * 500)).entries) == 500


def test_a_heading_is_asked_for():
    for file in (
        csv_of(*ICCIDS),
        csv_of("Device;Place", "a;b"),
        book_of(["x"], [ICCIDS[0]]),
        csv_of("", ";;", ICCIDS[0]),
    ):
        assert refusal(file)[0].startswith("The first row names no column that tells SIMs apart.")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "This file is empty."),
        (b"  \r\n ", "This file is empty."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old workbook", "workbook of the old kind"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "neither CSV nor XLSX"),
        (b"PK\x03\x04 and nothing more", "This workbook cannot be read."),
        (b'ICCID\n"8986', "After row 1 the file cannot be taken apart"),
        ("Gerät,ICCID\n".encode() + "Müller,1\n".encode("cp1252"), "row 1 is UTF-8, row 2 is not"),
    ],
)
def test_what_is_no_list(content, why):
    assert why in refusal(io.BytesIO(content))[0]


def test_a_large_file_is_not_looked_into():
    with pytest.raises(Unreadable, match=f"This file has 50 MB; at most {MOST_MB} MB are read"):
        read_identifiers(io.BytesIO(b"PK"), 50 * 2**20)


def test_a_bomb_is_not_unpacked():
    assert refusal(bomb()) == [TOO_GREAT]


def test_a_bomb_that_lies_about_its_size():
    content = bytearray(bomb(100).getvalue())
    real, told = (100 * 2**20).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert refusal(io.BytesIO(content.replace(real, told))) == [BROKEN]


def test_entities_are_refused():
    plain, laughing = book_of(["ICCID"], [ICCIDS[0]]), io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(laughing, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                head, rest = content.split(b"\n", 1)
                content = head + b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + rest
            new.writestr(part, content)
    assert refusal(laughing) == [BROKEN]


def test_a_row_with_an_absurd_number():
    plain, absurd = book_of(["ICCID"], [ICCIDS[0]]), io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(absurd, "w") as new:
        for part in old.infolist():
            new.writestr(part, old.read(part).replace(b'<row r="2"', b'<row r="99999999999"'))
    assert refusal(absurd) == ["Under its heading the file has no identifier. Nothing was planned."]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_have_an_answer(content):
    for start in (b"", b"ICCID\n", b"PK\x03\x04"):
        try:
            assert read(io.BytesIO(start + content)).entries
        except (Unreadable, DamagedRows) as error:
            assert all(error.sentences)
