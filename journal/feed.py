"""The journal as a feed: which events a viewer wants and may see, and each as the row that every page shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Protocol

from django.template import Template
from django.template.loader import get_template

from journal.kinds import label_of
from journal.models import Event
from journal.story import Entry, tell

Scope = frozenset[int] | None  # the accounts a viewer may see; None is all of them, and what has none


class Sorted(Protocol):
    """What a filter looks at; an event has it, and so has a row in the stream's memory."""

    @property
    def kind(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def account_id(self) -> int | None: ...
    @property
    def sim_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """What somebody wants to see of the journal; an empty set is no wish. It says nothing of what they may see."""

    kinds: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    accounts: frozenset[int] = frozenset()
    # None: any SIM or none; an empty set: a search that found no SIM
    sims: frozenset[int] | None = None
    since: datetime | None = None
    until: datetime | None = None

    def wants(self, event: Sorted) -> bool:
        """Whether a new event belongs to it."""
        return (
            (not self.kinds or event.kind in self.kinds)
            and (not self.severities or event.severity in self.severities)
            and (not self.accounts or event.account_id in self.accounts)
            and (self.sims is None or event.sim_id in self.sims)
        )


def may_see(scope: Scope, account_id: int | None) -> bool:
    return scope is None or account_id in scope


@dataclass(frozen=True, slots=True)
class FeedRow:
    """An event for templates/components/feed_row.html."""

    entry: Entry
    kind_label: str
    severity: str
    recorded_at: datetime
    is_late: bool
    others: tuple[int, ...] = ()  # alike events that this one stands for

    @property
    def id(self) -> int:
        return self.entry.id

    @property
    def other_ids(self) -> str:
        return " ".join(map(str, self.others))


LATE_S = 120


def rows_of(events: Iterable[Event]) -> list[FeedRow]:
    """The events in words, in their order."""
    events = list(events)
    return [_row(event, entry) for event, entry in zip(events, tell(events), strict=True)]


def _row(event: Event, entry: Entry) -> FeedRow:
    late_s = (event.recorded_at - event.happened_at).total_seconds()
    return FeedRow(entry, label_of(event.kind), event.severity, event.recorded_at, late_s > LATE_S)


@cache
def _template() -> Template:
    return get_template("components/feed_row.html")  # type: ignore[return-value]


def render_row(row: FeedRow) -> str:
    """The row as every page shows it, on one line."""
    return " ".join(_template().render({"row": row}).split())  # type: ignore[arg-type]
