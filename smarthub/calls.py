"""What the methods of the client share: reading one thing, and reading a list to its end."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from msgspec import structs

from smarthub.decode import Page, split_page, unwrap
from smarthub.decode.parsing import parse_lenient
from smarthub.decode.reading import Shape, build
from smarthub.errors import NotFound, ProtocolError, RecordError, ValidationFailed
from smarthub.models.replies import Answer, RawPage
from smarthub.operations import FIRST_PAGE, MAX_PAGE_SIZE, OPERATIONS
from smarthub.transport import Answered, Transport

NOTHING = "The answer holds nothing of what it should"
MOST_PAGES = 10_000
"""Where a list that says no total and never ends is given up."""


def read_object(
    transport: Transport, name: str, shape: Shape, path: Mapping[str, str] | None = None, *, known: Container[str]
) -> Answer[Any]:
    """One object, wrapped in `data` or not; RecordError where any field of it cannot be read.

    ProtocolError where it holds something and none of the `known` fields: it is something else, not an empty one.
    """
    answered = transport.send(name, path)
    value = _built(name, shape, answered)
    fields = parse_lenient(unwrap(answered.body))
    if fields and not any(field in known for field in fields):
        raise placed(ProtocolError(title=NOTHING), name, answered)
    return Answer(value, answered.reply)


def read_loosely(transport: Transport, name: str, shape: Shape, path: Mapping[str, str] | None = None) -> Answer[Any]:
    """One object whose fields are only assumed: what cannot be read counts as not sent and is named in `refused`.

    An error where nothing of it could be read: that is no answer, and must not empty what we know.
    """
    answered = transport.send(name, path)
    answer = decoded(name, shape, answered)
    if any(value not in (None, ()) for value in structs.astuple(answer.value)):
        return answer
    raise answer.refused[0] if answer.refused else placed(ProtocolError(title=NOTHING), name, answered)


def decoded(name: str, shape: Shape, answered: Answered) -> Answer[Any]:
    """The struct in an answer, and what of it could not be read; RecordError where that is a required field."""
    refused: list[RecordError] = []
    value = _built(name, shape, answered, refused)
    return Answer(value, answered.reply, tuple(refused))


def hint(name: str, shape: Shape, answered: Answered) -> Answer[Any]:
    """As `decoded`, for a success whose body does not matter: one that cannot be read is an empty struct."""
    try:
        return decoded(name, shape, answered)
    except ProtocolError:
        return Answer(shape.model(), answered.reply)


def _built(name: str, shape: Shape, answered: Answered, refused: list[RecordError] | None = None) -> Any:
    try:
        return build(shape, parse_lenient(unwrap(answered.body)), refused=refused)
    except ProtocolError as error:
        raise placed(error, name, answered) from None


def placed(error: ProtocolError, name: str, answered: Answered) -> ProtocolError:
    """The error of a decoder with the facts of the call it belongs to."""
    error.operation, error.status, error.reply = name, 200, answered.reply
    return error


def read_page(
    transport: Transport,
    name: str,
    query: Mapping[str, Any],
    path: Mapping[str, str] | None = None,
    *,
    takes_single: bool = False,
) -> RawPage:
    """One page of a list, its records raw."""
    answered = transport.send(name, path, query)
    try:
        page = split_page(answered.body, takes_single=takes_single)
    except ProtocolError as error:
        raise placed(error, name, answered) from None
    return _raw_page(page, query, answered)


def _raw_page(page: Page, query: Mapping[str, Any], answered: Answered) -> RawPage:
    number = query.get("page", FIRST_PAGE) if page.page is None else page.page
    size = page.size or query.get("size") or len(page.records)
    return RawPage(page.records, number, size, page.total, answered.reply)


def read_list(
    transport: Transport,
    name: str,
    shape: Shape,
    query: Mapping[str, Any],
    path: Mapping[str, str] | None = None,
    *,
    most: int | None = None,
) -> Answer[Any]:
    """A whole list as a tuple, repeats dropped; a record that cannot be read is named in `refused`.

    With `most` no further page is asked for once that many records were seen.
    """
    values: dict[Any, None] = {}
    refused: list[RecordError] = []
    replies = []
    for page in iter_pages(transport, name, query, path):
        replies.append(page.reply)
        for record in page.records:
            try:
                values[build(shape, parse_lenient(record))] = None
            except RecordError as error:
                refused.append(error)
        if most is not None and len(values) + len(refused) >= most:
            break
    return Answer(tuple(values), replies[0], tuple(refused))


def iter_pages(
    transport: Transport, name: str, query: Mapping[str, Any], path: Mapping[str, str] | None = None
) -> Iterator[RawPage]:
    """The pages of a list, up to the told total or to a page that shows nothing new.

    Total and size are believed only where what came adds up to them: either may be wrong, and pages may count from one.
    """
    if "page" not in OPERATIONS[name].query:
        yield read_page(transport, name, query, path, takes_single=True)
        return
    seen: set[bytes] = set()
    count = 0
    page: RawPage | None = None
    for number in range(FIRST_PAGE, MOST_PAGES):
        try:
            page = read_page(transport, name, {**query, "page": number, "size": MAX_PAGE_SIZE}, path, takes_single=True)
        except (NotFound, ValidationFailed):
            if page is None or not _may_be_the_last(page, number, count):
                raise
            return
        yield page
        has_new = not seen.issuperset(page.records)
        seen.update(page.records)
        count += len(page.records) if has_new else 0
        if page.total in (count, len(seen)) or not (has_new or _may_count_from_one(page, number)):
            return
    raise ProtocolError(name, title="The list does not end")


def _may_be_the_last(page: RawPage, following: int, count: int) -> bool:
    """Whether it is no wonder that there is no page after this one, instead of an empty one."""
    return page.total is None or max(count, following * page.size) >= page.total


def _may_count_from_one(page: RawPage, number: int) -> bool:
    """Whether a page that shows nothing new may be the first one again, as in a list whose pages count from one.

    A bare array that comes again is the whole list whatever page is asked for, unless it is as long as a page.
    """
    is_told = page.total is not None or len(page.records) == page.size
    return number == FIRST_PAGE + 1 and bool(page.records) and is_told
