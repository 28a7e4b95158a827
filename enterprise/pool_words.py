"""The events of pools in words, for the journal's story."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from journal.models import Event
from journal.story import TELLERS, Told
from toolkit.figures import plural, volume
from toolkit.templatetags.look import when

# The pages stand in an app above this one; their address is promised.
PAGES = "/enterprise/share-pools/"
KINDS = ("pool.warning", "pool.critical", "pool.empty", "pool.shortfall")


def register() -> None:
    for kind in KINDS:
        TELLERS[kind] = tell_pools


def tell_pools(events: list[Event]) -> dict[int, Told]:
    return {event.id: _tell(event, event.data if isinstance(event.data, dict) else {}) for event in events}


def _tell(event: Event, data: dict[str, Any]) -> Told:
    pool = _pool(event, data)
    if event.kind == "pool.empty":
        return format_html("{} <b>empty</b>", pool), _use(data)
    if event.kind == "pool.shortfall":
        return format_html("{} will not last the cycle", pool), _end(data)
    return format_html("{} <b>{}\u00a0% used</b>", pool, data.get("percent", "?")), _use(data)


def _pool(event: Event, data: dict[str, Any]) -> SafeString:
    if isinstance(data.get("pool_id"), int):
        return format_html('<a href="{}">{}</a>', f"{PAGES}{data['pool_id']}/", event.subject_key)
    return format_html("{}", event.subject_key)


def _use(data: dict[str, Any]) -> str:
    try:
        used, total = Decimal(str(data["used_mb"])), Decimal(str(data["total_mb"]))
    except (KeyError, InvalidOperation):
        return ""
    sims = data.get("sims")
    by = f", {plural(sims, 'SIM', 'SIMs')}" if isinstance(sims, int) else ""
    return f"{volume(used)} of {volume(total)}{by}"


def _end(data: dict[str, Any]) -> SafeString | str:
    try:
        at = datetime.fromisoformat(str(data["empty_at"]))
    except (KeyError, ValueError):
        return ""
    return format_html("At this pace it is empty {}", when(at, "moment"))
