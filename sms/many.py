"""Messages as a kind of batch: what a SIM must be, what is sent to it, and the one call for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Now

from sims.models import Sim
from smarthub import Client
from smarthub.errors import ValidationFailed
from smarthub.models import Answer, ErrorItem
from sms import conversations, filling, guards, legality, outcomes
from sms.counting import Count, count
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
    """One item of a batch about to be sent: its id, and its SIM."""

    item_id: int
    giccid: str


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


class Post:
    """Writes the messages of some items of a batch, hands them over and settles them.

    What all of them need is read once. An item and its message say the same, so both change in one transaction, the
    caller's.
    """

    def __init__(self, giccids: Iterable[str], user_id: int | None) -> None:
        names = list(giccids)
        self._sims = filling.sims_for_filling(names)
        self._sent = guards.sent_to(names)
        self._user = User.objects.filter(pk=user_id or 0).first()

    def write(self, parcel: Parcel, wanted: Mapping[str, Any]) -> Message:
        """The intent, as `sending`. Raises ValidationFailed, in words, with nothing written, where none may go."""
        sim = self._sims[parcel.giccid]
        message = _row(parcel, sim, _counted(sim, wanted), self._user)
        if not guards.left_of_hour(self._sent.get(sim.giccid, 0)):
            raise _refused("This SIM was sent as many messages within the hour as it may be (SMS_PER_SIM_HOUR).")
        message.save(force_insert=True)
        conversations.touch([message])
        return message

    def hand_over(self, client: Client, message: Message) -> Answer[Any]:
        """The one call. Raises what the client raises."""
        return client.send_sms(message.content, to_giccid=message.giccid, encoding=message.encoding)

    def note(self, message: Message, outcome: outcomes.Outcome) -> None:
        outcomes.record(message, outcome)

    def take_back(self, message: Message) -> None:
        """It certainly never left and leaves no message: its item makes another one later."""
        conversations.forget(message)
        Message.objects.filter(pk=message.pk, state=Message.State.SENDING).delete()

    @staticmethod
    def lost(item_ids: Iterable[int]) -> None:
        """Whoever was handing these over is gone: nobody knows whether they left."""
        held = Message.objects.select_for_update(of=("self",)).filter(
            batch_item_id__in=list(item_ids), state=Message.State.SENDING
        )
        for message in held:
            outcomes.become_unknown(message, outcomes.NO_REPLY)


def _counted(sim: Sim, wanted: Mapping[str, Any]) -> Count:
    try:
        counted = count(filling.fill(str(wanted["content"]), sim), str(wanted.get("encoding") or "text"))
    except filling.Missing as missing:
        raise _refused(str(missing)) from None
    if counted.error:
        raise _refused(counted.error)
    return counted


def _row(parcel: Parcel, sim: Sim, counted: Count, user: User | None) -> Message:
    return Message(
        direction=Message.Direction.MT,
        state=Message.State.SENDING,
        giccid=sim.giccid,
        sim=sim,
        account_id=sim.account_id,
        content=counted.content,
        encoding=counted.encoding,
        alphabet=counted.alphabet,
        parts=counted.parts,
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
