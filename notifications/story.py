"""What pushes told, in words: for the journal's kinds of their own, and for what reading found because of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from journal.models import Event
from journal.story import Because
from notifications.evidence import pushes_about
from notifications.pushes.findings import ending_words, number_words, silence_words, used_words
from notifications.pushes.settle import EVIDENCE_KINDS
from toolkit.states import state_of
from toolkit.templatetags.look import when

Words = SafeString | str
Data = dict[str, Any]


def behind(events: list[Event]) -> dict[int, Because]:
    """For each event that a push is the cause of: its line, and where the push can be looked at."""
    return {event.id: _because(event) for event in events}


def pushed(events: list[Event]) -> dict[int, SafeString]:
    """For each change of ours that the carrier pushed as well, where that push can be looked at. One query."""
    found: dict[int, SafeString] = {}
    for push in pushes_about([event for event in events if event.kind in EVIDENCE_KINDS]):
        url = reverse("notifications:push", args=[push.label])
        for event_id in push.journal_ids:
            found.setdefault(event_id, format_html('confirmed by a <a href="{}">push</a>', url))
    return found


def _because(event: Event) -> Because:
    teller, data = TELLERS.get(event.kind), event.data if isinstance(event.data, dict) else {}
    if teller is None:
        return _shown_by_reading(event, data)
    try:
        sentence, detail = teller(data)
    except (KeyError, TypeError, ValueError, InvalidOperation):
        sentence, detail = "The carrier pushed something that has no words here", ""
    return Because(sentence=sentence, more=_joined(detail, _rule(data), _link(event)))


def _shown_by_reading(event: Event, data: Data) -> Because:
    """The journal has words of its own for it; another device is told as the push tells it."""
    if event.kind != "sim.imei" or not (data.get("old") and data.get("new")):
        return Because(more=_link(event))
    profile = f"profile {data['position'] + 1}" if data.get("position") else ""
    more = _joined("The carrier pushed it, and reading shows it", profile, _link(event))
    return Because(sentence=_imei_words(data["old"], data["new"]), more=more)


def _usage(data: Data) -> tuple[Words, Words]:
    words = used_words(_number(data, "usage"), _number(data, "threshold"), str(data.get("unit") or ""))
    return format_html("<b>{}</b> in this cycle", words), _until("The cycle ends", data.get("cycle_ends_at"))


def _traffic(data: Data) -> tuple[Words, Words]:
    words = used_words(_number(data, "usage"), _number(data, "volume"), " MB")
    percent = _number(data, "percent")
    mark = f"over {number_words(percent)} % of the plan" if percent is not None else ""
    return format_html("<b>{}</b>", words), _joined(mark, str(data.get("package") or ""))


def _no_session(data: Data) -> tuple[Words, Words]:
    last = _moment(data.get("last_at"))
    seen = format_html("last seen {}", when(last, "full")) if last else "never seen"
    return format_html("<b>{}</b>, {}", silence_words(_number(data, "hours")), seen), ""


def _plan_ending(data: Data) -> tuple[Words, Words]:
    days = data.get("days")
    words = ending_words(days if isinstance(days, int) else None)
    return format_html("<b>{}</b>", words), _joined(_package(data), _until("It ends", data.get("ends_at")))


def _plan_ended(data: Data) -> tuple[Words, Words]:
    return format_html("<b>{}</b>", "The plan has ended"), _joined(_package(data), _until("on", data.get("ends_at")))


def _imei(data: Data) -> tuple[Words, Words]:
    old, new = data.get("old"), data.get("new")
    if not new:
        return format_html("The carrier says that the IMEI <b>changed</b>, {}", "and not to which"), ""
    return _imei_words(old, new), "Reading shows no such change"


def _imei_words(old: object, new: object) -> SafeString:
    start = format_html("from {} ", _mono(old)) if old else ""
    return format_html("IMEI changed {}to {} (another device?)", start, _mono(new))


def _status(data: Data) -> tuple[Words, Words]:
    new = state_of("sim", data["new"]).label
    start = format_html("from <b>{}</b> ", state_of("sim", data["old"]).label) if data.get("old") else ""
    return format_html("The carrier says: {}to <b>{}</b>", start, new), "Reading showed another status by then"


def _apn(data: Data) -> tuple[Words, Words]:
    word = state_of("apn", data["new"]).label
    sentence = format_html("The carrier says: the APN {} is <b>{}</b>", _mono(data["apn"]), word)
    return sentence, "Reading showed something else by then"


TELLERS: MappingProxyType[str, Callable[[Data], tuple[Words, Words]]] = MappingProxyType(
    {
        "push.usage": _usage,
        "push.traffic": _traffic,
        "push.no_session": _no_session,
        "push.plan_ending": _plan_ending,
        "push.plan_ended": _plan_ended,
        "push.imei": _imei,
        "push.status": _status,
        "push.apn": _apn,
    }
)


def _number(data: Data, name: str) -> Decimal | None:
    return None if data.get(name) is None else Decimal(str(data[name]))


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None


def _until(words: str, text: object) -> Words:
    moment = _moment(text)
    return format_html("{} {}", words, when(moment, "full")) if moment else ""


def _package(data: Data) -> str:
    return str(data.get("package") or "")


def _rule(data: Data) -> Words:
    return format_html("rule “{}”", data["rule"]) if data.get("rule") else ""


def _link(event: Event) -> Words:
    if event.cause_id is None:
        return ""
    return format_html('<a href="{}">push</a>', reverse("notifications:push", args=[event.cause_id]))


def _mono(value: object) -> SafeString:
    return format_html('<span class="sp-mono">{}</span>', value)


def _joined(*parts: Words) -> Words:
    return format_html_join(" · ", "{}", ((part,) for part in parts if part))
