"""What is done to a batch itself: start, pause, resume, cancel what is not sent."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from batches import run
from batches.confirm import confirm
from batches.forms import StartForm
from batches.models import Batch
from batches.run import CannotStart
from batches.views.detail import found_batch, show
from sims.notes import person
from toolkit.states import state_of
from users.models import User


@require_POST
def start(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Confirm the plan: `count` for what is final, `at` for later, `canary` and `abort` for care."""
    batch, form = found_batch(request, uuid), StartForm(request.POST)
    if not form.is_valid():
        return show(request, batch, start=form, status=422)
    try:
        confirm(batch, person(request.user), **form.wishes)
    except CannotStart as error:
        batch.refresh_from_db()
        if batch.state not in (Batch.State.PLANNING, Batch.State.PLANNED, Batch.State.SCHEDULED):
            return show(request, batch, refusal=str(error), status=409)
        form.refuse(str(error))
        return show(request, batch, start=form, status=422)
    return redirect("batches:detail", uuid=uuid)


@require_POST
def pause(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _do(request, uuid, run.pause)


@require_POST
def resume(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _do(request, uuid, run.resume)


@require_POST
def cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _do(request, uuid, run.cancel)


def _do(request: HttpRequest, uuid: UUID, what: Callable[[Batch, User], bool]) -> HttpResponse:
    batch = found_batch(request, uuid)
    if what(batch, person(request.user)):
        return redirect("batches:detail", uuid=uuid)
    batch.refresh_from_db()
    now = state_of("batch", batch.state).label.lower()
    return show(request, batch, refusal=f"Nothing was changed: the batch is {now}.", status=409)
