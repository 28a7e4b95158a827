"""How many SIMs each saved view holds: exact where `SimCount` knows, else counted up to a cap and kept for a minute."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.core.cache import cache
from django.db import connection
from django.http import QueryDict
from redis.exceptions import RedisError

from sims.counts import Filter
from sims.forms import SimListForm
from sims.models import SavedView
from sims.scope import accounts_of
from sims.selection import Selection
from toolkit.figures import count
from users.models import User

log = structlog.get_logger(__name__)

CAP = 10_000
KEPT_S = 60
# Groups that are asked of other tables; no view of these is read before somebody waits for its count alone.
ELSEWHERE = {"q", "tag", "set"}

CELLS = """(SELECT account_id, status, package, is_missing, n FROM sims_simcount
UNION ALL SELECT account_id, status, package, is_missing, n FROM sims_simcountdelta) AS cells"""


def quick_counts(views: Sequence[SavedView], accounts: Mapping[int, str], user: User) -> dict[int, str]:
    """The counts at hand, in words, by view: one query and one look into the cache, however many views there are."""
    exact = {view.pk: asked for view in views if (asked := _exact(view, accounts, user)) is not None}
    rest = [view for view in views if view.pk not in exact]
    told = {pk: count(found) for pk, found in _exact_counts(exact).items()}
    return told | {pk: _capped(found) for pk, found in _kept(rest, user).items()}


def counts_of(views: Sequence[SavedView], accounts: Mapping[int, str], user: User) -> dict[int, str]:
    """Every count; what is not at hand is counted, up to just over 10,000 a view, and kept for a minute."""
    found = quick_counts(views, accounts, user)
    for view in views:
        if view.pk not in found:
            form = SimListForm(QueryDict(view.query), accounts=accounts, user=user)
            counted = Selection(form, view.query).count(cap=CAP + 1)
            _keep(view, user, counted)
            found[view.pk] = _capped(counted)
    return found


def _capped(found: int) -> str:
    return f"{count(CAP)}+" if found > CAP else count(found)


def _exact(view: SavedView, accounts: Mapping[int, str], user: User) -> Filter | None:
    query = QueryDict(view.query)
    if ELSEWHERE & set(query):
        return None
    form = SimListForm(query, accounts=accounts, user=user)
    if form.is_impossible or not form.criteria().is_exact:
        return None
    return form.asked


def _exact_counts(asked: Mapping[int, Filter]) -> dict[int, int]:
    if not asked:
        return {}
    sums, values = [], []
    for each in asked.values():
        condition, used = _condition(each)
        sums.append(f"COALESCE(sum(n) FILTER (WHERE {condition}), 0)")
        values += used
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(sums)} FROM {CELLS}", values)
        return dict(zip(asked, map(int, cursor.fetchone()), strict=True))


def _condition(asked: Filter) -> tuple[str, list[Any]]:
    parts: list[str] = ["true"]
    values: list[Any] = []
    for column, chosen in (("account_id", asked.within), ("status", asked.statuses), ("package", asked.packages)):
        if chosen:
            parts.append(f"{column} = ANY(%s)")
            values.append(list(chosen))
    if asked.missing is not None:
        parts.append("is_missing = %s")
        values.append(asked.missing)
    return " AND ".join(parts), values


def _key(view: SavedView, user: User) -> str:
    """A pasted list is its person's own, so what is counted of it is too; and one counts within one's accounts."""
    whose = f"{user.pk}" if "set" in QueryDict(view.query) else ""
    within = ",".join(map(str, sorted(accounts_of(user) or ())))
    digest = hashlib.blake2b(f"{whose}\n{within}\n{view.query}".encode(), digest_size=16)
    return f"view-count:{digest.hexdigest()}"


def _kept(views: Sequence[SavedView], user: User) -> dict[int, int]:
    keys = {_key(view, user): view.pk for view in views}
    try:
        found = cache.get_many(list(keys)) if keys else {}
    except RedisError:
        log.warning("view_counts_without_cache")
        return {}
    return {view.pk: found[_key(view, user)] for view in views if _key(view, user) in found}


def _keep(view: SavedView, user: User, found: int) -> None:
    try:
        cache.set(_key(view, user), found, KEPT_S)
    except RedisError:
        log.warning("view_counts_without_cache")
