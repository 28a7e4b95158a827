"""The tabs above the list: all SIMs, and each saved view with its count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

from sims import saved_views
from sims.around import Around
from sims.models import SavedView
from sims.view_counts import counts_of, quick_counts
from users.models import User


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab; the count of all SIMs is in the page's frame, so the first has none."""

    name: str
    url: str
    count: str
    is_current: bool
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Tabs:
    """`view` is the one the list was opened from; `is_changed`: its filter is another by now.

    `query` is the filter as a view would keep it. `is_waiting`: some counts are still to be fetched.
    """

    tabs: list[Tab]
    query: str
    view: SavedView | None
    is_changed: bool
    may_update: bool
    is_waiting: bool
    all_url: str
    address: str

    @property
    def has_views(self) -> bool:
        return len(self.tabs) > 1

    @property
    def may_save(self) -> bool:
        return bool(self.query) and (self.view is None or self.is_changed)


def tabs_for(
    user: User,
    views: Sequence[SavedView],
    query: QueryDict,
    *,
    path: str,
    accounts: Mapping[int, str],
    is_thorough: bool = False,
) -> Tabs:
    """The tabs of a list under `query`; thorough ones wait for every count, the others for none."""
    counts = (counts_of if is_thorough else quick_counts)(views, accounts, user)
    kept, view = saved_views.kept_part(query), opened(views, query)
    is_changed = view is not None and not saved_views.is_same(kept, view.query)
    has_default = any(each.is_default for each in views)
    all_url = f"{path}?{urlencode({'view': saved_views.ALL})}" if has_default else path
    first = Tab("All", all_url, "", not kept and view is None)
    return Tabs(
        tabs=[first, *(_tab(each, path, counts.get(each.pk, ""), each == view) for each in views)],
        query=kept,
        view=view,
        is_changed=is_changed,
        may_update=is_changed and view is not None and saved_views.may_change(user, view),
        is_waiting=len(counts) < len(views),
        all_url=all_url,
        address=query.urlencode(),
    )


def beside_list(request: HttpRequest, around: Around, query: str) -> dict[str, Any]:
    """What the list's template needs of tabs and selection; `query` is the list's address as its own links have it."""
    user = cast(User, request.user)
    tabs = tabs_for(user, around.views, QueryDict(query), path=request.path, accounts=around.accounts)
    return {"tabs": tabs, "selection_query": query, "all_tags": around.tags}


def opened(views: Sequence[SavedView], query: QueryDict) -> SavedView | None:
    """The view that the address names, if there is such a one for this person."""
    return next((view for view in views if str(view.pk) == query.get("view")), None)


def _tab(view: SavedView, path: str, words: str, is_current: bool) -> Tab:
    return Tab(view.name, saved_views.address_of(view, path), words, is_current, view.is_shared)
