"""Pages of a long list by its key, never by OFFSET or COUNT: page 10,000 costs what page 1 costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row")
ModelRow = TypeVar("ModelRow", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows in order; `after` and `before` are the cursors of the pages beside it, empty where there is none."""

    rows: list[Row]
    after: str = ""
    before: str = ""


def page_of(
    rows: QuerySet[ModelRow], *, key: str, size: int, after: Any = "", before: Any = "", newest_first: bool = False
) -> Page[ModelRow]:
    """The `size` rows behind `after`, or in front of `before`, in order of the unique column `key`.

    A cursor is the key of the row at the edge, so one that names no row is as good as any other. One query.
    """
    is_backward = bool(before) and not after
    found = list(_cut(rows, key, after, before, newest_first)[: size + 1])
    has_more, shown = len(found) > size, found[:size]
    if is_backward:
        shown.reverse()
    edges = _edges(shown, key, after or before)
    return Page(
        rows=shown,
        after=edges[1] if (has_more or is_backward) else "",
        before=edges[0] if (has_more if is_backward else after) else "",
    )


def _cut(rows: QuerySet[ModelRow], key: str, after: Any, before: Any, newest_first: bool) -> QuerySet[ModelRow]:
    is_backward = bool(before) and not after
    descends = newest_first != is_backward
    if after or before:
        rows = rows.filter(**{f"{key}__{'lt' if descends else 'gt'}": after or before})
    return rows.order_by(f"-{key}" if descends else key)


def _edges(shown: list[ModelRow], key: str, cursor: Any) -> tuple[str, str]:
    if not shown:
        return str(cursor), str(cursor)
    return str(getattr(shown[0], key)), str(getattr(shown[-1], key))


def page_of_list(keys: list[str], *, size: int, after: str = "", before: str = "") -> Page[str]:
    """The same for keys already in hand, in whatever order they stand; an unknown cursor gives the first page."""
    place = {key: index for index, key in enumerate(keys)}
    start = 0
    if after in place:
        start = place[after] + 1
    elif not after and before in place:
        start = max(0, place[before] - size)
    shown = keys[start : start + size]
    return Page(
        rows=shown,
        after=shown[-1] if shown and start + size < len(keys) else "",
        before=keys[start] if start and start < len(keys) else "",
    )
