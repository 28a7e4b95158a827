"""A file that is small enough to be sent while the person waits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from sims.export.chunks import Chunks
from sims.export.files import CONTENT_TYPES, Workbook, csv_head
from sims.export.wanted import Wanted
from sims.models import Export
from toolkit.streams import Blocks, streamed


def send(request: HttpRequest, wanted: Wanted, kind: str) -> StreamingHttpResponse:
    """The file as an attachment: CSV while it is read, a workbook when it is whole."""
    chunks = Chunks(wanted.sims(), wanted.cells)
    name = f"sims-{timezone.now():%Y%m%d-%H%M}.{kind}"
    if kind == Export.Format.CSV:
        parts = csv_parts(chunks)
        return streamed(request, parts, content_type=CONTENT_TYPES[kind], file_name=name, stop=chunks.stop)
    file = _workbook(chunks)
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    return streamed(request, Blocks(file), content_type=CONTENT_TYPES[kind], file_name=name, length=length)


def _workbook(chunks: Chunks) -> IO[bytes]:
    file = TemporaryFile()  # noqa: SIM115 - closed by who sends it
    book = Workbook(file, chunks.columns)
    for chunk in chunks:
        book.write(chunk)
    book.close()
    return file


def csv_parts(chunks: Chunks) -> Iterator[bytes]:
    yield csv_head(chunks.columns)
    for chunk in chunks:
        yield chunk.text
