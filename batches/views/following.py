"""What follows a batch: retry the failed, undo the done, close a chunk that reading cannot settle."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from batches import after, settle
from batches.forms import CloseForm
from batches.models import Batch
from batches.plan import CannotPlan
from batches.views.detail import found_batch, show
from sims.notes import person
from users.models import User


@require_POST
def retry(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A new dry run for what failed."""
    return _follow(request, uuid, after.retry)


@require_POST
def undo(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A new dry run that takes back what was done."""
    return _follow(request, uuid, after.undo)


def _follow(request: HttpRequest, uuid: UUID, make: Callable[[Batch, User], Batch]) -> HttpResponse:
    batch = found_batch(request, uuid)
    try:
        made = make(batch, person(request.user))
    except CannotPlan as error:
        return show(request, batch, refusal=str(error), status=409)
    return redirect("batches:detail", uuid=made.uuid)


@require_POST
def close(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """A person says what became of a chunk that reading cannot settle: `outcome` and `reason`."""
    batch, form = found_batch(request, uuid), CloseForm(request.POST)
    if not form.is_valid():
        return show(request, batch, close=form, status=422)
    chunk = get_object_or_404(batch.chunks, number=number)
    if not settle.close(batch, chunk=chunk, user=person(request.user), **form.cleaned_data):
        return show(request, batch, refusal="Nothing was changed: none of its SIMs is unknown any more.", status=409)
    messages.success(request, f"Chunk {number} is closed, and its SIMs are free again.")
    return redirect("batches:detail", uuid=uuid)
