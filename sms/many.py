"""Messages as a kind of batch: what a SIM must be, what is sent to it, and the one call for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from sims.models import Sim
from smarthub import Client
from smarthub.errors import ValidationFailed
from smarthub.models import Answer, ErrorItem
from sms import conversations, filling, guards, legality, outcomes
from sms.counting import count
from sms.models import Message
from users.models import User

MOST = 10_000
FIELDS = ("content", "encoding")
WHY_NOT = legality.WHY_NOT
too_many = guards.why_not_many

# For each variable of the text: SQL over `s` (the SIM) that is true where it has no value.
_NO_DEVICE = "NOT EXISTS (SELECT FROM jsonb_array_elements(s.devices) d WHERE coalesce(d ->> '{name}', '') <> '')"
_NO_TEXT = "NOT EXISTS (SELECT FROM sims_simcustomfields c WHERE c.sim_id = s.id AND c.{name} <> '')"
_ABSENT = {
    **{name: _NO_DEVICE.format(name=name) for name in ("imei", "imsi", "msisdn")},
    **{name: _NO_TEXT.format(name=name) for name in filling.VARIABLES if name.startswith("custom")},
    "account": "s.account_id IS NULL",
    "package": "s.package = ''",
    "place": "NOT EXISTS (SELECT FROM sims_place p WHERE p.sim_id = s.id AND p.label <> '')",
}
# A kind's `fits`: why the text cannot be filled for this SIM, or "".
FITS = "CASE {cases} ELSE '' END".format(
    cases=" ".join(
        f"WHEN strpos(w.wanted ->> 'content', '{{{name}}}') > 0 AND {absent} "
        f"THEN 'It has no {filling.VARIABLES[name][0]} in our copy, which {{{name}}} stands for.'"
        for name, absent in _ABSENT.items()
    )
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One item of a batch about to be sent: its id, its SIM, and who asked."""

    item_id: int
    giccid: str
    user_id: int | None


def why_not(wanted: Mapping[str, Any]) -> str:
    """Why a text cannot be sent to anybody, "" where it may; what depends on the SIM is told with each."""
    text, encoding = str(wanted.get("content") or ""), str(wanted.get("encoding") or "text")
    if encoding not in ("text", "hex"):
        return "A message is text or hex."
    if why := filling.why_not(text):
        return why
    return "" if filling.names_in(text) else count(_plain(text), encoding).error


def _plain(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


def send(client: Client, parcel: Parcel, wanted: Mapping[str, Any]) -> Answer[Any]:
    """Write the intent, hand it to the carrier once, write what came of it. Raises what the client raises.

    An item that has a message already is never sent again: its message tells what is known.
    """
    message = _intent(parcel, wanted)
    try:
        answer = client.send_sms(message.content, to_giccid=message.giccid, encoding=message.encoding)
    except Exception as error:
        _not_sent(message, error)
        raise
    outcomes.record(message.pk, answer)
    return answer


def _not_sent(message: Message, error: Exception) -> None:
    """What certainly never left leaves no message: its item is planned again, and makes one then."""
    if outcomes.is_for_later(error):
        with transaction.atomic():
            conversations.forget(message)
            Message.objects.filter(pk=message.pk, state=Message.State.SENDING).delete()
        return
    outcomes.record(message.pk, error)


def _intent(parcel: Parcel, wanted: Mapping[str, Any]) -> Message:
    sim = filling.sims_for_filling([parcel.giccid])[parcel.giccid]
    content, encoding = str(wanted["content"]), str(wanted.get("encoding") or "text")
    try:
        counted = count(filling.fill(content, sim), encoding)
    except filling.Missing as missing:
        raise _refused(str(missing)) from None
    if counted.error:
        raise _refused(counted.error)
    if not guards.left_for_sim(sim.giccid):
        raise _refused("This SIM was sent as many messages within the hour as it may be (SMS_PER_SIM_HOUR).")
    user = User.objects.filter(pk=parcel.user_id or 0).first()
    with transaction.atomic():
        message = _row(parcel, sim, counted.content, counted.encoding, user)
        message.alphabet, message.parts = counted.alphabet, counted.parts
        message.save(force_insert=True)
        conversations.touch([message])
    return message


def _row(parcel: Parcel, sim: Sim, content: str, encoding: str, user: User | None) -> Message:
    return Message(
        direction=Message.Direction.MT,
        state=Message.State.SENDING,
        giccid=sim.giccid,
        sim=sim,
        account_id=sim.account_id,
        content=content,
        encoding=encoding,
        user=user,
        username=user.username if user else "",
        is_bulk=True,
        batch_item_id=parcel.item_id,
        sent_at=Now(),
    )


def _refused(words: str) -> ValidationFailed:
    return ValidationFailed(
        "sms_send", is_sent=False, errors=(ErrorItem(field="content", code="invalid", message=words),)
    )
