"""The list of operations: what needs a person first, then the rest, each newest first; pages by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from sims.changes.verdict import SLOW
from sims.lookup import find_sims
from sims.models import Operation, OperationQuerySet, Verb
from sims.operation_forms import OperationListForm, cursor_of, people
from sims.operation_rows import OperationRow, row_of
from sims.operation_steps import STUCK
from sims.operation_story import with_people
from sims.scope import Person, operations_of
from toolkit.figures import count
from toolkit.states import state_of

ROWS = 50
CAP = 10_000
State = Operation.State


@dataclass(frozen=True, slots=True)
class Tick:
    value: str
    label: str
    is_chosen: bool
    count: int | None = None
    count_words: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    group: str
    words: str
    drop_url: str


@dataclass(frozen=True, slots=True)
class OperationsPage:
    rows: list[OperationRow]
    total: int
    total_words: str
    before_url: str
    after_url: str
    states: list[Tick]
    actions: list[Tick]
    people: list[tuple[str, str]]
    chips: list[Chip]
    live_url: str
    urgent: int

    @property
    def is_first(self) -> bool:
        return not self.before_url


def operations_page(form: OperationListForm, now: datetime, user: Person) -> OperationsPage:
    """A page of the list under the form's filters; a fixed number of queries however many rows."""
    found, urgent = operations_of(_filtered(form), user), urgent_at(now)
    rows, before, after = _page(found, urgent, form.get("before") or "", form.get("after") or "")
    total = found.order_by()[: CAP + 1].count()
    shown = [row_of(operation, now) for operation in rows]
    return OperationsPage(
        rows=shown,
        total=min(total, CAP),
        total_words=f"{count(CAP)}+" if total > CAP else count(total),
        before_url=_url(form, before=before) if before else "",
        after_url=_url(form, after=after) if after else "",
        states=[Tick(value, label, value in (form.get("state") or ())) for value, label in State.choices],
        actions=[Tick(value, label, value in (form.get("action") or ())) for value, label in Verb.choices],
        people=people(),
        chips=list(_chips(form)),
        live_url=_url(form, after=form.get("after") or "", before=form.get("before") or ""),
        urgent=sum(row.is_urgent for row in shown),
    )


def urgent_at(now: datetime) -> Q:
    """What a person should look at: unknown, stuck in our own queue, accepted and not shown for too long."""
    stuck = Q(state__in=(State.QUEUED, State.SENDING), created_at__lt=now - STUCK)
    slow = Q(state=State.ACCEPTED, answered_at__lt=now - SLOW)
    return Q(state=State.UNKNOWN) | stuck | slow


def _filtered(form: OperationListForm) -> OperationQuerySet:
    found = Operation.objects.all()
    if states := form.get("state"):
        found = found.filter(state__in=states)
    if actions := form.get("action"):
        found = found.filter(verb__in=actions)
    if username := form.get("user"):
        found = found.filter(username=username)
    if since := form.get("since"):
        found = found.filter(created_at__gte=datetime.combine(since, time.min, UTC))
    if until := form.get("until"):
        found = found.filter(created_at__lt=datetime.combine(until, time.min, UTC) + timedelta(days=1))
    if text := form.get("q"):
        found = found.filter(sim_id__in=find_sims(text).sim_ids)
    return found


def _page(found: OperationQuerySet, urgent: Q, before: str, after: str) -> tuple[list[Operation], str, str]:
    """The rows with the cursors of the pages beside them: the urgent ones first, each part newest first."""
    is_backward = bool(before) and not after
    parts = [(True, found.filter(urgent)), (False, found.exclude(urgent))]
    rows = list(_cut(parts[::-1] if is_backward else parts, after or before, is_backward))
    has_more, shown = len(rows) > ROWS, rows[:ROWS]
    if is_backward:
        shown.reverse()
    if not shown:
        return [], "", ""
    first, last = (_name(shown[0]), _name(shown[-1]))
    operations = [operation for _, operation in shown]
    if is_backward:
        return operations, first if has_more else "", last
    return operations, first if after else "", last if has_more else ""


def _cut(
    parts: list[tuple[bool, OperationQuerySet]], cursor: str, is_backward: bool
) -> Iterator[tuple[bool, Operation]]:
    """Up to one row more than a page, from the part of the cursor on."""
    edge = cursor_of(cursor) if cursor else None
    missing = ROWS + 1
    for is_urgent, rows in parts:
        if edge and edge[0] == is_urgent:
            rows = rows.filter(pk__gt=edge[1]) if is_backward else rows.filter(pk__lt=edge[1])
        elif edge and is_urgent != is_backward:
            continue
        related = with_people(rows).select_related("sim", "requested_by", "resolved_by", "undo_of")
        found = list(related.order_by("id" if is_backward else "-id")[:missing])
        missing -= len(found)
        yield from ((is_urgent, operation) for operation in found)
        if missing <= 0:
            return


def _name(row: tuple[bool, Operation]) -> str:
    is_urgent, operation = row
    return f"{'!' if is_urgent else ''}{operation.pk}"


def _url(form: OperationListForm, **more: str) -> str:
    return _address({**form.filters, **{name: value for name, value in more.items() if value}})


def _address(values: dict[str, Any]) -> str:
    query = urlencode(values, doseq=True)
    return reverse("sims:operations") + (f"?{query}" if query else "")


GROUPS = {"state": "State", "action": "Action", "user": "Who", "q": "SIM", "since": "Since", "until": "Until"}


def _chips(form: OperationListForm) -> Iterator[Chip]:
    filters = form.filters
    for name, value in filters.items():
        rest = {other: each for other, each in filters.items() if other != name}
        yield Chip(GROUPS[name], _words(name, value), _address(rest))


def _words(name: str, value: Any) -> str:
    if name == "state":
        return ", ".join(state_of("operation", each).label for each in value)
    if name == "action":
        return ", ".join(Verb(each).label for each in value)
    return str(value)
