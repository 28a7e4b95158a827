"""What became of messages that were sent for items of a batch, and whether a text fits each SIM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sms import words
from sms.counting import count
from sms.filling import Missing, fill, names_in, sims_for_filling
from sms.models import Message

S = Message.State
TAKEN = (S.ACCEPTED, S.DELIVERED, S.EXPIRED)
OPEN = (S.QUEUED, S.SENDING, S.UNKNOWN)
UNFIT = "Filled for it, the text cannot be sent."
NEVER_LEFT = "It never left: the worker ended before its message was written."


@dataclass(frozen=True, slots=True)
class Fate:
    """`is_taken` by the carrier: None while nobody knows. `words` say why it was not."""

    is_taken: bool | None
    at: datetime | None = None
    words: str = ""


def fates(item_ids: Iterable[int]) -> dict[int, Fate]:
    """By item. Each message is committed before its request, so an item without one was never sent; one query."""
    ids = list(item_ids)
    sent = {message.batch_item_id: message for message in Message.objects.filter(batch_item_id__in=ids)}
    return {item_id: _fate(sent.get(item_id)) for item_id in ids}


def _fate(message: Message | None) -> Fate:
    if message is None:
        return Fate(False, words=NEVER_LEFT)
    if message.state in OPEN:
        return Fate(None)
    if message.state in TAKEN or message.sms_id:
        return Fate(True, message.reported_at or message.settled_at or message.answered_at)
    return Fate(False, words=f"The message was not sent: {words.reason_words(message.reason) or 'it failed'}.")


def texts(giccids: Iterable[str], wanted: Mapping[str, Any]) -> dict[str, str]:
    """The text as each SIM would get it, by ICCID; left out where it cannot be filled. One query, or none."""
    content = str(wanted.get("content") or "")
    asked, found = list(giccids), {}
    if not names_in(content):
        return dict.fromkeys(asked, content.replace("{{", "{").replace("}}", "}"))
    for giccid, sim in sims_for_filling(asked).items():
        try:
            found[giccid] = fill(content, sim)
        except Missing:
            continue
    return found


def unfit(giccids: Iterable[str], wanted: Mapping[str, Any]) -> dict[str, str]:
    """Those for which the filled text is no message, with why; a text without variables was judged as a whole."""
    if not names_in(str(wanted.get("content") or "")):
        return {}
    encoding = str(wanted.get("encoding") or "text")
    counted = {giccid: count(text, encoding) for giccid, text in texts(giccids, wanted).items()}
    return {giccid: f"{UNFIT} {each.error}" for giccid, each in counted.items() if each.error}
