from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from sims import tags
from sims.chosen import Chosen
from sims.models import Sim, Tag, Tagging
from sims.notes import person
from sims.scope import accounts_of, sim_or_404
from sims.tag_forms import SimTagsForm, TagForm, TaggingForm, has_room
from sims.tagging import Tagged, tag_selection, tag_sims
from sims.tags import NameTaken
from sims.tasks import work_tagging_soon
from toolkit.figures import count
from toolkit.htmx import render_part, sent
from users.models import User

METHODS = ["GET", "HEAD", "POST"]
TAKEN = "There is a tag of this name already; capital and small letters make no difference."
FULL = f"There are {count(tags.MOST_TAGS)} tags already; delete one first."


def may_reshape(user: User) -> bool:
    """Renaming and deleting a tag touches what others see; making and using one does not."""
    return user.role in (User.Role.MANAGER, User.Role.ADMIN)


@require_http_methods(METHODS)
def tag_list(request: HttpRequest) -> HttpResponse:
    """`/sims/tags/`: every tag with its SIMs, taggings under way, and a form for one more."""
    user = person(request.user)
    form = TagForm(sent(request))
    if request.method == "POST" and form.is_valid() and _made(form, user):
        messages.success(request, f"There is a tag “{form.cleaned_data['name']}” now.")
        return redirect("sims:tags")
    found = list(tags.tags_with_counts(accounts_of(user)))
    context = {
        "form": form,
        "tags": found,
        "total": len(found),
        "cap": tags.COUNTED_UP_TO,
        "works": _works(user),
        "may_reshape": may_reshape(user),
    }
    return render_part(request, "sims/tags.html", context, part="taggings", status=422 if form.errors else 200)


def _made(form: TagForm, user: User) -> bool:
    if not has_room():
        form.add_error(None, FULL)
        return False
    try:
        tags.make_tag(user=user, name=form.cleaned_data["name"], colour=form.cleaned_data["colour"])
    except NameTaken:
        form.add_error("name", TAKEN)
        return False
    return True


def _works(user: User) -> list[Tagging]:
    return list(Tagging.objects.filter(requested_by=user).exclude(verb=Tagging.Verb.CLEAR)[:5])


@require_http_methods(METHODS)
def tag(request: HttpRequest, tag_id: int) -> HttpResponse:
    """`/sims/tags/<id>/`: another name or colour for a tag."""
    found, user = get_object_or_404(Tag, pk=tag_id), person(request.user)
    if not may_reshape(user):
        raise PermissionDenied
    before = {"name": found.name, "colour": found.colour}
    form = TagForm(sent(request), initial=before)
    if request.method == "POST" and form.is_valid():
        try:
            tags.change_tag(tag=found, user=user, **form.cleaned_data)
            return redirect("sims:tags")
        except NameTaken:
            form.add_error("name", TAKEN)
    context = {"form": form, "tag": found, "name": before["name"]}
    return render(request, "sims/tag.html", context, status=422 if form.errors else 200)


@require_POST
def delete_tag(request: HttpRequest, tag_id: int) -> HttpResponse:
    found, user = get_object_or_404(Tag, pk=tag_id), person(request.user)
    if not may_reshape(user):
        raise PermissionDenied
    work_tagging_soon(tags.delete_tag(tag=found, user=user).pk)
    messages.success(request, f"The tag “{found.name}” is gone, from every SIM that wore it.")
    return redirect("sims:tags")


@require_POST
def tag_many(request: HttpRequest) -> HttpResponse:
    """`/sims/tagging/`: tags go on what is ticked in the list, or on everything that matches, or come off."""
    user = person(request.user)
    form, chosen = TaggingForm(request.POST), Chosen.from_post(request.POST, user)
    if not form.is_valid() or chosen.errors:
        return _asked_again(request, form, chosen)
    named, verb = form.tags(user), Tagging.Verb(form.cleaned_data["verb"])
    if chosen.is_everything:
        tagged = tag_selection(user=user, verb=verb, tags=named, selection=chosen.selection)
    else:
        tagged = tag_sims(user=user, verb=verb, tags=named, sims=chosen.sims)
    _say(request, verb, named, tagged)
    query = chosen.query and chosen.selection.query_string
    return redirect(f"{reverse('sims:list')}?{query}" if query else "sims:list")


def _asked_again(request: HttpRequest, form: TaggingForm, chosen: Chosen) -> HttpResponse:
    """What was ticked is kept, so that only what was wrong has to be mended."""
    context = {
        "form": form,
        "chosen": chosen,
        "errors": [*form.messages, *chosen.errors],
        "all_tags": tags.all_tags(),
        "chosen_tags": _numbers(request.POST.getlist("tag")),
    }
    return render(request, "sims/tagging.html", context, status=422)


def _say(request: HttpRequest, verb: Tagging.Verb, named: list[Tag], tagged: Tagged) -> None:
    names = ", ".join(f"“{each.name}”" for each in named)
    if tagged.work:
        work_tagging_soon(tagged.work.pk)
        way = "put on" if verb == Tagging.Verb.ADD else "taken off"
        messages.info(request, f"{names}: being {way} more than 10,000 SIMs. The page of tags shows how far it is.")
        return
    sims = "1 SIM" if tagged.changed == 1 else f"{count(tagged.changed)} SIMs"
    same = tagged.sims - tagged.changed
    rest = f" {count(same)} had it already." if verb == Tagging.Verb.ADD else f" {count(same)} did not have it."
    words = f"{names} put on {sims}." if verb == Tagging.Verb.ADD else f"{names} taken off {sims}."
    messages.success(request, words + (rest if same else ""))


@require_http_methods(METHODS)
def sim_tags(request: HttpRequest, giccid: str) -> HttpResponse:
    """`/sims/<giccid>/tags/`: the tags of one SIM, as a whole."""
    sim, user = sim_or_404(giccid, request.user), person(request.user)
    worn = tags.tags_on([sim.pk])[sim.pk]
    form = SimTagsForm(sent(request), initial={"tag": [each.pk for each in worn]})
    if request.method == "POST" and form.is_valid():
        _dress(sim, user, worn, form.tags(user))
        return redirect("sims:detail", giccid=giccid)
    chosen = [each.pk for each in worn] if request.method != "POST" else _numbers(request.POST.getlist("tag"))
    shown = [*worn, *(each for each in tags.all_tags() if each not in worn)]
    context: dict[str, Any] = {"form": form, "sim": sim, "all_tags": shown, "chosen": chosen}
    return render(request, "sims/sim_tags.html", context, status=422 if form.errors else 200)


def _numbers(texts: list[str]) -> list[int]:
    return [int(text) for text in texts if text.isdecimal() and len(text) < 19]


def _dress(sim: Sim, user: User, worn: list[Tag], wanted: list[Tag]) -> None:
    one = Sim.objects.filter(pk=sim.pk)
    if put := [each for each in wanted if each not in worn]:
        tag_sims(user=user, verb=Tagging.Verb.ADD, tags=put, sims=one)
    if taken := [each for each in worn if each not in wanted]:
        tag_sims(user=user, verb=Tagging.Verb.REMOVE, tags=taken, sims=one)
