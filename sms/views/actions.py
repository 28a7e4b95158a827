from __future__ import annotations

from django.contrib import messages as notices
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from sims.models import Sim
from sims.notes import person
from sms import doubts, messages
from sms.forms import SendForm
from sms.models import Message
from sms.scope import partner
from sms.templating import templates_of
from sms.thread import bubble
from sms.views.conversation import TEMPLATE, page
from toolkit.htmx import render_part, wants
from users.models import User

SENT_AGAIN = "It is sent again, as a message of its own."


@require_POST
def send(request: HttpRequest, giccid: str) -> HttpResponse:
    """`POST /sms/<giccid>/send/`: `content` and `encoding` (text or hex)."""
    user = person(request.user)
    sim = _sim(giccid, user)
    form = SendForm(request.POST)
    if form.is_valid():
        try:
            _send(form, sim, user)
        except messages.Refused as refused:
            form.add_error(None, str(refused))
    if form.errors:
        return render_part(request, TEMPLATE, page(sim, giccid, user, form=form), part="talk", status=422)
    if wants(request, "talk"):
        return render(request, f"{TEMPLATE}#talk", page(sim, giccid, user))
    return redirect("sms:conversation", giccid=giccid)


def _send(form: SendForm, sim: Sim, user: User) -> Message:
    clean = form.cleaned_data
    template = templates_of(sim.account_id, user).filter(pk=clean["template"]).first() if clean["template"] else None
    return messages.send(
        sim=sim,
        content=clean["content"],
        encoding=clean["encoding"],
        user=user,
        template=template,
        expected=form.expected,
    )


@require_POST
def look(request: HttpRequest, giccid: str, message_id: int) -> HttpResponse:
    """Look what became of a message: for a kept report, or at the carrier."""
    user = person(request.user)
    message = _message(giccid, message_id, user)
    found = doubts.look(message)
    say = notices.success if found.is_settled else notices.info
    say(request, found.words)
    return redirect("sms:conversation", giccid=giccid)


@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest, giccid: str, message_id: int) -> HttpResponse:
    """Ask whether to send a message once more, and send it: a new message that names the one before."""
    user = person(request.user)
    message, sim = _message(giccid, message_id, user), _sim(giccid, user)
    if request.method == "POST":
        try:
            doubts.send_again(message, sim=sim, user=user)
        except messages.Refused as refused:
            notices.error(request, str(refused))
        else:
            notices.success(request, SENT_AGAIN)
        return redirect("sms:conversation", giccid=giccid)
    return render(request, "sms/again.html", {"bubble": bubble(message), "giccid": giccid, "sim": sim})


@require_POST
def close(request: HttpRequest, giccid: str, message_id: int) -> HttpResponse:
    """A person says that a message whose outcome is not known was not sent."""
    user = person(request.user)
    message = _message(giccid, message_id, user)
    if doubts.close(message, user=user):
        notices.success(request, "It is closed as not sent. A report that comes later still settles it.")
    else:
        notices.info(request, "Its outcome is known by now; nothing was changed.")
    return redirect("sms:conversation", giccid=giccid)


def _sim(giccid: str, user: User) -> Sim:
    sim = partner(giccid, user)
    if sim is None:
        raise Http404
    return sim


def _message(giccid: str, message_id: int, user: User) -> Message:
    partner(giccid, user)
    found = Message.objects.select_related("template", "user", "answers", "sim")
    return get_object_or_404(found, pk=message_id, giccid=giccid, direction=Message.Direction.MT)
