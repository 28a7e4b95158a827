"""The file to start from: one column, set to text so that no spreadsheet rounds what is pasted into it."""

from __future__ import annotations

import io

import xlsxwriter

HEADING = "ICCID"


def as_csv() -> bytes:
    return f"\ufeff{HEADING}\r\n".encode()


def as_workbook() -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet("SIMs")
    sheet.set_column(0, 0, 26, book.add_format({"num_format": "@"}))
    sheet.write_string(0, 0, HEADING, book.add_format({"num_format": "@", "bold": True}))
    sheet.freeze_panes(1, 0)
    book.close()
    return file.getvalue()
