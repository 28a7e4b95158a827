"""From an uploaded file to identifiers with their row numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import IO

from batches.files.text import text_rows
from batches.files.trouble import BadRow, DamagedRows, Unreadable
from batches.files.workbook import workbook_rows
from sims.paste.parse import EXCERPT, Damage, Entry, Parsed, parse
from toolkit.figures import plural

MOST_MB = 10
TOO_BIG = (
    "This file has {size} MB; at most {most} MB are read. Nothing was planned. Keep only the column with the"
    " identifiers."
)
EMPTY = "This file is empty. Nothing was planned."
OLD_WORKBOOK = "This is a workbook of the old kind (XLS). Nothing was planned. Save it as XLSX or CSV."
NO_HEAD = (
    "The first row names no column that tells SIMs apart. Nothing was planned. Write ICCID, IMSI, IMEI or Phone number "
    "above its column, or start from the template."
)
NO_ROWS = "Under its heading the file has no identifier. Nothing was planned."

# By name, the surest first; where its cell is empty the next one of the row counts.
HEADINGS = (
    ("iccid", "giccid", "ccid", "sim", "simid", "simnumber", "simiccid", "identifier", "identifiers"),
    ("imsi",),
    ("msisdn", "phonenumber", "phone", "mobilenumber", "number"),
    ("imei",),
)
DAMAGE = {
    Damage.ROUNDED: "a spreadsheet rounded it; its last digits are gone. Set the column to Text first.",
    Damage.ZEROS: "a spreadsheet put zeros for its last digits.",
    Damage.HASHES: "the column was too narrow; only # signs are in the file.",
    Damage.LETTER: "a letter stands for a digit.",
    Damage.CUT: "it was cut off.",
    Damage.TOO_LONG: "no identifier is so long: two of them in one cell?",
}
FORMULA = "a formula, not a number. Paste values instead."
SEVERAL = "several identifiers in one cell. Give each a row of its own."
NONE = "no identifier."
# ="8986…" is how some programs keep a spreadsheet from rounding; it is a text, not a sum.
_QUOTED = re.compile(r'="([^"=]*)"')
_PLAIN = re.compile(r"[0-9]{4,32}")


def read_identifiers(file: IO[bytes], size: int, *, leave_out_damaged: bool = False) -> Parsed:
    """The identifiers of a CSV or XLSX file, each with its row as a spreadsheet counts it.

    Raises `Unreadable` with what to tell the person; `DamagedRows` for rows that name no SIM, unless these are left
    out: they count as `words` then.
    """
    entries: list[Entry] = []
    damaged: list[BadRow] = []
    rows = enumerate(_rows_of(file, size), 1)
    places = _places(rows)
    last = 0
    for last, row in rows:
        if found := _entry(last, row, places):
            (entries if isinstance(found, Entry) else damaged).append(found)  # type: ignore[arg-type]
    if damaged and not leave_out_damaged:
        raise DamagedRows(damaged)
    if not entries:
        raise Unreadable(NO_ROWS)
    return Parsed(entries, last, len(damaged))


def _rows_of(file: IO[bytes], size: int) -> Iterator[list[str]]:
    if size > MOST_MB * 2**20:
        raise Unreadable(TOO_BIG.format(size=round(size / 2**20), most=MOST_MB))
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    if not start.strip():
        raise Unreadable(EMPTY)
    if start.startswith(b"PK"):
        return workbook_rows(file)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(OLD_WORKBOOK)
    return text_rows(file.read())


def _places(rows: Iterator[tuple[int, list[str]]]) -> list[int]:
    """Where the identifiers stand, by the first row that is not blank."""
    for _, row in rows:
        if any(cell.strip() for cell in row):
            names = [re.sub(r"[^a-z]", "", cell.casefold()) for cell in row]
            places = [names.index(name) for group in HEADINGS for name in group if name in names]
            if places:
                return places
            break
    raise Unreadable(NO_HEAD)


def _entry(number: int, row: Sequence[str], places: list[int]) -> Entry | BadRow | None:
    """The row's identifier; None for a row that is blank."""
    cells = (row[place].strip() for place in places if place < len(row))
    text = next(filter(None, cells), "")
    if not text:
        return BadRow(number, "", NONE) if any(cell.strip() for cell in row) else None
    if _PLAIN.fullmatch(text):
        return Entry(number, text, text)
    return _read(number, text)


def _read(number: int, text: str) -> Entry | BadRow:
    shown = text if len(text) <= EXCERPT else f"{text[: EXCERPT - 1]}…"
    if quoted := _QUOTED.fullmatch(text):
        text = quoted[1]
    elif text.startswith("="):
        return BadRow(number, shown, FORMULA)
    found = parse(text).entries
    if not found:
        return BadRow(number, shown, NONE)
    if len(found) > 1:
        return BadRow(number, shown, SEVERAL)
    if damage := found[0].damage:
        return BadRow(number, shown, DAMAGE[damage])
    return Entry(number, shown, found[0].value)


def words_for(parsed: Parsed) -> str:
    """What was taken from the file: 2,871 rows, 3 damaged ones left out."""
    words = plural(len(parsed.entries), "row", "rows")
    return f"{words}, {plural(parsed.words, 'damaged one', 'damaged ones')} left out" if parsed.words else words
