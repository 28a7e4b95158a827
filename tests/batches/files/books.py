"""Workbooks and files as people and programs make them."""

import io
import zipfile

import xlsxwriter

ICCIDS = [f"8986011805021{number:06}" for number in range(1, 4)]


def csv_of(*rows: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO("\r\n".join(rows).encode(encoding))


def book_of(*rows: list) -> io.BytesIO:
    """Text stays text, numbers are numbers, and what begins with = is a formula."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            if isinstance(value, int | float):
                sheet.write_number(row, column, value)
            elif value.startswith("="):
                sheet.write_formula(row, column, value)
            else:
                sheet.write_string(row, column, value)
    book.close()
    file.seek(0)
    return file


def bomb(megabytes: int = 200) -> io.BytesIO:
    """A workbook of a few hundred kB that unpacks to far more."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(megabytes):
                part.write(b" " * 2**20)
    file.seek(0)
    return file
