"""The rows of a CSV file, whatever program wrote it."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator

from batches.files.trouble import Unreadable

SEPARATORS = ";\t,|"
_HINT = "sep="
MOST_CELLS = 256

NO_TEXT = "This is neither CSV nor XLSX: it holds bytes that no text has. Nothing was planned. Save it as CSV or XLSX."


def text_rows(content: bytes) -> Iterator[list[str]]:
    """Each row's cells, the blank rows too, so that they count as a spreadsheet counts them (`sep=;` is no row)."""
    text = decoded(content)
    first, _, rest = text.partition("\n")
    if first.lower().startswith(_HINT):
        separator, text = first[len(_HINT) :].strip() or "\t", rest
    else:
        separator = _separator_of(first)
    yield from _rows(text, separator[:1])


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    number = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            number += 1
            yield row[:MOST_CELLS]
    except csv.Error as error:
        raise Unreadable(
            f"After row {number} the file cannot be taken apart: a quote is not closed, or a cell is far too long. "
            "Nothing was planned. Save it as CSV again."
        ) from error


def _separator_of(head: str) -> str:
    """What parts the most cells of the first line."""
    return max(SEPARATORS, key=head.count) if any(each in head for each in SEPARATORS) else ","


def decoded(content: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or Windows-1252; a file that mixes encodings is refused with the row."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _checked(content.decode("utf-16", errors="replace"))
    try:
        return _checked(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        _refuse_a_mixture(content)
        return _checked(content.decode("cp1252", errors="replace"))


def _checked(text: str) -> str:
    if "\x00" in text or text.count("\ufffd") > len(text) // 50:
        raise Unreadable(NO_TEXT)
    return text


def _refuse_a_mixture(content: bytes) -> None:
    """Lines of UTF-8 and lines of something else: somebody's names would come out wrong, so nobody guesses."""
    lines: dict[bool, int] = {}
    for number, line in enumerate(content.splitlines(), 1):
        if not line.isascii():
            lines.setdefault(_is_utf8(line), number)
    if True in lines and b"\x00" not in content:
        raise Unreadable(
            f"The file mixes encodings: row {lines[True]} is UTF-8, row {lines[False]} is not. Nothing was planned. "
            "Save it as one encoding, best UTF-8."
        )


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True
