"""What came back from the carrier, and its records told apart by digest and key.

These loops run for every record of the fleet at every run, so they work on whole answers and leave the single record
to C.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import reduce
from itertools import repeat
from operator import xor
from typing import Annotated, NamedTuple

import msgspec
from xxhash import xxh3_64_digest

from smarthub import RecordError, decode_sim
from smarthub.operations import LONGEST_GICCID

# The texts of a SIM's columns as COPY takes them (`sims.copy.rows`).
Row = tuple[str | None, ...]
# The digests of an answer's records, each as an array of bigint has it on the wire: its length, and itself.
Digests = bytes
LENGTH, WIRE_BYTES = struct.pack(">i", 8), 12

# Raise it when the decoder or the columns change: every record is then written again once.
DECODER_VERSION = 2


class Answer(msgspec.Struct, frozen=True, gc=False):
    """The raw SIM records of one answer, asked for at `asked_at` (our clock, just before the request left).

    `account_id` and `page` say whose list it is and where in it; without them it is a read by name, which leaves the
    account as we know it. A targeted answer was asked for by ICCID. `digests`, `rows` and `mark`, which is of
    the page as a whole, were made ahead (`prepared`); `is_as_before` where the last run's page has the same mark.
    """

    records: list[bytes]
    asked_at: datetime
    account_id: int | None = None
    page: int | None = None
    is_targeted: bool = False
    digests: Digests | None = None
    rows: list[Row | RecordError] | None = None
    mark: int | None = None
    is_as_before: bool = False


class Place(NamedTuple):
    """Where a record stands: the answer's number, and the record's in it."""

    answer: int
    record: int


class KeptAside(NamedTuple):
    """A record that could not be read, where it stood, and why."""

    place: Place
    error: RecordError
    raw: bytes


class _PlainKey(msgspec.Struct):
    giccid: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_GICCID)]


class _AnyKey(msgspec.Struct):
    giccid: str | int


# What a field holds that nobody reads may be nested deeper than the stack is here, though not where it was split off.
UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)

_read_plain_keys = msgspec.json.Decoder(list[_PlainKey]).decode
_read_any_key = msgspec.json.Decoder(_AnyKey).decode


def keys_of(records: list[bytes]) -> list[str | None]:
    """The ICCIDs of raw records, without reading the rest of them; None where one has none that can be used."""
    try:
        keys = [key.giccid for key in _read_plain_keys(b"[" + b",".join(records) + b"]")]
    except UNREADABLE:
        return [_key_of(raw) for raw in records]
    together = "".join(keys)
    if together.isalnum() and together.isascii():
        return list(keys)
    return [_key_of(raw) for raw in records]


def _key_of(raw: bytes) -> str | None:
    try:
        giccid = str(_read_any_key(raw).giccid)
    except UNREADABLE:
        return None
    is_plain = giccid.isalnum() and giccid.isascii() and len(giccid) <= LONGEST_GICCID
    return giccid if is_plain else None


def digests_of(answer: Answer, known_accounts: dict[str, int | None]) -> Digests:
    """What each record of the answer is told apart by: its text, its account, and the decoder that reads it."""
    if answer.digests is not None:
        return answer.digests
    if answer.account_id is not None:
        return digests_in(answer.records, answer.account_id)
    return _digests(answer.records, [_seed(known_accounts.get(key or "")) for key in keys_of(answer.records)])


def digests_in(records: list[bytes], account_id: int) -> Digests:
    """What records are told apart by as SIMs of this account."""
    return _digests(records, repeat(_seed(account_id)))


def _digests(records: list[bytes], seeds: Iterable[int]) -> Digests:
    return LENGTH * bool(records) + LENGTH.join(map(xxh3_64_digest, records, seeds))


def each_of(digests: Digests) -> Iterator[Digests]:
    """The digests one by one."""
    return (digests[start : start + WIRE_BYTES] for start in range(0, len(digests), WIRE_BYTES))


def number_of(digest: Digests) -> int:
    """One digest as our copy has it."""
    return int.from_bytes(digest[len(LENGTH) :], signed=True)


def sum_of(digests: Digests) -> int:
    """What `SyncPage.digest_sum` keeps of a page."""
    return reduce(xor, map(number_of, each_of(digests)), 0)


def mark_of(digests: Digests) -> int:
    """What a whole page is told apart by."""
    return int.from_bytes(xxh3_64_digest(digests), signed=True)


def mark_in(records: list[bytes], account_id: int) -> int:
    """As `mark_of`, of a page of this account."""
    return mark_of(digests_in(records, account_id))


def _seed(account_id: int | None) -> int:
    """The same record in another account's list is another, and so it is to another decoder."""
    return DECODER_VERSION << 56 | (account_id or 0)


def unkeyed(place: Place, raw: bytes) -> KeptAside:
    """A record without a usable key, with the decoder's own reason where it has one."""
    try:
        decode_sim(raw)
    except RecordError as error:
        return KeptAside(place, error, raw)
    return KeptAside(place, RecordError(None, "giccid", "The ICCID cannot be used as a key."), raw)


def named_giccids(answers: Iterable[Answer]) -> list[str]:
    """The ICCIDs in the answers that were asked for by name."""
    named = [answer for answer in answers if answer.account_id is None]
    return [key for answer in named for key in keys_of(answer.records) if key is not None]
