"""`/sims/paste/` and the working sets that come of it."""

from __future__ import annotations

import csv
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from sims.models import WorkingSet, WorkingSetItem
from sims.paste import report
from sims.paste.check import check
from sims.paste.form import MAX_ENTRIES, PasteForm
from sims.paste.take import take as take_candidate
from sims.scope import sets_of
from toolkit.states import state_of
from users.models import User

Verdict = WorkingSetItem.Verdict
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


class SetForm(forms.Form):
    """What the address of a report may ask for; rubbish asks for nothing."""

    verdict = forms.ChoiceField(choices=Verdict.choices, required=False)
    after = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    line = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class TakeForm(forms.Form):
    place = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    sim = forms.IntegerField(min_value=1, max_value=2**63 - 1)


class EditForm(forms.Form):
    set = forms.UUIDField(required=False)


@sensitive_post_parameters("text")
@require_http_methods(["GET", "HEAD", "POST"])
def paste(request: HttpRequest) -> HttpResponse:
    """A list is pasted and checked; its report has an address of its own."""
    assert isinstance(request.user, User)
    if request.method != "POST":
        form = PasteForm(initial={"text": _text_to_edit(request, request.user)})
        return render(request, "sims/paste.html", {"form": form, "limit": MAX_ENTRIES})
    form = PasteForm(request.POST)
    if form.is_valid():
        kept = check(text=form.cleaned_data["text"], parsed=form.parsed, user=request.user)
        return redirect("sims:set", set_id=kept.pk)
    shown = PasteForm(initial={"text": form.text_to_show_again()})
    context = {"form": shown, "errors": form.errors["text"], "limit": MAX_ENTRIES}
    return render(request, "sims/paste.html", context, status=422)


def _text_to_edit(request: HttpRequest, user: User) -> str:
    form = EditForm(request.GET)
    if not form.is_valid() or not form.cleaned_data["set"]:
        return ""
    kept = sets_of(user).filter(pk=form.cleaned_data["set"]).first()
    return kept.text if kept else ""


@require_safe
def working_set(request: HttpRequest, set_id: UUID) -> HttpResponse:
    """The report on a pasted list; `verdict` shows the entries with that one alone."""
    kept = _readable(request, set_id)
    form = SetForm(request.GET)
    form.is_valid()
    asked = form.cleaned_data
    return render(request, "sims/working_set.html", _context(request, kept, asked))


def _context(request: HttpRequest, kept: WorkingSet, asked: dict[str, Any]) -> dict[str, Any]:
    verdict = asked.get("verdict") or ""
    lines, lines_before, lines_after = report.lines_of(kept, first=asked.get("line") or 1)
    context: dict[str, Any] = {
        "report": report.report_of(kept, verdict=verdict),
        "kept": kept,
        "verdict": verdict,
        "verdict_word": state_of("pasted", verdict).label if verdict else "",
        "lines": lines,
        "before_url": report.url_of(kept, line=lines_before) if lines_before else "",
        "after_url": report.url_of(kept, line=lines_after) if lines_after else "",
        "is_mine": kept.user_id == request.user.pk,
        "may_change": _may_change(request, kept),
        "set_address": request.build_absolute_uri(f"{reverse('sims:list')}?set={kept.pk}"),
    }
    if verdict:
        rows, more = report.page_of_verdict(kept, verdict, asked.get("after") or 0)
        next_url = report.url_of(kept, verdict=verdict, after=more) if more else ""
        first_url = report.url_of(kept, verdict=verdict)
        shows_sims = verdict not in report.NEEDS_A_PERSON
        return context | {"rows": rows, "next_url": next_url, "first_url": first_url, "shows_sims": shows_sims}
    return context | {
        "needs": report.rows_that_need_a_person(kept),
        "found": report.rows_found(kept),
        "repeats": report.repeats_words(kept),
    }


@require_POST
def take(request: HttpRequest, set_id: UUID) -> HttpResponse:
    """An entry means the SIM that a person has picked."""
    kept = _readable(request, set_id)
    form = TakeForm(request.POST)
    item = None
    if form.is_valid():
        item = take_candidate(kept=kept, place=form.cleaned_data["place"], sim_id=form.cleaned_data["sim"])
    if item is None or item.sim is None:
        messages.error(request, "Nothing was taken: this entry has no such SIM to pick, or it was settled meanwhile.")
    elif item.verdict == Verdict.REPEATED:
        messages.info(request, f"Line {item.line} is …{item.sim.giccid[-6:]}, as line {item.repeats_line} already is.")
    else:
        messages.success(request, f"Line {item.line} is …{item.sim.giccid[-6:]} now.")
    return redirect("sims:set", set_id=kept.pk)


@require_POST
def share(request: HttpRequest, set_id: UUID) -> HttpResponse:
    """Let everybody who signs in see the list, or nobody else any more."""
    kept = _own(request, set_id)
    kept.is_shared = not kept.is_shared
    kept.save(update_fields=["is_shared"])
    words = (
        "Everybody who signs in can open this list now." if kept.is_shared else "Only you and admins can open it now."
    )
    messages.success(request, words)
    return redirect("sims:set", set_id=kept.pk)


@require_POST
def forget(request: HttpRequest, set_id: UUID) -> HttpResponse:
    """Drop the list, its text and its report; the SIMs are not touched."""
    _own(request, set_id).delete()
    messages.success(request, "The pasted list is gone. No SIM was touched.")
    return redirect("sims:paste")


@require_GET
def report_csv(request: HttpRequest, set_id: UUID) -> HttpResponse:
    """Every entry with its line, verdict and SIM; at most as many rows as one paste has entries."""
    kept = _readable(request, set_id)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="pasted-list-{str(kept.pk)[:8]}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(["Line", "Entry", "Verdict", "SIM", "Note", "Repeats line"])
    rows = kept.items.order_by("place").values_list(
        "line", "entry", "verdict", "sim__giccid", "how", "damage", "repeats_line"
    )
    for line, entry, verdict, giccid, how, damage, repeats in rows.iterator(chunk_size=2000):
        note = how or damage
        writer.writerow([line, _defused(entry), Verdict(verdict).label, giccid or "", note, repeats or ""])
    return response


def _defused(entry: str) -> str:
    """No spreadsheet takes it for a formula."""
    return f"'{entry}" if entry.startswith(FORMULAS) else entry


def _readable(request: HttpRequest, set_id: UUID) -> WorkingSet:
    assert isinstance(request.user, User)
    kept = sets_of(request.user).select_related("user").filter(pk=set_id).first()
    if kept is None:
        raise Http404
    return kept


def _own(request: HttpRequest, set_id: UUID) -> WorkingSet:
    """The maker's, or anybody's for an admin."""
    kept = _readable(request, set_id)
    if not _may_change(request, kept):
        raise Http404
    return kept


def _may_change(request: HttpRequest, kept: WorkingSet) -> bool:
    assert isinstance(request.user, User)
    return kept.user_id == request.user.pk or request.user.role == User.Role.ADMIN
