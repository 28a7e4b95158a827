"""What came back from the carrier, and its records told apart by key and digest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from smarthub import RecordError, decode_sim
from smarthub.targets import is_giccid

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


class Sight(NamedTuple):
    """One record of one SIM: the newest of the answers at hand."""

    answer: int
    raw: bytes
    digest: int


@dataclass(slots=True)
class Sights:
    """The records of several answers by ICCID, and for each answer the ICCIDs it showed."""

    by_giccid: dict[str, Sight] = field(default_factory=dict)
    shown: list[list[str]] = field(default_factory=list)
    aside: list[KeptAside] = field(default_factory=list)


class _Key(msgspec.Struct):
    giccid: str | int


_read_key = msgspec.json.Decoder(_Key).decode


def sight(answers: list[Answer], known_accounts: dict[str, int | None]) -> Sights:
    """Key and digest every record; of a SIM shown twice the record asked for last is taken."""
    sights = Sights()
    for index, answer in enumerate(answers):
        sights.shown.append(_sight_one(sights, answers, index, answer, known_accounts))
    return sights


def _sight_one(
    sights: Sights, answers: list[Answer], index: int, answer: Answer, known_accounts: dict[str, int | None]
) -> list[str]:
    shown: list[str] = []
    by_giccid = sights.by_giccid
    listed = None if answer.account_id is None else _hasher(answer.account_id)
    for place, raw in enumerate(answer.records):
        giccid = key_of(raw)
        if giccid is None:
            sights.aside.append(_unkeyed(index, place, raw))
            continue
        hasher = listed.copy() if listed is not None else _hasher(known_accounts.get(giccid))
        hasher.update(raw)
        shown.append(giccid)
        seen = by_giccid.get(giccid)
        if seen is None or answers[seen.answer].asked_at <= answer.asked_at:
            by_giccid[giccid] = Sight(index, raw, int.from_bytes(hasher.digest(), "big", signed=True))
    return shown


def _hasher(account_id: int | None) -> blake2b:
    return blake2b(f"{DECODER_VERSION}/{account_id}/".encode(), digest_size=8)


def key_of(raw: bytes) -> str | None:
    """The ICCID of a raw record, without reading the rest of it; None where it has none that can be used."""
    try:
        giccid = str(_read_key(raw).giccid)
    except (msgspec.DecodeError, ValueError):
        return None
    return giccid if is_giccid(giccid) else None


def _unkeyed(answer: int, place: int, raw: bytes) -> KeptAside:
    try:
        decode_sim(raw)
    except RecordError as error:
        return KeptAside(answer, place, error, raw)
    return KeptAside(answer, place, RecordError(None, "giccid", "The ICCID cannot be used as a key."), raw)


def giccids_of(answers: Iterable[Answer]) -> list[str]:
    """The ICCIDs in the answers that were asked for by name."""
    keys = (key_of(raw) for answer in answers if answer.account_id is None for raw in answer.records)
    return [key for key in keys if key is not None]
