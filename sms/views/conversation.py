from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sims.models import Sim
from sims.notes import person
from sms import filling, talk
from sms.doubts import mark_read
from sms.forms import SendForm
from sms.scope import partner
from sms.side import Side, side
from sms.thread import Thread, thread
from toolkit.htmx import render_part, wants
from users.models import User

TEMPLATE = "sms/conversation.html"
LONGEST_SEARCH = 100


class PageForm(forms.Form):
    """What the page is asked for; what cannot be read is left out."""

    before = forms.CharField(required=False, max_length=40)
    after = forms.CharField(required=False, max_length=40)
    tab = forms.CharField(required=False, max_length=10)
    find = forms.CharField(required=False, max_length=LONGEST_SEARCH)
    older = forms.CharField(required=False, max_length=100)
    template = forms.IntegerField(required=False, min_value=1, max_value=2**62)

    def value(self, name: str) -> Any:
        return self.cleaned_data.get(name) or ("" if name != "template" else None)


@require_safe
def conversation(request: HttpRequest, giccid: str) -> HttpResponse:
    """`/sms/<giccid>/`: the messages with one SIM; who opens it has read them."""
    user = person(request.user)
    sim = partner(giccid, user)
    asked = PageForm(request.GET)
    asked.is_valid()
    if request.method == "GET":
        mark_read(giccid, user)
    for part, (template, context_of) in PARTS.items():
        if wants(request, part):
            return render(request, template, {"giccid": giccid, "sim": sim, **context_of(asked, giccid, user)})
    return render_part(request, TEMPLATE, page(sim, giccid, user, asked=asked), part="talk")


def _side(asked: PageForm, giccid: str, user: User) -> Side:
    return side(
        user, giccid=giccid, tab=asked.value("tab"), search=asked.value("find"), older_than=asked.value("older")
    )


def _thread(asked: PageForm, giccid: str) -> Thread:
    return thread(giccid, before=asked.value("before"), after=asked.value("after"))


# What of the page is looked at again by itself: by its id, the template and what it prints.
PARTS: dict[str, tuple[str, Callable[[PageForm, str, User], dict[str, Any]]]] = {
    "conversations": ("sms/parts/side.html", lambda asked, giccid, user: {"side": _side(asked, giccid, user)}),
    "thread": (f"{TEMPLATE}#thread", lambda asked, giccid, user: {"thread": _thread(asked, giccid)}),
    "answer-state": (
        f"{TEMPLATE}#answer-state", lambda asked, giccid, user: {"conversation": talk.answer_state(giccid)},
    ),
    "last-answers": ("sms/parts/values.html", lambda asked, giccid, user: {"values": talk.values_of(giccid)}),
}  # fmt: skip


def page(
    sim: Sim | None, giccid: str, user: User, *, form: SendForm | None = None, asked: PageForm | None = None
) -> dict[str, Any]:
    """The context of the whole page, as asked for or after something was sent."""
    wanted = asked or PageForm({})
    wanted.is_valid()
    template_id = form.cleaned_data.get("template") if form else wanted.value("template")
    if sim is not None and template_id:
        sim = filling.sims_for_filling([giccid]).get(giccid, sim)
    return talk.context(
        giccid,
        sim,
        user,
        thread=_thread(wanted, giccid),
        side=_side(wanted, giccid, user),
        composed=talk.composer(sim, user, form=form, template_id=template_id) if sim else None,
    )
