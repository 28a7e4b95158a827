"""Tags of the look: `{% load look %}`.

{% icon "refresh" %} {% icon "x" "s" %}          an icon of static/icons.svg, 16 px, "s" 14 px
{% state "sim" sim.status %}                      glyph + word; {% pill "sim" sim.status %} filled, once a page
{% state "batch" "finished" "Finished, 60 failed" %}   with words of one's own
{% glyph "clock" "warn" %}                        a glyph alone; a word must stand beside it
{% identifier giccid %} {% identifier giccid href %}   common part quiet, the last digits strong
{% place "sims:list" %}                           the address of a page, as `url` without arguments, but found once
{% grouped giccid %} {% copy giccid "ICCID" %}    groups of four from the right; the button that copies it
{% when at "minute" %} {% age at %} {% age at "ago" %}   <time> in UTC, put into the viewer's zone by the script
{% remembered "components/nav.html" nav=nav %}    a partial of nothing but these values, rendered once a process
{% hidden_fields "sim" rows "giccid" %}           a hidden field for each
{% facet_choices "status" rows "sim" %}           the ticks of a group of filters
{% meter used allowance %}                        the 44 px bar: blue, amber from 80 %, red over 100 %
{{ n|count }} {{ n|change }} {{ mb|volume }} {{ mb|amount_mb }}
"""

from collections.abc import Hashable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from html import escape
from typing import Any, Protocol

from django import template
from django.forms import BoundField
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from toolkit import figures
from toolkit.states import State, state_of

register = template.Library()
register.filter("count", figures.count)
register.filter("change", figures.change)
register.filter("volume", figures.volume)
register.filter("amount_mb", figures.amount_mb)
register.filter("took", figures.took)
register.filter("told", figures.told)

STRONG_DIGITS = 6
# What the server prints is UTC; static/js/times.js holds the same styles for the viewer's zone.
TIME_STYLES = {
    "clock": "%H:%M:%S",
    "minute": "%H:%M",
    "day": "%-d %b",
    "date": "%-d %b %Y",
    "full": "%-d %b %Y, %H:%M",
    "heading": "%A, %-d %B",
    "long": "%A, %-d %B %Y",
    "moment": "%A %-d %B, %H:%M",
    "stamp": "%-d %b, %H:%M:%S",
}


@cache
def _sprite(name: str) -> str:
    return static(name)


@register.simple_tag
@cache
def place(name: str) -> str:
    """The address of a page that has no other, found once a process: a page has a dozen, and `url` looks for each."""
    return reverse(name)


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    return _icon(name, size)


@lru_cache(maxsize=512)
def _icon(name: str, size: str) -> SafeString:
    classes = f"sp-icon sp-icon-{size}" if size else "sp-icon"
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', classes, _sprite("icons.svg"), name
    )


@lru_cache(maxsize=128)
def _glyph(name: str) -> SafeString:
    return format_html(
        '<svg class="sp-glyph sp-glyph-{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        name,
        _sprite("states.svg"),
        name,
    )


@register.simple_tag
def glyph(name: str, tone: str = "") -> SafeString:
    if not tone:
        return _glyph(name)
    return format_html('<span class="sp-tone-{}">{}</span>', tone, _glyph(name))


@lru_cache(maxsize=512)
def _worded(found: State, label: str, classes: str) -> SafeString:
    word = "sp-verbatim" if found.is_verbatim else ""
    return format_html(
        '<span class="{} sp-tone-{}">{}<span class="{}">{}</span></span>',
        classes,
        found.tone,
        _glyph(found.glyph),
        word,
        label or found.label,
    )


@register.simple_tag
def state(kind: str, value: str, label: str = "") -> SafeString:
    return _worded(state_of(kind, value), label, "sp-state")


@register.simple_tag
def pill(kind: str, value: str, label: str = "") -> SafeString:
    return _worded(state_of(kind, value), label, "sp-state sp-pill")


@register.simple_tag
def tone_class(kind: str, value: str) -> str:
    """The class that gives a note or tile the tone of a state."""
    return f"sp-tone-{state_of(kind, value).tone}"


@register.simple_tag
def identifier(value: str, href: str = "") -> SafeString:
    """An identifier; with an address it is the link that j, k and Enter move by."""
    digits = f"{escape(value[:-STRONG_DIGITS])}<b>{escape(value[-STRONG_DIGITS:])}</b>"
    if href:
        return SafeString(f'<a class="sp-id sp-row-link" href="{escape(href)}">{digits}</a>')
    return SafeString(f'<span class="sp-id">{digits}</span>')


def groups_of_four(value: str) -> list[str]:
    """Cut from the right, because the last digits are what people read out."""
    head = len(value) % 4
    return ([value[:head]] if head else []) + [value[at : at + 4] for at in range(head, len(value), 4)]


@register.simple_tag
def grouped(value: str, extra: str = "") -> SafeString:
    spans = format_html_join("", "<span>{}</span>", ((part,) for part in groups_of_four(value)))
    return format_html('<span class="sp-id sp-id-grouped {}">{}</span>', extra, spans)


