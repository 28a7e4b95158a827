from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_POST, require_safe

from sims.change_card import WITH_HOLDERS, changes_of
from sims.changes.settle import nudge
from sims.detail_form import SimPageForm
from sims.kept import Kept
from sims.models import Sim
from sims.notes import person
from sims.portrait import portrait
from sims.reading import ReadAgain, read_again
from sims.scope import Person, seen_by
from sims.standing import Note
from sims.story import GROUPS
from toolkit.htmx import render_part, wants
from users.models import User

TEMPLATE = "sims/detail.html"
PARTS = ("journal-rest", "journal")
# How the SIM's changes stand: all that a change alters until it has come to something.
CHANGES = "operation-notes"


@require_safe
def sim_detail(request: HttpRequest, giccid: str) -> HttpResponse:
    """`/sims/<giccid>/`: everything the carrier says of one SIM, and its story."""
    sim = find_sim(giccid, request.user)
    if sim is None:
        return unknown_sim(request, giccid)
    if wants(request, CHANGES):
        context = {"sim": sim, "changes": changes_of(sim, timezone.now())}
        return render(request, "sims/parts/changes_answer.html", context)
    form = SimPageForm(request.GET)
    page = portrait(sim, older=form.older_than, group=form.group)
    context = page_context(sim, page=page, errors=form.messages, kept=Kept(sim, person(request.user)))
    for part in PARTS:
        if wants(request, part):
            return render(request, f"{TEMPLATE}#{part}", context)
    return render_part(request, TEMPLATE, context, part="sim")


@require_POST
def refresh(request: HttpRequest, giccid: str) -> HttpResponse:
    """Read the SIM again now; the answer says what came of it, in place for htmx."""
    assert isinstance(request.user, User)
    if Sim.objects.filter(giccid=giccid).exists() and find_sim(giccid, request.user) is None:
        return unknown_sim(request, giccid)
    result = read_again(giccid=giccid, user=request.user)
    note = _note(result)
    sim = find_sim(giccid, request.user)
    if sim is None:
        return unknown_sim(request, giccid, note)
    if nudge([sim.pk]):
        sim = find_sim(giccid, request.user) or sim
    if wants(request, "sim"):
        return render(request, f"{TEMPLATE}#sim", page_context(sim, answer=note, kept=Kept(sim, request.user)))
    say = messages.success if result.found else messages.error
    say(request, f"{note.title} {note.words}".strip())
    return redirect("sims:detail", giccid=giccid)


def find_sim(giccid: str, user: Person) -> Sim | None:
    """The SIM with all that its page needs of one row each; None where this person may not see it."""
    known = Sim.objects.select_related("account", "history", "custom_fields", "place", *WITH_HOLDERS)
    return seen_by(known, user).filter(giccid=giccid).first()


def page_context(sim: Sim, **more: Any) -> dict[str, Any]:
    """`changes` is one query, and none for a part that does not print it."""
    changes = SimpleLazyObject(lambda: changes_of(sim, timezone.now()))
    return {"sim": sim, "groups": GROUPS, "page": more.pop("page", None) or portrait(sim), "changes": changes, **more}


def _note(result: ReadAgain) -> Note:
    if not result.found:
        return Note("bad", "triangle", "It could not be read now.", result.error, is_alert=True)
    words = "What has changed stands in the journal." if result.changed else "The carrier shows what stood here before."
    return Note("ok", "tick", "Read just now.", words, is_alert=True)


def unknown_sim(request: HttpRequest, giccid: str, note: Note | None = None) -> HttpResponse:
    """The page for an ICCID we have no copy of."""
    status = 200 if wants(request, "sim-unknown") else 404
    part = "sim-unknown"
    return render_part(request, "sims/unknown.html", {"giccid": giccid, "answer": note}, part=part, status=status)
