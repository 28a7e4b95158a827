"""The columns the list can show, and those that one person wants, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sims.models import ListPreference
from users.models import User

MAX_NAMES = 64


@dataclass(frozen=True, slots=True)
class Column:
    """`css` is the class of its cells, `sort` the order its head offers."""

    name: str
    title: str
    css: str
    sort: str = ""
    is_figure: bool = False
    is_usual: bool = False


FIXED = "giccid"
COLUMNS = {
    column.name: column
    for column in (
        Column(FIXED, "ICCID", "c-iccid", sort="iccid", is_usual=True),
        Column("status", "Status", "c-status", is_usual=True),
        Column("account", "Account", "c-account", is_usual=True),
        Column("package", "Package", "c-package", is_usual=True),
        Column("data_usage", "Data, this cycle", "c-usage", sort="usage", is_figure=True, is_usual=True),
        Column("plan_end", "Plan ends", "c-ends", sort="plan_end", is_figure=True, is_usual=True),
        Column("tags", "Tags", "c-tags", is_usual=True),
        Column("read", "Read", "c-read", is_figure=True, is_usual=True),
        Column("msisdn", "Phone number", "c-msisdn"),
        Column("imei", "IMEI", "c-imei"),
        Column("imsi", "IMSI", "c-imsi"),
        Column("activated", "Activated", "c-activated", sort="activated", is_figure=True),
        Column("sms_usage", "SMS, this cycle", "c-sms", is_figure=True),
        Column("voice_usage", "Voice, this cycle", "c-voice", is_figure=True),
        Column("changed", "Changed", "c-changed", is_figure=True),
        Column("po", "PO", "c-po"),
    )
}
USUAL = tuple(column.name for column in COLUMNS.values() if column.is_usual)


def chosen(names: Iterable[str]) -> list[Column]:
    """The columns of these names, the ICCID first and always; none are the usual ones, unknown ones are left out."""
    known = [name for name in dict.fromkeys(names) if name in COLUMNS and name != FIXED] or list(USUAL[1:])
    return [COLUMNS[name] for name in (FIXED, *known)]


def all_in_order(shown: Sequence[Column]) -> list[Column]:
    """Those shown, then the others in their usual order."""
    return [*shown, *(column for column in COLUMNS.values() if column not in shown)]


def preference_of(user: User) -> ListPreference:
    """What this person has chosen, or an empty preference not yet kept."""
    return ListPreference.objects.filter(user=user).first() or ListPreference(user=user)


def keep(user: User, names: Sequence[str], rows: int | None) -> None:
    """The usual columns are kept as none, so that a later change of what is usual reaches this person."""
    columns = [column.name for column in chosen(names)]
    values = {"columns": [] if tuple(columns) == USUAL else columns, "rows": rows}
    ListPreference.objects.update_or_create(user=user, defaults=values)


def moved_up(names: Sequence[str], name: str) -> list[str]:
    """The same names, this one a place further up, but never before the ICCID."""
    order = list(names)
    if name in order and (at := order.index(name)) > 1:
        order[at - 1], order[at] = order[at], order[at - 1]
    return order