@register.simple_tag
def copy(value: str, name: str) -> SafeString:
    return SafeString(
        f'<button type="button" class="sp-copy sp-needs-js" data-copy="{escape(str(value))}" '
        f'aria-label="Copy {escape(name)}">{_icon("copy", "s")}</button>'
    )


@register.simple_tag
def when(at: datetime | None, style: str = "full") -> SafeString | str:
    return figures.NOT_READ if at is None else _when(at, style)


# Many rows of a page, and many pages, show the same moments.
@lru_cache(maxsize=4096)
def _when(at: datetime, style: str) -> SafeString:
    utc = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-time="{}" title="{}">{}</time>',
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        style,
        utc.strftime("%-d %b %Y, %H:%M:%S UTC"),
        utc.strftime(TIME_STYLES[style]),
    )


@register.simple_tag
def served_at() -> str:
    """Our clock, so that the page's script ages by it and not by the viewer's."""
    return timezone.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@register.simple_tag
def age(at: datetime | None, suffix: str = "") -> SafeString | str:
    return figures.NOT_READ if at is None else aged(at, timezone.now(), suffix)


def aged(at: datetime, now: datetime, suffix: str = "") -> SafeString:
    """The same for many of a page, which asks the clock once."""
    return SafeString(f"{_aging(at, suffix)}{figures.age(at, now)}{escape(f' {suffix}'.rstrip())}</time>")


@lru_cache(maxsize=4096)
def _aging(at: datetime, suffix: str) -> SafeString:
    utc = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-age="{}" title="{}">',
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        suffix,
        utc.strftime("%-d %b %Y, %H:%M:%S UTC"),
    )


def meter_tone(used: Decimal, allowance: Decimal) -> str:
    if used > allowance:
        return " sp-meter-bad"
    return " sp-meter-warn" if used * 100 >= allowance * 80 else ""


@register.simple_tag
def meter(used: Decimal | None, allowance: Decimal | None, size: str = "") -> SafeString | str:
    share = figures.percent(used, allowance)
    if used is None or not allowance or share is None:
        return ""
    return _meter(share, meter_tone(used, allowance), size)


@lru_cache(maxsize=1024)
def _meter(share: int, tone: str, size: str) -> SafeString:
    return format_html(
        '<progress class="sp-meter{}{}" max="100" value="{}" aria-label="Share of the allowance used">{} %</progress>',
        f" sp-meter-{size}" if size else "",
        tone,
        min(share, 100),
        share,
    )


@register.simple_tag
def remembered(template_name: str, **values: Hashable | Iterable[Hashable]) -> SafeString:
    """A partial that prints the same for the same values, rendered once a process: the places, the columns."""
    return _remembered(template_name, tuple((name, _frozen(value)) for name, value in values.items()))


def _frozen(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, (list, tuple, dict)) else value


@lru_cache(maxsize=1024)
def _remembered(template_name: str, values: tuple[tuple[str, Hashable], ...]) -> SafeString:
    return render_to_string(template_name, dict(values))


@register.simple_tag
def hidden_fields(name: str, items: Iterable[object], attribute: str) -> SafeString:
    """A hidden field for one attribute of each item, of which a form may have hundreds."""
    values = [escape(str(getattr(item, attribute))) for item in items]
    return mark_safe("".join([f'<input type="hidden" name="{name}" value="{value}">' for value in values]))  # noqa: S308


class Choice(Protocol):
    """`count` is None where it is not counted; `count_words`, if there are any, stand instead of it."""

    value: str
    label: str
    count: int | None
    is_chosen: bool


@register.simple_tag
def facet_choices(name: str, rows: Iterable[Choice], kind: str = "") -> SafeString:
    """The ticks of one group of filters; of a `kind` of states each has its glyph."""
    return mark_safe("\n".join([_facet_choice(name, row, kind) for row in rows]))  # noqa: S308 - each is escaped


def _facet_choice(name: str, row: Choice, kind: str) -> str:
    label = escape(row.label)
    words = state(kind, row.value) if kind else f'<span class="sp-facet-label" title="{label}">{label}</span>'
    number = getattr(row, "count_words", "") or ("" if row.count is None else figures.count(row.count))
    counted = f'<span class="sp-facet-count">{escape(number)}</span>' if number else ""
    zero, checked = " sp-facet-zero" if row.count == 0 else "", " checked" if row.is_chosen else ""
    return (
        f'<label class="sp-facet{zero}"><input class="sp-tick" type="checkbox" name="{name}" '
        f'value="{escape(row.value)}"{checked}> {words} {counted}</label>'
    )


_CLASSES = {"textarea": "sp-textarea", "select": "sp-select", "checkbox": "sp-tick", "radio": "sp-radio"}


@register.simple_tag
def dressed(field: BoundField) -> SafeString:
    """A form's widget in our classes, whatever form it comes from."""
    kind = getattr(field.field.widget, "input_type", "textarea")
    return field.as_widget(attrs={"class": _CLASSES.get(kind, "sp-input")})
