"""Reading SIMs by name for those who wait for a change: 100 a request, written into the copy at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sims.copy import Answer, keys_of, write_copy
from sims.copy.causes import CauseFor
from sims.sync.named import pages_named
from smarthub import Client, RawPage
from smarthub.errors import CarrierError, NotFound
from smarthub.operations import MAX_GICCIDS_PER_QUERY
from toolkit.carrier import NoCarrier, carrier
from toolkit.carrier_words import words_for
from toolkit.database import let_go
from toolkit.governor import Lane, NoToken

Asking = Callable[[Client, list[str]], list[RawPage]]


@dataclass(slots=True)
class SimsRead:
    """What became of it: when each SIM that was shown was asked for, those that the carrier does not know, those whose
    record cannot be read (and why), and the words for the rest, which could not be asked."""

    shown: dict[str, datetime] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    unreadable: dict[str, str] = field(default_factory=dict)
    error: str = ""


def read_sims(giccids: Iterable[str], *, lane: Lane, cause_for: CauseFor) -> SimsRead:
    """Ask the carrier for these SIMs (S1 for one, S2 by name for more) and write what it shows, holding no connection.

    `cause_for` is the cause of what differs, or tells it by ICCID; an open change that explains a difference is its
    cause in any case. Changes nothing at the carrier. Stops at the first request that fails: what was read is written.
    """
    wanted, read = sorted(set(giccids)), SimsRead()
    for start in range(0, len(wanted), MAX_GICCIDS_PER_QUERY):
        chunk = wanted[start : start + MAX_GICCIDS_PER_QUERY]
        let_go()
        try:
            pages = _ask(carrier(lane), chunk)
        except (CarrierError, NoCarrier, NoToken) as error:
            read.error = words_for(error)
            return read
        _write(chunk, pages, cause_for, read)
    return read


def _ask(client: Client, chunk: list[str]) -> list[RawPage]:
    if len(chunk) > 1:
        return list(pages_named(client, chunk))
    try:
        return [client.read_sim_raw(chunk[0])]
    except NotFound:
        return []


def _write(chunk: list[str], pages: list[RawPage], cause_for: CauseFor, read: SimsRead) -> None:
    answers = [Answer(page.records, page.reply.asked_at, is_targeted=True) for page in pages]
    result = write_copy(answers, cause=cause_for) if answers else None
    for page in pages:
        read.shown |= {key: page.reply.asked_at for key in keys_of(page.records) if key in chunk}
    for aside in result.aside if result else []:
        # A record without a key may be of any of those that no other record is of.
        for key in [aside.error.giccid] if aside.error.giccid else set(chunk) - read.shown.keys():
            read.unreadable[key] = aside.error.reason
            read.shown.pop(key, None)
    read.absent |= set(chunk) - read.shown.keys() - read.unreadable.keys()
