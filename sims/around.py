"""What stands around the list, whatever it shows: a person's columns and views, accounts and tags to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from enterprise.scope import NAMES
from sims.models import ListPreference, SavedView
from sims.scope import keep_names
from sims.tags import MOST_TO_TICK, TagToTick
from toolkit.database import rows_of_each
from users.models import User

_VIEW = ("id", "owner_id", "name", "query", "columns", "is_shared")
# Small questions that every page of the list asks.
_ALL = (
    "SELECT columns, rows FROM sims_listpreference WHERE user_id = %(user)s",
    f"""SELECT {", ".join(f"view.{name}" for name in _VIEW)}, opened.view_id IS NOT NULL AS is_default
        FROM sims_savedview AS view
        LEFT JOIN sims_defaultview AS opened ON opened.view_id = view.id AND opened.user_id = %(user)s
        WHERE view.owner_id = %(user)s OR view.is_shared ORDER BY view.owner_id <> %(user)s, view.id""",
    NAMES,
    f"SELECT id, name, colour FROM sims_tag ORDER BY lower(name) LIMIT {MOST_TO_TICK}",
)


class Around(NamedTuple):
    """`views` are as `saved_views.visible_to` has them, but without owner and times; `accounts` are names by id."""

    preference: ListPreference
    views: list[SavedView]
    accounts: dict[int, str]
    tags: tuple[TagToTick, ...]


def around_list(user: User) -> Around:
    """All of it for this person, in one query."""
    preference, views, accounts, tags = rows_of_each(_ALL, {"user": user.pk})
    columns, rows = preference[0] if preference else ([], None)
    return Around(
        preference=ListPreference(user=user, columns=columns, rows=rows),
        views=[_view(values, is_default) for *values, is_default in views],
        accounts=keep_names(user, accounts),
        tags=tuple(TagToTick(*tag) for tag in tags),
    )


def _view(values: Sequence[object], is_default: bool) -> SavedView:
    view = SavedView.from_db(connection.alias, _VIEW, values)
    view.is_default = is_default
    return view
