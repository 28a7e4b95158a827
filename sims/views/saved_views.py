from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sims import saved_views
from sims.models import SavedView
from sims.notes import person
from sims.saved_views import MOST_VIEWS, NameTaken, may_change, visible_to
from sims.scope import account_names_of
from sims.selection import Selection
from sims.tabs import tabs_for
from sims.view_forms import ChangedViewForm, NewViewForm, QueryForm
from toolkit.htmx import sent
from users.models import User

METHODS = ["GET", "HEAD", "POST"]
TAKEN = "You have a view of this name already; capital and small letters make no difference."
FULL = f"You have {MOST_VIEWS} views already; delete one first."


@require_safe
def view_list(request: HttpRequest) -> HttpResponse:
    """`/sims/views/`: one's own views and those others share, to rename, share, delete or open first."""
    user = person(request.user)
    views = visible_to(user)
    rows = [{"view": view, "url": _address(view), "may_change": may_change(user, view)} for view in views]
    return render(request, "sims/views.html", {"rows": rows, "total": len(rows)})


@require_safe
def tab_counts(request: HttpRequest) -> HttpResponse:
    """`/sims/views/counts/`: the tabs again, with every count; `query` is the list's own."""
    user, query = person(request.user), QueryDict(request.GET.get("query", ""))
    accounts = account_names_of(user)
    tabs = tabs_for(user, visible_to(user), query, path=reverse("sims:list"), accounts=accounts, is_thorough=True)
    return render(request, "sims/parts/tabs.html", {"tabs": tabs})


@require_http_methods(METHODS)
def new_view(request: HttpRequest) -> HttpResponse:
    """`/sims/views/new/?<the list's filter>`: give it a name."""
    user = person(request.user)
    query = request.POST.get("query", "") if request.method == "POST" else saved_views.kept_part(request.GET)
    form = NewViewForm(sent(request), user=user, initial={"query": query, "view": request.GET.get("view")})
    if request.method == "POST" and form.is_valid() and (view := _saved(form, user)):
        return redirect(_address(view))
    context = {"form": form, "title": "Save this view", "words": _words(query, user), "back": f"?{query}"}
    return render(request, "sims/view.html", context, status=422 if form.errors else 200)


def _saved(form: NewViewForm, user: User) -> SavedView | None:
    if SavedView.objects.filter(owner=user).count() >= MOST_VIEWS:
        form.add_error(None, FULL)
        return None
    try:
        clean = dict(form.cleaned_data)
        open_view = next((each for each in visible_to(user) if str(each.pk) == clean["view"]), None)
        del clean["view"]
        return saved_views.save_view(user=user, columns=saved_views.shown_columns(user, open_view), **clean)
    except NameTaken:
        form.add_error("name", TAKEN)
        return None


@require_http_methods(METHODS)
def view(request: HttpRequest, view_id: int) -> HttpResponse:
    """`/sims/views/<id>/`: another name, shared or not, opened first or not."""
    user, found = _visible(request, view_id)
    initial = {"name": found.name, "is_shared": found.is_shared, "is_default": found.is_default}
    form = ChangedViewForm(sent(request), user=user, was_shared=found.is_shared, initial=initial)
    if request.method == "POST":
        _require_change(user, found)
        if form.is_valid() and _changed(form, user, found):
            return redirect("sims:views")
    context = {"form": form, "view": found, "title": f"View “{found.name}”", "words": _words(found.query, user)}
    context |= {"may_change": may_change(user, found), "back": f"?{found.query}&view={found.pk}"}
    return render(request, "sims/view.html", context, status=422 if form.errors else 200)


def _changed(form: ChangedViewForm, user: User, found: SavedView) -> bool:
    clean: dict[str, Any] = form.cleaned_data
    try:
        saved_views.rename_view(user=user, view=found, name=clean["name"], is_shared=clean["is_shared"])
    except NameTaken:
        form.add_error("name", TAKEN)
        return False
    if clean["takes_columns"]:
        columns = saved_views.shown_columns(user)
        saved_views.update_view(user=user, view=found, query=found.query, columns=columns)
    if clean["is_default"] != found.is_default:
        saved_views.open_first(user=user, view=found if clean["is_default"] else None)
    return True


@require_POST
def update_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Keep the list's filter, order and columns of now under this view's name."""
    user, found = _visible(request, view_id)
    _require_change(user, found)
    form = QueryForm(request.POST)
    if form.is_valid():
        query = form.cleaned_data["query"]
        columns = saved_views.shown_columns(user, found)
        saved_views.update_view(user=user, view=found, query=query, columns=columns)
        found.query = query
        messages.success(request, f"“{found.name}” is this filter now.")
    else:
        messages.error(request, str(form.errors["query"][0]))
    return redirect(_address(found))


@require_POST
def delete_view(request: HttpRequest, view_id: int) -> HttpResponse:
    user, found = _visible(request, view_id)
    _require_change(user, found)
    saved_views.delete_view(user=user, view=found)
    messages.success(request, f"The view “{found.name}” is gone. No SIM has changed.")
    return redirect("sims:views")


@require_POST
def default_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """The list opens with this view for this person, or, asked again, with all SIMs."""
    user, found = _visible(request, view_id)
    saved_views.open_first(user=user, view=None if found.is_default else found)
    return redirect("sims:views")


def _visible(request: HttpRequest, view_id: int) -> tuple[User, SavedView]:
    user = person(request.user)
    found = next((view for view in visible_to(user) if view.pk == view_id), None)
    if found is None:
        raise Http404
    return user, found


def _require_change(user: User, found: SavedView) -> None:
    if not may_change(user, found):
        raise PermissionDenied


def _address(view: SavedView) -> str:
    return saved_views.address_of(view, reverse("sims:list"))


def _words(query: str, user: User) -> str:
    return Selection.from_query(QueryDict(query), user).words()
