import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smarthub import RecordError, decode_sim, split_page
from smarthub.decode import unwrap
from smarthub.errors import ProtocolError

A = '{"giccid": "1",  "status":"A"}'
B = '{"giccid": "2", "status": "B", "currentCycleUsages": {"dataUsage": 1.10}}'


def body(records: str, rest: str = ', "page": 2, "size": 10, "total": 22') -> bytes:
    return f'{{"data": [{records}]{rest}}}'.encode()


def test_records_come_as_they_were_written() -> None:
    page = split_page(body(f"{A}, {B}"))
    assert page.records == [A.encode(), B.encode()]
    assert all(type(record) is bytes for record in page.records)
    assert (page.page, page.size, page.total) == (2, 10, 22)


def test_a_mark_of_byte_order_is_no_part_of_an_answer() -> None:
    marked = b"\xef\xbb\xbf" + body(f"{A}, {B}")
    assert [json.loads(record)["giccid"] for record in split_page(marked).records] == ["1", "2"]
    assert json.loads(unwrap(b"\xef\xbb\xbf" + A.encode())) == json.loads(A)


@pytest.mark.parametrize("records", [f"[{A},{B}]", f" \n[{A}, {B}]", f'{{"data": [{A}, {B}]}}'])
def test_an_envelope_may_be_absent_or_bare(records: str) -> None:
    page = split_page(records.encode())
    assert page.records == [A.encode(), B.encode()]
    assert (page.page, page.size, page.total) == (None, None, None)


@pytest.mark.parametrize(
    ("rest", "figures"),
    [
        (', "page": "2", "size": "10", "total": "22"', (2, 10, 22)),
        (', "page": null, "size": null, "total": null', (None, None, None)),
        (', "page": 0, "size": 10, "total": -1', (0, 10, None)),
        (', "page": 0, "size": 10, "total": 1e400', (0, 10, None)),
        (', "page": {}, "size": "many", "total": true', (None, None, None)),
        (', "page": 0, "size": 10, "total": 99999999999999999999', (0, 10, None)),
    ],
)
def test_odd_figures_do_not_spoil_the_records(rest: str, figures: tuple[Any, ...]) -> None:
    page = split_page(body(A, rest))
    assert [decode_sim(record).giccid for record in page.records] == ["1"]
    assert (page.page, page.size, page.total) == figures


@pytest.mark.parametrize(
    "bad",
    [
        b'{"giccid": "9", "status": "A", "currentCycleUsages": {"dataUsage": NaN}}',
        b'{"giccid": "9", "status": "\\ud800"}',
        b'{"giccid": "9", "status": "\xff"}',
        b'{"giccid": "9", "status": "\xed\xa0\x80"}',
        b"7",
        b"null",
        b'{"giccid": "9", "status": ["A"]}',
    ],
)
def test_one_bad_record_spoils_no_other(bad: bytes) -> None:
    page = split_page(b'{"data": [%s, %s, %s], "total": 3}' % (A.encode(), bad, B.encode()))
    assert decode_sim(page.records[0]).giccid == "1"
    assert str(decode_sim(page.records[2]).data_usage_mb) in ("1.10", "1.1")
    with pytest.raises(RecordError):
        decode_sim(page.records[1])
    assert page.total == 3


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"null",
        b"{}",
        b'"x"',
        b"7",
        b'{"data": {}}',
        b'{"data": null}',
        b'{"data": "x"}',
        b"[1,",
        b"\xff",
    ],
)
def test_an_answer_without_a_list_is_a_protocol_error(answer: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        split_page(answer)
    assert not isinstance(caught.value, RecordError)


def test_nesting_without_end_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError):
        split_page(b'{"data": [' + b"[" * 200_000)


@pytest.mark.parametrize("depth", [900, 5000])
@pytest.mark.parametrize("deep", ['{"giccid": "9", "status": "A", "more": %s}', '{"giccid": "9", "status": %s}', "%s"])
def test_a_record_that_is_nested_too_deeply_spoils_no_other(deep: str, depth: int) -> None:
    bad = deep % ("[" * depth + "]" * depth)
    odd = '{"data": "]", "name": "\\"[,"}'
    page = split_page(f'{{"code": {{"data": [7]}}, "data": [{A}, {bad}, {odd}, {B}], "total": 4}}'.encode())
    assert [decode_sim(page.records[place]).giccid for place in (0, 3)] == ["1", "2"]
    assert [record.decode() for record in page.records[1:3]] == [bad, odd]
    assert page.total == 4


def test_a_bare_array_with_a_record_that_is_nested_too_deeply_is_taken_apart() -> None:
    assert split_page(f"[{A}, {'[' * 5000}{']' * 5000}, [], {B}]".encode()).records[2:] == [b"[]", B.encode()]


def test_a_null_list_is_empty_where_the_total_says_so() -> None:
    assert split_page(b'{"data": null, "page": 0, "size": 10, "total": 0}').records == []


def test_a_single_object_is_taken_where_asked() -> None:
    assert json.loads(split_page(A.encode(), takes_single=True).records[0]) == json.loads(A)
    with pytest.raises(ProtocolError):
        split_page(b"{}", takes_single=True)


@pytest.mark.parametrize("answer", [A, f'{{"data": {A}}}', f'{{"data": {A}, "code": 0}}'])
def test_an_object_may_be_wrapped(answer: str) -> None:
    assert unwrap(answer.encode()) == A.encode()


@pytest.mark.parametrize("answer", [b"", b"[]", b"null", b"7", b"{", b"<html>"])
def test_what_holds_no_object_is_a_protocol_error(answer: bytes) -> None:
    with pytest.raises(ProtocolError):
        unwrap(answer)


@given(st.binary() | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(lambda v: json.dumps(v).encode()))
def test_any_bytes_are_a_page_or_a_protocol_error(answer: bytes) -> None:
    for read in (split_page, unwrap):
        try:
            read(answer)
        except ProtocolError as error:
            assert error.title
