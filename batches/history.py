"""All batches there were: filtered, searched, and each as a row of the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from batches import words
from batches.kinds import KINDS
from batches.models import Batch, BatchCount, BatchItem, BatchQuerySet
from batches.report import Report
from batches.scope import visible_to
from sims.lookup import find_sims
from sims.models import WorkingSet
from toolkit.figures import count, took
from users.models import User

MOST_TEXT = 200
MOST_MONTHS = 36
MOST_SET = 10_000
COUNTED_UP_TO = 10_000
DAMAGED = "The address of this history is damaged, so the newest stand here."
NO_SET = "This list is gone, or it is another person’s."
STATES = [
    (Batch.State.PLANNED, "Planned"),
    (Batch.State.SCHEDULED, "Scheduled"),
    (Batch.State.RUNNING, "Running"),
    (Batch.State.PAUSED, "Paused"),
    (Batch.State.FINISHED, "Finished"),
    (Batch.State.CANCELLED, "Cancelled"),
]


class HistoryForm(forms.Form):
    """`q` is a number of a SIM, a word of the reason, of the file's name or of the person; `set` some SIMs at once."""

    q = forms.CharField(label="Search", required=False, max_length=MOST_TEXT)
    kind = forms.ChoiceField(label="What", required=False)
    state = forms.ChoiceField(label="State", required=False, choices=[("", "Any"), *STATES])
    user = forms.CharField(label="Who", required=False, max_length=150, widget=forms.Select)
    month = forms.RegexField(r"^[0-9]{4}-(0[1-9]|1[0-2])\Z", label="When", required=False, widget=forms.Select)
    set = forms.UUIDField(required=False)
    after = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    FILTERS = ("q", "kind", "state", "user", "month", "set")

    def __init__(self, data: QueryDict, user: User) -> None:
        super().__init__(data)
        self.viewer = user
        self.fields["kind"].choices = [("", "Any"), *((kind.value, kind.label) for kind in KINDS.values())]  # type: ignore[attr-defined]
        self.full_clean()

    def clean_set(self) -> UUID | None:
        wanted: UUID | None = self.cleaned_data["set"]
        if wanted and not WorkingSet.objects.readable_by(self.viewer).filter(pk=wanted).exists():
            raise ValidationError(NO_SET)
        return wanted

    def value(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")

    def cursor(self, name: str) -> int | str:
        return self.cleaned_data.get(name) or ""

    @property
    def wishes(self) -> dict[str, str]:
        return {name: self.value(name) for name in self.FILTERS if self.value(name)}

    @property
    def messages(self) -> list[str]:
        if "set" in self.errors:
            return [NO_SET]
        return [DAMAGED] if self.errors else []

    def batches(self) -> BatchQuerySet:
        """In no order; a filter that cannot be read is left out, and `messages` says so."""
        rows = visible_to(self.viewer)
        exact = {"kind": "kind", "state": "state", "user": "username"}
        rows = rows.filter(**{column: self.value(name) for name, column in exact.items() if self.value(name)})
        if month := self.value("month"):
            first = datetime.strptime(f"{month}-01", "%Y-%m-%d").replace(tzinfo=timezone.get_current_timezone())
            rows = rows.filter(created_at__gte=first, created_at__lt=_next_month(first))
        if self.value("set"):
            rows = rows.filter(pk__in=_batches_of_set(UUID(self.value("set"))))
        return rows.filter(_meant(self.value("q"))) if self.value("q") else rows

    def people(self) -> list[str]:
        """Who ever made one; a handful of names by the index."""
        return list(Batch.objects.order_by("username").values_list("username", flat=True).distinct()[:200])

    def months(self) -> list[dict[str, str]]:
        """Those since the first batch, newest first."""
        first = Batch.objects.order_by("pk").values_list("created_at", flat=True).first()
        month = _first_of(timezone.now())
        found: list[dict[str, str]] = []
        while first and month >= _first_of(first) and len(found) < MOST_MONTHS:
            found.append({"value": month.strftime("%Y-%m"), "label": month.strftime("%B %Y")})
            month = _first_of(month - timedelta(days=1))
        return found


def _first_of(at: datetime) -> datetime:
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _next_month(first: datetime) -> datetime:
    return (first + timedelta(days=32)).replace(day=1)


def _changed() -> Q:
    """Items that were more than looked at."""
    return Q(verdict=BatchItem.Verdict.WILL_CHANGE)


def _batches_of_set(key: UUID) -> list[int]:
    sims = WorkingSet(pk=key).sims().values_list("pk", flat=True)[:MOST_SET]
    found = BatchItem.objects.filter(_changed(), sim__in=list(sims)).order_by()
    return list(found.values_list("batch", flat=True).distinct())


def _meant(text: str) -> Q:
    """By SIM, batch number, reason, person, or where the SIMs came from."""
    asked = Q(reason__icontains=text) | Q(username__iexact=text) | Q(chosen_words__icontains=text)
    digits = text.removeprefix("#").strip()
    if digits.isdecimal() and len(digits) < 18:
        asked |= Q(pk=int(digits))
    if sim_ids := find_sims(text).sim_ids[:100]:
        found = BatchItem.objects.filter(_changed(), sim__in=sim_ids).order_by()
        asked |= Q(pk__in=list(found.values_list("batch", flat=True).distinct()))
    return asked


@dataclass(frozen=True, slots=True)
class HistoryRow:
    batch: Batch
    report: Report

    @property
    def title(self) -> str:
        return words.title_of(self.batch, self.report.changing)

    @property
    def who(self) -> str:
        return self.batch.username

    @property
    def counts(self) -> str:
        """2,865 done, 6 failed; what a batch that was not started would do."""
        report = self.report
        if not report.has_started:
            return f"{count(report.changing)} of {count(report.total)} would change"
        told = [
            f"{count(number)} {word}"
            for number, word in (
                (report.done, "done"),
                (report.planned_number("scheduled"), "scheduled"),
                (report.failed, "failed"),
                (report.skipped, "skipped"),
                (report.unknown, "unknown"),
                (report.at_carrier + report.left, "left"),
            )
            if number
        ]
        return ", ".join(told) or "nothing"

    @property
    def took(self) -> str:
        lasted = self.report.took
        if lasted is not None:
            return took(lasted)
        started = self.batch.started_at
        return took(timezone.now() - started) if started and self.batch.is_open else ""


def rows_for(batches: list[Batch]) -> list[HistoryRow]:
    """One query for the counts of all of them."""
    counts: dict[int, list[tuple[str, str, bool, int]]] = {}
    for each in BatchCount.objects.filter(batch__in=[batch.pk for batch in batches]):
        counts.setdefault(each.batch_id, []).append((each.verdict, each.state, each.is_stale, each.n))
    rows = []
    for batch in batches:
        report = Report(batch)
        report.counts = counts.get(batch.pk, [])
        rows.append(HistoryRow(batch, report))
    return rows
