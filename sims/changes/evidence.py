"""Asking the carrier for what proves waiting operations: the SIMs' records, their texts, its history of purchases."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from journal.models import Event
from journal.record import Cause
from sims.changes.proof import SHOWN_BY_SIM, shows
from sims.changes.reading import read_sims
from sims.changes.verdict import Seen
from sims.models import ChangeLogRow, Operation, Sim, SimCustomFields, Verb
from smarthub import models as carrier_models
from smarthub.errors import CarrierError, NotFound
from smarthub.operations import MAX_GICCIDS_PER_QUERY
from toolkit.carrier import NoCarrier, carrier
from toolkit.database import let_go
from toolkit.governor import Lane, NoToken

CarrierTrouble = (CarrierError, NoCarrier, NoToken)
# A purchase is dated to the second by a clock that we know to the second.
CLOCKS = timedelta(seconds=2)
MOST_ROWS = 1000
# Texts are read one by one; those for which this does not suffice are left to the next pass.
TEXTS_S = 20.0


def seen_of(operations: Iterable[Operation]) -> dict[int, Seen]:
    """What the carrier shows of each, by operation: records 100 a request, purchases too, texts one by one.

    Writes the copy; holds no connection while it waits.
    """
    waiting = list(operations)
    seen = _records([each for each in waiting if each.verb in SHOWN_BY_SIM])
    seen |= _purchases([each for each in waiting if each.verb == Verb.ADD_PACKAGE])
    until = time.monotonic() + TEXTS_S
    for each in waiting:
        if each.verb == Verb.CUSTOM_FIELDS and time.monotonic() < until:
            seen[each.pk] = _texts(each)
    return seen


def _records(operations: list[Operation]) -> dict[int, Seen]:
    if not operations:
        return {}
    asked_at = timezone.now()
    giccids = {each.sim.giccid for each in operations}
    read = read_sims(giccids, lane=Lane.CLICK, cause_for=Cause(Event.Cause.READ))
    sims = Sim.objects.in_bulk({each.sim_id for each in operations})
    seen = {}
    for each in operations:
        each.sim = sims[each.sim_id]
        if each.sim.giccid in read.absent:
            seen[each.pk] = Seen(asked_at, None)
        elif each.sim.giccid in read.shown:
            seen[each.pk] = seen_in_copy(each)
        else:
            seen[each.pk] = Seen(asked_at, is_asked=False)
    return seen


def seen_in_copy(operation: Operation) -> Seen:
    """What our copy of the SIM says, as old as it is."""
    is_proven = bool(shows(operation.sim, Verb(operation.verb), operation.wanted))
    return Seen(operation.sim.read_at, is_proven)


def _texts(operation: Operation) -> Seen:
    """The texts of the SIM (S4), kept in our copy as well."""
    let_go()
    try:
        answer = carrier(Lane.CLICK).custom_fields(operation.sim.giccid)
    except NotFound:
        return Seen(timezone.now(), None)
    except CarrierTrouble:
        return Seen(timezone.now(), is_asked=False)
    texts = {name: getattr(answer.value, name) or "" for name in SimCustomFields.NAMES}
    values = {**texts, "read_at": answer.reply.asked_at}
    SimCustomFields.objects.update_or_create(sim_id=operation.sim_id, defaults=values)
    operation.after = {"fields": texts, "read_at": answer.reply.asked_at.isoformat()}
    return Seen(answer.reply.asked_at, all(texts[name] == text for name, text in operation.wanted.items()))


def _purchases(operations: list[Operation]) -> dict[int, Seen]:
    seen: dict[int, Seen] = {}
    for start in range(0, len(operations), MAX_GICCIDS_PER_QUERY):
        chunk = operations[start : start + MAX_GICCIDS_PER_QUERY]
        let_go()
        try:
            answer = carrier(Lane.CLICK).sim_change_logs(
                {each.sim.giccid for each in chunk},
                kind=ChangeLogRow.PACKAGE,
                start_at=min(each.sent_at or each.created_at for each in chunk) - timedelta(days=1),
                end_at=timezone.now() + timedelta(days=1),
                most=MOST_ROWS,
            )
        except CarrierTrouble:
            seen |= {each.pk: Seen(timezone.now(), is_asked=False) for each in chunk}
            continue
        ahead = (answer.reply.carrier_at or answer.reply.asked_at) - answer.reply.asked_at
        for each in chunk:
            seen[each.pk] = Seen(answer.reply.asked_at, is_bought(each, answer.value, ahead))
    return seen


def is_bought(operation: Operation, rows: Iterable[carrier_models.SimChange], ahead: timedelta) -> bool:
    """Whether the history has a purchase of this package after our request left, beside other purchases of ours.

    `ahead` is how far the carrier's clock is ahead of ours.
    """
    if operation.sent_at is None:
        return False
    since = (operation.sent_at + ahead).astimezone(UTC).replace(microsecond=0) - CLOCKS
    dates = [row.changed_at for row in rows if is_purchase(row, operation) and row.changed_at]
    return sum(date >= since for date in dates) > _others(operation, since - ahead)


def is_purchase(row: carrier_models.SimChange, operation: Operation) -> bool:
    """Whether a row of the history is a purchase of this package for this SIM (S3: no old value)."""
    is_same = row.giccid == operation.sim.giccid and row.new_value == operation.wanted["package"]
    return is_same and row.kind == ChangeLogRow.PACKAGE and not row.old_value


def _others(operation: Operation, since: datetime) -> int:
    """Our other purchases of the same that may stand in the same stretch of the history."""
    done = Operation.objects.filter(sim_id=operation.sim_id, verb=Verb.ADD_PACKAGE, state=Operation.State.DONE)
    same = done.filter(wanted__package=operation.wanted["package"], answered_at__gte=since - CLOCKS)
    return same.exclude(pk=operation.pk).count()
