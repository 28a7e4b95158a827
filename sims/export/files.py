"""What a file looks like: CSV as bytes, and a workbook of the same cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import Worksheet

from sims.export.chunks import Chunk
from sims.export.columns import Cells, Kind

# Spreadsheets take a CSV without it for the system's old encoding.
BOM = b"\xef\xbb\xbf"
MAX_SHEET_ROWS = 1_000_000
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def csv_head(columns: list[Cells]) -> bytes:
    """The byte order mark and the headings."""
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(column.heading for column in columns)
    return BOM + line.getvalue().encode()


def cells_in(chunk: Chunk) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(chunk.text.decode(), newline=""))


class _Target:
    """Hands all on to `file` until that fails; from then on it only counts.

    What packs a workbook tries to end it once more when it is thrown away, with nobody there to hear of it.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._place, self._has_failed = file, 0, False

    def write(self, data: bytes) -> int:
        self._try(lambda: self._file.write(data))
        self._place += len(data)
        return len(data)

    def seek(self, place: int) -> int:
        """Only from the beginning: nothing else is asked for."""
        self._try(lambda: self._file.seek(place))
        self._place = place
        return place

    def tell(self) -> int:
        return self._place

    def flush(self) -> None:
        self._try(self._file.flush)

    def _try(self, act: Callable[[], object]) -> None:
        if self._has_failed:
            return
        try:
            act()
        except OSError:
            self._has_failed = True
            raise


class Workbook:
    """An XLSX of one sheet in constant memory: rows go to a file in `folder` and are packed into `target` at the end.

    Every text is written as text: nothing is a formula, a link or a rounded number.
    """

    def __init__(self, target: IO[bytes], columns: list[Cells], *, folder: Path | None = None) -> None:
        options: dict[str, Any] = {"constant_memory": True}
        if folder is not None:
            options["tmpdir"] = str(folder)
        self._book = xlsxwriter.Workbook(_Target(target), options)
        self._book.use_zip64()
        self._kinds = [column.kind for column in columns]
        self._sheet: Worksheet = self._book.add_worksheet("SIMs")
        self._row = 0
        self._start(columns)

    def _start(self, columns: list[Cells]) -> None:
        bold = self._book.add_format({"bold": True})
        text = self._book.add_format({"num_format": "@"})
        for number, column in enumerate(columns):
            # A column of texts stays one: what is typed into it later is not rounded either.
            self._sheet.set_column(number, number, column.width, None if column.kind is Kind.NUMBER else text)
            self._sheet.write_string(0, number, column.heading, bold)
        self._text = text
        self._sheet.freeze_panes(1, 0)

    def write(self, chunk: Chunk) -> None:
        sheet, text = self._sheet, self._text
        for row, cells in enumerate(cells_in(chunk), self._row + 1):
            for place, (kind, cell) in enumerate(zip(self._kinds, cells, strict=True)):
                if cell and kind is Kind.NUMBER:
                    sheet.write_number(row, place, float(cell))
                elif cell:
                    sheet.write_string(row, place, cell, text)
        self._row += chunk.rows

    def close(self) -> None:
        """Pack it; raises OSError as every other write does."""
        try:
            self._book.close()
        except FileCreateError as error:
            raise error.args[0] from None
