"""The audit trail as a list: who did what to what, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from django import forms
from django.urls import reverse

from toolkit.figures import count
from toolkit.keyset import page_of
from users.models import AuditEntry

ROWS = 50
CAP = 10_000
WRONG = {
    "since": "The first day is no date (2026-11-22), so the list begins with the oldest.",
    "until": "The last day is no date (2026-11-22), so the list ends with the newest.",
    "after": "The address of this page is damaged, so the first page stands here.",
    "before": "The address of this page is damaged, so the first page stands here.",
}
FILTERS = ("user", "action", "q", "since", "until")
LARGEST_ID = 2**63 - 1


class AuditForm(forms.Form):
    """The filters; a damaged one is named and left out.

    `action` is how it begins (sim, batch.), `q` a part of the target.
    """

    user = forms.CharField(required=False, max_length=150)
    action = forms.CharField(required=False, max_length=64)
    q = forms.CharField(required=False, max_length=200)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    after = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    before = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id=False)
        self.full_clean()

    @property
    def filters(self) -> dict[str, Any]:
        return {name: value for name in FILTERS if (value := self.cleaned_data.get(name))}

    @property
    def messages(self) -> list[str]:
        other = "One of the filters is too long to be read, so the list stands without it."
        return list(dict.fromkeys(WRONG.get(name, other) for name in self.errors))


@dataclass(frozen=True, slots=True)
class AuditRow:
    entry: AuditEntry
    detail: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    rows: list[AuditRow]
    total: int
    total_words: str
    before_url: str
    after_url: str


def audit_page(form: AuditForm) -> AuditPage:
    """A page under the form's filters; two queries."""
    found = AuditEntry.objects.filter(**_lookups(form.filters))
    total = found.order_by()[: CAP + 1].count()
    after, before = form.cleaned_data.get("after") or "", form.cleaned_data.get("before") or ""
    page = page_of(found, key="pk", size=ROWS, after=after, before=before, newest_first=True)
    return AuditPage(
        rows=[AuditRow(entry, _detail(entry)) for entry in page.rows],
        total=min(total, CAP),
        total_words=f"{count(CAP)}+" if total > CAP else count(total),
        before_url=_url(form, before=page.before) if page.before else "",
        after_url=_url(form, after=page.after) if page.after else "",
    )


def _lookups(filters: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "user" in filters:
        found["username"] = filters["user"]
    if "action" in filters:
        found["action__startswith"] = filters["action"]
    if "q" in filters:
        found["target__icontains"] = filters["q"]
    if "since" in filters:
        found["at__gte"] = datetime.combine(filters["since"], time.min, UTC)
    if "until" in filters:
        found["at__lt"] = datetime.combine(filters["until"], time.min, UTC) + timedelta(days=1)
    return found


def _detail(entry: AuditEntry) -> str:
    kept = {name: value for name, value in entry.detail.items() if value not in ("", None, {}, [])}
    return msgspec.json.format(msgspec.json.encode(kept), indent=2).decode() if kept else ""


def _url(form: AuditForm, **more: str) -> str:
    return f"{reverse('users:audit')}?{urlencode({**form.filters, **more})}"
