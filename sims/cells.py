"""The cells of the list, one function a column: a row of any columns is printed without asking which they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from html import escape

from django.template.defaultfilters import floatformat
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from sims.columns import Column
from sims.freshness import is_late
from sims.rows import SimRow
from toolkit.figures import amount_mb, count
from toolkit.states import state_of
from toolkit.templatetags import look

QUIET = '<span class="sp-quiet">{}</span>'


Cell = Callable[[SimRow, datetime], str]


def body_of(rows: Iterable[SimRow], columns: Sequence[Column]) -> SafeString:
    """The rows of the table: a loop of the template over them would take longer than all else of the page."""
    cells, now = [_tick, *(_CELLS[column.name] for column in columns)], timezone.now()
    return mark_safe("\n".join([_row(row, cells, now) for row in rows]))  # noqa: S308 - each cell is escaped


def _row(row: SimRow, cells: Sequence[Cell], now: datetime) -> str:
    inside = "".join([cell(row, now) for cell in cells])
    return f'<tr data-giccid="{escape(row.giccid)}" data-status="{escape(row.status)}">{inside}</tr>'


@lru_cache(maxsize=64)
def _state(status: str) -> str:
    """There are few, and a page has one a row."""
    return look.state("sim", status)


def _tick(row: SimRow, _now: datetime) -> str:
    giccid = escape(row.giccid)
    return (
        f'<td class="c-tick"><input class="sp-tick" type="checkbox" name="sim" value="{giccid}" form="selection" '
        f'autocomplete="off" aria-label="Tick {giccid}"></td>'
    )


def _iccid(row: SimRow, _now: datetime) -> str:
    number = look.identifier(row.giccid, f"{look.place('sims:list')}{row.giccid}/")
    return f'<td class="c-iccid">{number}{look.copy(row.giccid, "ICCID")}</td>'


def _status(row: SimRow, _now: datetime) -> str:
    if not row.is_missing:
        return f'<td class="c-status"><span data-field="status">{_state(row.status)}</span></td>'
    return (
        f'<td class="c-status">{_state("missing")} <span class="sp-quiet sp-was">was '
        f'<span data-field="status">{escape(state_of("sim", row.status).label)}</span></span></td>'
    )


# A page, and many pages, have few accounts and packages.
@lru_cache(maxsize=4096)
def _text(name: str, css: str, value: str | None, none: str) -> str:
    text = escape(value or "")
    return f'<td class="{css}" data-field="{name}" title="{text}">{text or QUIET.format(none)}</td>'


@lru_cache(maxsize=1024)
def _volume(volume_mb: Decimal) -> str:
    return str(floatformat(volume_mb, "-3g"))


def _usage(row: SimRow, _now: datetime) -> str:
    used = row.data_usage_mb
    if used is None:
        return '<td class="c-usage sp-num"><span class="sp-quiet" data-field="data_usage">not reported</span></td>'
    allowance = f"/ {_volume(row.allowance_mb)} MB" if row.allowance_mb is not None else "MB"
    bar = look.meter(used, row.allowance_mb) or '<span class="sp-meter-gap"></span>'
    return (
        f'<td class="c-usage sp-num"><span class="sp-usage"><span data-field="data_usage">{amount_mb(used)}</span>'
        f'<span class="sp-allowance">{allowance}</span>{bar}</span></td>'
    )


def _ends(row: SimRow, now: datetime) -> str:
    """Its year only where one could mistake it."""
    if row.package_ends_at is None:
        return f'<td class="c-ends sp-num">{QUIET.format("no end") if row.package else ""}</td>'
    is_near = abs(row.package_ends_at - now) < timedelta(days=300)
    return f'<td class="c-ends sp-num">{look.when(row.package_ends_at, "day" if is_near else "date")}</td>'


def _read(row: SimRow, now: datetime) -> str:
    words = f'<span class="sp-c-ago">read </span>{look.aged(row.read_at, now)}<span class="sp-c-ago"> ago</span>'
    if not is_late(row.read_at, now):
        return f'<td class="c-read sp-num">{QUIET.format(words)}</td>'
    late = f'<span class="sp-age sp-age-late">{look.glyph("clock")}<span>{words}</span></span>'
    return f'<td class="c-read sp-num">{late}</td>'


def _tags(row: SimRow, _now: datetime) -> str:
    """The first, and how many more there are: rows keep their height."""
    if not row.tags_json:
        return '<td class="c-tags"></td>'
    tags = row.tags
    name, colour = tags[0]
    dot = f'<i class="sp-tag-dot sp-tag-{escape(colour)}" aria-hidden="true"></i><span>{escape(name)}</span>'
    more = f'<span class="sp-quiet sp-small">+{len(tags) - 1}</span>' if len(tags) > 1 else ""
    names = escape(", ".join(name for name, _ in tags))
    return f'<td class="c-tags" title="{names}"><span class="sp-tag">{dot}</span>{more}</td>'


def _device(name: str) -> Cell:
    """The first device's number, and that there are more."""

    def cell(row: SimRow, _now: datetime) -> str:
        numbers = row.numbers(name)
        if not numbers:
            return f'<td class="c-{name} c-extra" data-field="{name}">{QUIET.format("none")}</td>'
        more = f' <span class="sp-quiet sp-small">+{len(numbers) - 1}</span>' if len(numbers) > 1 else ""
        title = escape(", ".join(numbers))
        number = f'<span class="sp-id sp-id-plain">{escape(numbers[0])}</span>'
        return f'<td class="c-{name} c-extra" data-field="{name}" title="{title}">{number}{more}</td>'

    return cell


def _activated(row: SimRow, _now: datetime) -> str:
    at = look.when(row.activated_at, "date") if row.activated_at else QUIET.format("never")
    return f'<td class="c-activated c-extra sp-num" data-field="activated_at">{at}</td>'


def _sms(row: SimRow, _now: datetime) -> str:
    words = QUIET.format("not reported") if row.sms is None else count(row.sms)
    return f'<td class="c-sms c-extra sp-num" data-field="sms_usage">{words}</td>'


def _voice(row: SimRow, _now: datetime) -> str:
    minutes = f'{count(row.voice_min)} <span class="sp-quiet">min</span>'
    words = QUIET.format("not reported") if row.voice_min is None else minutes
    return f'<td class="c-voice c-extra sp-num" data-field="voice_usage">{words}</td>'


def _changed(row: SimRow, now: datetime) -> str:
    return f'<td class="c-changed c-extra sp-num">{look.aged(row.changed_at, now, "ago")}</td>'


_CELLS: dict[str, Cell] = {
    "giccid": _iccid,
    "status": _status,
    "account": lambda row, _now: _text("account", "c-account", row.account, "no account"),
    "package": lambda row, _now: _text("package", "c-package", row.package, "no package"),
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
    "po": lambda row, _now: _text("po", "c-po c-extra", row.po, "not known"),
}
