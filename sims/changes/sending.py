"""Bringing one queued operation to the carrier, at most once.

Claim (queued to sending, with the attempt and the request noted) and outcome are conditional UPDATEs of their own; the
carrier is called between them, with no transaction and no connection held. A process that dies before the claim leaves
it queued, after it in sending, which the sweeper makes unknown: it is never sent again.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from django.utils import timezone

from sims.changes import outcomes
from sims.changes.requests import request_of, send_request
from sims.changes.states import State, pass_on
from sims.models import Operation, SimCustomFields, Verb
from smarthub.errors import CarrierError
from toolkit.carrier import NoCarrier, changing_carrier
from toolkit.database import let_go
from toolkit.governor import NoToken

log = structlog.get_logger(__name__)

# A process that stood still for longer after its claim does not send any more: others have given it up.
CLAIM_HOLDS_S = 10.0
CarrierTrouble = (CarrierError, NoCarrier, NoToken)


def send(operation_id: int) -> None:
    """Send the operation if it is still queued; harmless to call any number of times."""
    operation = Operation.objects.select_related("sim").filter(pk=operation_id, state=State.QUEUED).first()
    if operation is None:
        return
    try:
        is_needed = prepare(operation)
    except CarrierTrouble as error:
        outcomes.conclude_unread(operation, error)
        return
    if is_needed and claim(operation):
        call(operation, claimed_at=time.monotonic())


def prepare(operation: Operation) -> bool:
    """Read what the request must be merged with, before anything is claimed; False where nothing is left to do."""
    client = changing_carrier()
    if operation.verb != Verb.CUSTOM_FIELDS:
        return True
    let_go()
    answer = client.custom_fields(operation.sim.giccid)
    fields = {name: getattr(answer.value, name) or "" for name in SimCustomFields.NAMES}
    operation.before = {**operation.before, "fields": fields, "read_at": answer.reply.asked_at.isoformat()}
    if any(fields[name] != text for name, text in operation.wanted.items()):
        return True
    note = "The carrier has these texts already. Nothing was sent."
    pass_on(operation, from_=[State.QUEUED], to=State.DONE, note=note, before=operation.before, after=operation.before)
    return False


def claim(operation: Operation) -> bool:
    """Make it ours: from here on it counts as sent. The attempt and the request stand in the row before it leaves."""
    values: dict[str, Any] = {
        "attempts": operation.attempts + 1,
        "sent_at": timezone.now(),
        "request": request_of(operation),
        "before": operation.before,
        "next_read_at": None,
        "note": "",
    }
    return pass_on(operation, from_=[State.QUEUED], to=State.SENDING, attempt=operation.attempts, **values)


def call(operation: Operation, *, claimed_at: float) -> None:
    """Send what was claimed, and write down what came of it."""
    client = changing_carrier()
    let_go()
    if time.monotonic() - claimed_at > CLAIM_HOLDS_S:
        log.warning("operation_claim_outlived", operation=operation.pk)
        return
    try:
        answer = send_request(client, operation)
    except CarrierTrouble as error:
        outcomes.conclude_error(operation, error)
    else:
        outcomes.conclude_answer(operation, answer)
