"""The rows of the first sheet of an XLSX file, read row by row; what it would grow to is known before."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from openpyxl import load_workbook

from batches.files.trouble import Unreadable
from toolkit.figures import count

MOST_UNPACKED_MB = 64
MOST_PARTS = 2000
MOST_ROWS = 200_000
MOST_COLUMNS = 64
# A double holds 15 digits for certain; what has more was rounded when it became a number.
SURE = 10**15

BROKEN = "This workbook cannot be read. Nothing was planned. Open it in a spreadsheet and save it as XLSX or CSV again."
TOO_GREAT = (
    f"Unpacked, this workbook would have more than {MOST_UNPACKED_MB} MB. Nothing was planned. Keep only the column "
    "with the identifiers."
)
TOO_MANY = (
    f"This sheet has more than {count(MOST_ROWS)} rows. Nothing was planned. Keep only the rows with identifiers."
)


def workbook_rows(file: IO[bytes]) -> Iterator[list[str]]:
    """Each row's cells as text, the blank rows too. A number of 16 digits and more shows that it was rounded."""
    _check_size(file)
    with _told_as_broken(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl speaks of styles and extensions it leaves out
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        try:
            sheet = book.worksheets[0]
            rows = sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS, values_only=True)
            for number, row in enumerate(_without_dimensions(sheet, rows), 1):
                if number > MOST_ROWS:
                    raise Unreadable(TOO_MANY)
                yield [_text(value) for value in row]
        finally:
            book.close()


def _without_dimensions(sheet: Any, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The rows without the blank ones that fill the sheet up to the last row asked for."""
    blank = 0
    for row in rows:
        if all(value is None for value in row):
            blank += 1
            continue
        for _ in range(blank):
            yield ()
        blank = 0
        yield row


def _check_size(file: IO[bytes]) -> None:
    """Python's zipfile never unpacks more than the size a part declares, so the declared sizes bind."""
    with _told_as_broken(), zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_MB * 2**20:
            raise Unreadable(TOO_GREAT)
    file.seek(0)


@contextmanager
def _told_as_broken() -> Iterator[None]:
    """A damaged or malicious workbook fails in any part of openpyxl, with any error; all of them mean the same."""
    try:
        yield
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(BROKEN) from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.14E}" if abs(value) >= SURE else f"{value:.15g}"
    text = getattr(value, "text", value)  # a formula over several cells is an object with its text
    return str(text).strip()
