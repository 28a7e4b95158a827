"""The cells of the list, one function a column: a row of any columns is printed without asking which they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import lru_cache

from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from sims.columns import Column
from sims.rows import SimRow
from toolkit.figures import amount_mb, count
from toolkit.templatetags import look

QUIET = '<span class="sp-quiet">{}</span>'


def cells_of(row: SimRow, columns: Sequence[Column]) -> SafeString:
    """The tick, then the columns; an include for each row of the template would take longer than all of them."""
    cells = "".join(_CELLS[column.name](row) for column in columns)
    return mark_safe(f"{_tick(row)}{cells}")  # noqa: S308 - each is escaped


@lru_cache(maxsize=64)
def _state(status: str) -> str:
    """There are few, and a page has one a row."""
    return look.state("sim", status)


def _tick(row: SimRow) -> str:
    giccid = escape(row.giccid)
    return (
        f'<td class="c-tick"><input class="sp-tick" type="checkbox" name="sim" value="{giccid}" form="selection" '
        f'autocomplete="off" aria-label="Tick {giccid}"></td>'
    )


def _iccid(row: SimRow) -> str:
    return f'<td class="c-iccid">{look.identifier(row.giccid, row.url)}{look.copy(row.giccid, "ICCID")}</td>'


def _status(row: SimRow) -> str:
    if not row.is_missing:
        return f'<td class="c-status"><span data-field="status">{_state(row.status)}</span></td>'
    return (
        f'<td class="c-status">{_state("missing")} <span class="sp-quiet sp-was">was '
        f'<span data-field="status">{escape(row.status_word)}</span></span></td>'
    )


def _text(name: str, css: str, value: str, none: str) -> str:
    words = escape(value) if value else QUIET.format(none)
    return f'<td class="{css}" data-field="{name}" title="{escape(value)}">{words}</td>'


def _usage(row: SimRow) -> str:
    if row.used is None:
        return '<td class="c-usage sp-num"><span class="sp-quiet" data-field="data_usage">not reported</span></td>'
    allowance = f"/ {row.allowance_words} MB" if row.allowance is not None else "MB"
    bar = look.meter(row.used, row.allowance) or '<span class="sp-meter-gap"></span>'
    return (
        f'<td class="c-usage sp-num"><span class="sp-usage"><span data-field="data_usage">{amount_mb(row.used)}</span>'
        f'<span class="sp-allowance">{allowance}</span>{bar}</span></td>'
    )


def _ends(row: SimRow) -> str:
    """Its year only where one could mistake it."""
    if row.ends_at is None:
        return f'<td class="c-ends sp-num">{QUIET.format("no end") if row.has_no_end else ""}</td>'
    is_near = abs(row.ends_at - timezone.now()) < timedelta(days=300)
    return f'<td class="c-ends sp-num">{look.when(row.ends_at, "day" if is_near else "date")}</td>'


def _read(row: SimRow) -> str:
    words = f'<span class="sp-c-ago">read </span>{look.age(row.read_at)}<span class="sp-c-ago"> ago</span>'
    if not row.is_late:
        return f'<td class="c-read sp-num">{QUIET.format(words)}</td>'
    late = f'<span class="sp-age sp-age-late">{look.glyph("clock")}<span>{words}</span></span>'
    return f'<td class="c-read sp-num">{late}</td>'


def _tags(row: SimRow) -> str:
    """The first, and how many more there are: rows keep their height."""
    if not row.tags:
        return '<td class="c-tags"></td>'
    first, names = row.tags[0], ", ".join(tag.name for tag in row.tags)
    dot = format_html(
        '<i class="sp-tag-dot sp-tag-{}" aria-hidden="true"></i><span>{}</span>', first.colour, first.name
    )
    more = f'<span class="sp-quiet sp-small">+{len(row.tags) - 1}</span>' if len(row.tags) > 1 else ""
    return f'<td class="c-tags" title="{escape(names)}"><span class="sp-tag">{dot}</span>{more}</td>'


def _device(name: str) -> Callable[[SimRow], str]:
    """The first device's number, and that there are more."""

    def cell(row: SimRow) -> str:
        numbers = [value for device in row.devices if (value := device.get(name))]
        if not numbers:
            return f'<td class="c-{name} c-extra" data-field="{name}">{QUIET.format("none")}</td>'
        more = f' <span class="sp-quiet sp-small">+{len(numbers) - 1}</span>' if len(numbers) > 1 else ""
        title = escape(", ".join(numbers))
        number = f'<span class="sp-id sp-id-plain">{escape(numbers[0])}</span>'
        return f'<td class="c-{name} c-extra" data-field="{name}" title="{title}">{number}{more}</td>'

    return cell


def _activated(row: SimRow) -> str:
    at = look.when(row.activated_at, "date") if row.activated_at else QUIET.format("never")
    return f'<td class="c-activated c-extra sp-num" data-field="activated_at">{at}</td>'


def _sms(row: SimRow) -> str:
    words = QUIET.format("not reported") if row.sms is None else count(row.sms)
    return f'<td class="c-sms c-extra sp-num" data-field="sms_usage">{words}</td>'


def _voice(row: SimRow) -> str:
    minutes = f'{count(row.voice_min)} <span class="sp-quiet">min</span>'
    words = QUIET.format("not reported") if row.voice_min is None else minutes
    return f'<td class="c-voice c-extra sp-num" data-field="voice_usage">{words}</td>'


def _changed(row: SimRow) -> str:
    return f'<td class="c-changed c-extra sp-num">{look.age(row.changed_at, "ago")}</td>'


_CELLS: dict[str, Callable[[SimRow], str]] = {
    "giccid": _iccid,
    "status": _status,
    "account": lambda row: _text("account", "c-account", row.account, "no account"),
    "package": lambda row: _text("package", "c-package", row.package, "no package"),
    "data_usage": _usage,
    "plan_end": _ends,
    "tags": _tags,
    "read": _read,
    "msisdn": _device("msisdn"),
    "imei": _device("imei"),
    "imsi": _device("imsi"),
    "activated": _activated,
    "sms_usage": _sms,
    "voice_usage": _voice,
    "changed": _changed,
    "po": lambda row: _text("po", "c-po c-extra", row.po, "not known"),
}
