"""`/batches/new/`: which SIMs, what is done to them, and why; nothing is sent before the dry run is confirmed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batches.files import template
from batches.forms import KIND_CHOICES, NewBatchForm
from batches.models import Batch
from batches.plan import CannotPlan, create_batch
from batches.selection_form import MOST_SIMS, SelectionForm
from batches.touched import statuses_of, touched_by
from sims.models import Sim, SimQuerySet
from sims.notes import person
from sims.scope import sims_of
from users.models import User

TEMPLATES = {
    "csv": ("text/csv; charset=utf-8", template.as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", template.as_workbook),
}
SOURCES = ("filter", "set", "sim", "everything")


@sensitive_post_parameters("identifiers")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET shows what is chosen so far (`filter`, `set`, `sim`); POST makes the batch and leads to its dry run."""
    user = person(request.user)
    if request.method != "POST":
        return _ask(request, *_asked(request, user))
    choice = SelectionForm(request.POST, request.FILES, user=user)
    form = NewBatchForm(request.POST)
    is_valid = [choice.is_valid(), form.is_valid()]
    if all(is_valid) and (batch := _planned(choice, form, user)):
        return redirect("batches:detail", uuid=batch.uuid)
    return _ask(request, choice, form, status=422)


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """The selection bar's way in: the ticked SIMs (`sim`), or `everything` under `query`; asks the rest."""
    user = person(request.user)
    choice = SelectionForm(request.POST, user=user)
    return _ask(request, choice, NewBatchForm(initial=_initial(request.POST)), status=200 if choice.is_valid() else 422)


@require_safe
def file_template(request: HttpRequest, kind: str) -> HttpResponse:
    content_type, make = TEMPLATES[kind]
    response = HttpResponse(make(), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="sims-for-a-batch.{kind}"'
    return response


def _asked(request: HttpRequest, user: User) -> tuple[SelectionForm, NewBatchForm]:
    is_chosen = any(name in request.GET for name in SOURCES)
    choice = SelectionForm(request.GET if is_chosen else None, user=user)
    return choice, NewBatchForm(initial=_initial(request.GET))


def _initial(data: Any) -> dict[str, str]:
    return {name: data[name] for name in ("kind", "reason", "package", "apn") if data.get(name)}


def _planned(choice: SelectionForm, form: NewBatchForm, user: User) -> Batch | None:
    try:
        return create_batch(
            kind=form.verb,
            selection=choice.spec,
            wanted=form.wanted,
            reason=form.cleaned_data["reason"],
            user=user,
        )
    except CannotPlan as error:
        choice.refuse(str(error))
        return None


def _ask(request: HttpRequest, choice: SelectionForm, form: NewBatchForm, status: int = 200) -> HttpResponse:
    sims = chosen_sims(choice)
    statuses = statuses_of(sims_of(sims, choice.user)) if sims is not None else {}
    touched = {each.value: each for each in touched_by(statuses)} if statuses else {}
    kind = form["kind"].value()
    context = {
        "form": form,
        "choice": choice,
        "total": sum(statuses.values()),
        "kinds": [(value, label, touched.get(value), value == kind) for value, label in KIND_CHOICES],
        "most": MOST_SIMS,
        "is_given": sims is not None,
    }
    return render(request, "batches/new.html", context, status=status)


def chosen_sims(choice: SelectionForm) -> SimQuerySet | None:
    """The SIMs of a selection that is valid and needs no looking up."""
    if not choice.is_bound or not choice.is_valid():
        return None
    match choice.way:
        case Batch.Chosen.FILTER:
            return choice.selection.queryset()
        case Batch.Chosen.SET:
            return choice.working_set.sims() if choice.working_set else None
        case Batch.Chosen.TICKED:
            return Sim.objects.filter(giccid__in=choice.giccids)
    return None
