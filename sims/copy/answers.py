"""What came back from the carrier, and its records told apart by key and digest.

These loops run for every record of the fleet at every run, so they work on whole answers and leave the single record
to C.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import repeat
from typing import Annotated, NamedTuple

import msgspec

from smarthub import RecordError, decode_sim

LONGEST_GICCID = 32
# Raise it when the decoder or the columns change: every record is then written again once.
DECODER_VERSION = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """The raw SIM records of one answer, asked for at `asked_at` (our clock, just before the request left).

    `account_id` is the account whose list it is; None for a read by name, which leaves the account as we know it.
    A targeted answer was asked for by ICCID; a list page was not.
    """

    records: list[bytes]
    asked_at: datetime
    account_id: int | None = None
    is_targeted: bool = False


class KeptAside(NamedTuple):
    """A record that could not be read: which answer, its place there from 0, and why."""

    answer: int
    place: int
    error: RecordError
    raw: bytes


@dataclass(slots=True)
class Sights:
    """For each answer the ICCIDs and digests of its records by place (None where a record has no key).

    `newest` says for each ICCID which answer, and which place there, to believe.
    """

    keys: list[list[str | None]] = field(default_factory=list)
    digests: list[tuple[int, ...]] = field(default_factory=list)
    newest: dict[str | None, tuple[int, int]] = field(default_factory=dict)
    aside: list[KeptAside] = field(default_factory=list)

    def giccids(self) -> list[str]:
        return [giccid for giccid in self.newest if giccid is not None]

    def digests_of(self, giccids: Iterable[str]) -> list[int]:
        return [self.digests[answer][place] for answer, place in map(self.newest.__getitem__, giccids)]


class _PlainKey(msgspec.Struct):
    giccid: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_GICCID)]


class _AnyKey(msgspec.Struct):
    giccid: str | int


_read_plain_keys = msgspec.json.Decoder(list[_PlainKey]).decode
_read_any_key = msgspec.json.Decoder(_AnyKey).decode


def sight(answers: list[Answer], known_accounts: dict[str, int | None]) -> Sights:
    """Key and digest every record; of a SIM shown twice the record asked for last is believed."""
    sights = Sights()
    for index, answer in enumerate(answers):
        keys = keys_of(answer.records)
        sights.keys.append(keys)
        sights.digests.append(_digests(answer, keys, known_accounts))
        if None in keys:
            sights.aside += [_unkeyed(index, place, answer.records[place]) for place in _unkeyed_places(keys)]
    for index in sorted(range(len(answers)), key=lambda index: answers[index].asked_at):
        keys = sights.keys[index]
        sights.newest.update(zip(keys, zip(repeat(index), range(len(keys)), strict=False), strict=True))
    sights.newest.pop(None, None)
    return sights


def keys_of(records: list[bytes]) -> list[str | None]:
    """The ICCIDs of raw records, without reading the rest of them; None where one has none that can be used."""
    try:
        keys = [key.giccid for key in _read_plain_keys(b"[" + b",".join(records) + b"]")]
    except (msgspec.DecodeError, ValueError):
        return [_key_of(raw) for raw in records]
    together = "".join(keys)
    if together.isalnum() and together.isascii():
        return list(keys)
    return [_key_of(raw) for raw in records]


def _key_of(raw: bytes) -> str | None:
    try:
        giccid = str(_read_any_key(raw).giccid)
    except (msgspec.DecodeError, ValueError):
        return None
    is_plain = giccid.isalnum() and giccid.isascii() and len(giccid) <= LONGEST_GICCID
    return giccid if is_plain else None


def _digests(answer: Answer, keys: list[str | None], known_accounts: dict[str, int | None]) -> tuple[int, ...]:
    if answer.account_id is not None:
        salts: Iterable[bytes] = repeat(_salt(answer.account_id))
    else:
        salts = [_salt(known_accounts.get(key or "")) for key in keys]
    salted = zip(answer.records, salts, strict=False)
    digests = [blake2b(raw, digest_size=8, person=salt).digest() for raw, salt in salted]
    return struct.unpack(f">{len(digests)}q", b"".join(digests))


def _salt(account_id: int | None) -> bytes:
    """What makes the same record another one: the decoder that reads it, and the account that it belongs to."""
    return struct.pack(">qq", DECODER_VERSION, account_id or 0)


def _unkeyed_places(keys: list[str | None]) -> list[int]:
    return [place for place, key in enumerate(keys) if key is None]


def _unkeyed(answer: int, place: int, raw: bytes) -> KeptAside:
    try:
        decode_sim(raw)
    except RecordError as error:
        return KeptAside(answer, place, error, raw)
    return KeptAside(answer, place, RecordError(None, "giccid", "The ICCID cannot be used as a key."), raw)


def giccids_of(answers: Iterable[Answer]) -> list[str]:
    """The ICCIDs in the answers that were asked for by name."""
    named = [answer for answer in answers if answer.account_id is None]
    return [key for answer in named for key in keys_of(answer.records) if key is not None]
