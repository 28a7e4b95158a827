"""Saved views: a filter of the list with its columns and order, under a name."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.http import HttpRequest, QueryDict

from sims.columns import chosen, preference_of
from sims.models import DefaultView, SavedView
from users import audit
from users.models import User

ALL = "all"
MOST_VIEWS = 50
# What an address holds beside the filter: pages, how many rows, and which view it came from.
PASSING = ("after", "before", "go", "rows", "view")


class NameTaken(Exception):
    """This person has a view of this name already, whatever its case."""


def shown_columns(user: User, view: SavedView | None = None) -> list[str]:
    """The columns this person sees in the list now, under this view if one is open."""
    names = (view.columns if view else []) or preference_of(user).columns
    return [column.name for column in chosen(names)]


def visible_to(user: User) -> list[SavedView]:
    """One's own views, then those others share; each with `is_default` and its owner. One query."""
    mine = DefaultView.objects.filter(view=OuterRef("pk"), user=user)
    found = SavedView.objects.filter(Q(owner=user) | Q(is_shared=True)).annotate(is_opened_first=Exists(mine))
    views = list(found.select_related("owner"))
    for view in views:
        view.is_default = view.is_opened_first
    return sorted(views, key=lambda view: (view.owner_id != user.pk, view.pk))


def may_share(user: User) -> bool:
    return user.role in (User.Role.MANAGER, User.Role.ADMIN)


def may_change(user: User, view: SavedView) -> bool:
    """One's own; a shared one is also a manager's or an admin's to mend."""
    return view.owner_id == user.pk or (view.is_shared and may_share(user))


def kept_part(query: QueryDict) -> str:
    """The part of the list's address that a view keeps."""
    pairs = [(name, value) for name, values in query.lists() if name not in PASSING for value in values if value]
    return urlencode(pairs)


def is_same(one: str, other: str) -> bool:
    """Whether two filters ask for the same, whatever their order."""
    return sorted(QueryDict(one).lists()) == sorted(QueryDict(other).lists())


def address_of(view: SavedView, path: str) -> str:
    return f"{path}?{view.query}&view={view.pk}" if view.query else f"{path}?view={view.pk}"


def opening_address(views: Sequence[SavedView], request: HttpRequest) -> str:
    """Where the bare list leads a person who has a default view; empty when it is to stay as it is."""
    is_bare = not request.GET and "HX-Request" not in request.headers
    default = next((view for view in views if view.is_default), None) if is_bare else None
    return address_of(default, request.path) if default else ""


def save_view(
    *, user: User, name: str, query: str, columns: Sequence[str], is_shared: bool = False, is_default: bool = False
) -> SavedView:
    """A new view; raises NameTaken."""
    try:
        with transaction.atomic():
            view = SavedView.objects.create(
                owner=user, name=name, query=query, columns=list(columns), is_shared=is_shared
            )
            if is_default:
                open_first(user=user, view=view)
            if is_shared:
                audit.record(user, "view.share", name, view=view.pk)
    except IntegrityError as error:
        raise NameTaken from error
    return view


def rename_view(*, user: User, view: SavedView, name: str, is_shared: bool) -> None:
    """Another name, or another circle of readers; audited where others see it. Raises NameTaken."""
    try:
        with transaction.atomic():
            SavedView.objects.filter(pk=view.pk).update(name=name, is_shared=is_shared, updated_at=Now())
            if view.is_shared or is_shared:
                words = {True: "view.share", False: "view.unshare"}[is_shared]
                audit.record(user, words if view.is_shared != is_shared else "view.rename", name, view=view.pk)
            if not is_shared:
                DefaultView.objects.filter(view=view).exclude(user=F("view__owner")).delete()
    except IntegrityError as error:
        raise NameTaken from error


def update_view(*, user: User, view: SavedView, query: str, columns: Sequence[str]) -> None:
    """Keep another filter, order and columns under the same name."""
    with transaction.atomic():
        SavedView.objects.filter(pk=view.pk).update(query=query, columns=list(columns), updated_at=Now())
        if view.is_shared:
            audit.record(user, "view.update", view.name, view=view.pk, old=view.query, new=query)


def delete_view(*, user: User, view: SavedView) -> None:
    with transaction.atomic():
        number = view.pk
        view.delete()
        if view.is_shared:
            audit.record(user, "view.delete", view.name, view=number, query=view.query)


def open_first(*, user: User, view: SavedView | None) -> None:
    """The view the list opens with for this person; None: all SIMs."""
    if view is None:
        DefaultView.objects.filter(user=user).delete()
    else:
        DefaultView.objects.update_or_create(user=user, defaults={"view": view})
