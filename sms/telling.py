"""Messages in the journal: what happened, never what was written."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from journal.models import Event
from journal.story import Told
from sms import story
from sms.addresses import conversation_url
from sms.words import reason_words


def tell(events: list[Event]) -> dict[int, Told]:
    """The whole sentence of each event, and the way to its conversation."""
    return {event.id: (_sentence(event), _link(event)) for event in events}


def _sentence(event: Event) -> SafeString | str:
    data = event.data if isinstance(event.data, dict) else {}
    reason = reason_words(str(data.get("reason") or ""))
    if event.kind == story.RECEIVED:
        return format_html("The device sent an <b>SMS</b>{}", "" if event.sim_id else " from a SIM we do not know")
    if event.kind == story.FAILED:
        state = "expired" if data.get("state") == "expired" else "failed"
        return format_html("An SMS to the device <b>{}</b>: {}", state, reason or "no reason was given")
    return format_html("It is not known whether an SMS <b>{}</b>: {}", "reached the device", reason or "no reply came")


def _link(event: Event) -> SafeString | str:
    url = conversation_url(event.subject_key)
    return format_html('<a href="{}">Conversation</a>', url) if url else ""
