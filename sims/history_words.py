"""Rows of the carrier's change history as lines of a SIM's story, and as evidence for one."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.html import format_html
from django.utils.safestring import SafeString

from journal.story import Entry
from sims.models import ChangeLogRow
from toolkit.states import state_of
from toolkit.templatetags.look import when

ICON = "antenna"
# Who stands in `operator` (contract S3, all assumed), as the subject of "changed the plan"; and as the reason of a
# SIM that is off. What is not in the table is quoted only.
ACTORS = {
    "system": "The carrier",
    "api": "A request to the carrier’s API",
    "console": "Somebody in the carrier’s console",
    "network": "The network",
}
REASONS = {
    "system": "the carrier did it by itself",
    "api": "a request to the carrier’s API asked for it",
    "console": "somebody did it in the carrier’s console",
}


def entry_of(row: ChangeLogRow) -> Entry:
    """The row as a line of its own."""
    return Entry(
        id=row.pk,
        kind=f"history.{row.kind.lower()}",
        at=row.changed_at,
        icon=ICON,
        tone="",
        sentence=_sentence(row),
        more=format_html("From the carrier’s change history{}", _by(row)),
        subject_key="",
        sim_id=row.sim_id,
        source="history",
    )


def evidence(row: ChangeLogRow) -> SafeString:
    """What the row adds to an entry of the journal."""
    return format_html("the carrier’s history: {}{}", when(row.changed_at, "stamp"), _by(row))


def reason(operator: str) -> str:
    """Because …; empty where the operator is not one we know."""
    return REASONS.get(operator.lower(), "")


def _by(row: ChangeLogRow) -> SafeString | str:
    return format_html(", by “{}”", row.operator) if row.operator else ", which does not say by whom"


def _sentence(row: ChangeLogRow) -> SafeString:
    actor = ACTORS.get(row.operator.lower(), "Somebody")
    tell = SENTENCES.get(row.kind)
    if tell is None:
        return format_html(
            "{} changed <b>{}</b>, a kind this version has no words for: {} to {}",
            *(actor, row.kind, _plain(row.old_value), _plain(row.new_value)),
        )
    return tell(actor, row.old_value, row.new_value)


def _status(actor: str, old: str | None, new: str | None) -> SafeString:
    before, after = (state_of("sim", value).label if value else "not said" for value in (old, new))
    return format_html("{} changed the status: <b>{}</b> to <b>{}</b>", actor, before, after)


def _package(actor: str, old: str | None, new: str | None) -> SafeString:
    if not old:
        return format_html("{} added the package <b>{}</b>", actor, new or "not said")
    if not new:
        return format_html("{} took the plan <b>{}</b> away", actor, old)
    return format_html("{} changed the plan: <b>{}</b> to <b>{}</b>", actor, old, new)


def _imei(actor: str, old: str | None, new: str | None) -> SafeString:
    if not old:
        return format_html("{} reported an IMEI, where there was none: {}", actor, _plain(new))
    if not new:
        return format_html("{} reported no IMEI any more; it was {}", actor, _plain(old))
    return format_html("{} reported a different IMEI: {} to {}", actor, _plain(old), _plain(new))


def _plain(value: str | None) -> SafeString:
    return format_html('<span class="sp-mono">{}</span>', value) if value else format_html("{}", "not said")


SENTENCES: dict[str, Callable[[str, str | None, str | None], SafeString]] = {
    ChangeLogRow.STATUS: _status,
    ChangeLogRow.PACKAGE: _package,
    ChangeLogRow.IMEI: _imei,
}
