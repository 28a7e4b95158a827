from __future__ import annotations

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from enterprise.models import Account
from sims.notes import person
from sms import previews
from sms.forms import TemplateForm
from sms.models import Template
from sms.scope import accounts_of
from sms.templating import delete, keep, templates_for
from toolkit.htmx import sent, wants
from users.models import User

METHODS = ["GET", "HEAD", "POST"]


@require_safe
def template_list(request: HttpRequest) -> HttpResponse:
    """`/sms/templates/`: the texts that are sent again and again."""
    return render(request, "sms/templates.html", {"templates": templates_for(person(request.user))})


@require_http_methods(METHODS)
def template_new(request: HttpRequest) -> HttpResponse:
    return _form(request, None)


@require_http_methods(METHODS)
def template_edit(request: HttpRequest, template_id: int) -> HttpResponse:
    return _form(request, _template(request, template_id))


@require_POST
def template_delete(request: HttpRequest, template_id: int) -> HttpResponse:
    found = _template(request, template_id)
    delete(found, person(request.user))
    notices.success(request, f"The template “{found.name}” is offered no longer.")
    return redirect("sms:templates")


def _form(request: HttpRequest, template: Template | None) -> HttpResponse:
    user = person(request.user)
    form = TemplateForm(sent(request), accounts=_accounts(user), template=template)
    is_preview = request.method == "POST" and "preview" in request.POST
    if request.method == "POST" and not is_preview and form.is_valid():
        kept = keep(template, form.cleaned_data, form.expected, user)
        notices.success(request, f"The template “{kept.name}” is kept.")
        return redirect("sms:templates")
    shown = previews.preview(form, str(request.POST.get("sim", "")), user) if is_preview else None
    context = {"form": form, "template": template, "preview": shown, "preview_sim": request.POST.get("sim", "")}
    if wants(request, "preview"):
        return render(request, "sms/parts/preview.html", context)
    return render(request, "sms/template.html", context, status=422 if form.errors and not is_preview else 200)


def _accounts(user: User) -> list[Account]:
    accounts, seen = Account.objects.order_by("name"), accounts_of(user)
    return list(accounts if seen is None else accounts.filter(pk__in=seen))


def _template(request: HttpRequest, template_id: int) -> Template:
    return get_object_or_404(templates_for(person(request.user)), pk=template_id)
