"""What a batch does and when; which SIMs is the business of `batches.selecting`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator

from batches.kinds import KINDS
from enterprise.models import ServicePackage
from sms.counting import GSM7, GSM7_EXTENSION
from sms.counting import count as sms_count

KIND_CHOICES = [(kind.value, kind.label) for kind in KINDS.values()]
LONGEST_REASON = 500
LONGEST_CUSTOM = 100
MOST_PACKAGES = 500
CUSTOM = tuple(f"custom{number}" for number in range(1, 6))
TYPES = {"change-plan": "BASIC", "add-package": "SUPPLEMENTARY"}
NEEDED = {
    "package": "Choose a package.",
    "apn": "Name the APN.",
    "apn_status": "Say whether it opens or closes.",
}
TOO_LONG = "At most %(limit_value)d characters fit; these are %(show_value)d."


def _text(label: str, most: int, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=most, error_messages={"max_length": TOO_LONG}, **options
    )


class NewBatchForm(forms.Form):
    """The verb with what it needs, and why. `wanted` is what `batches.plan` takes."""

    kind = forms.ChoiceField(
        label="What is done",
        choices=KIND_CHOICES,
        widget=forms.RadioSelect,
        error_messages={"required": "Say what is to be done.", "invalid_choice": "There is no such kind of batch."},
    )
    package = _text("Package", 200, widget=forms.Select)
    effective = forms.ChoiceField(
        label="From when",
        required=False,
        choices=[("now", "Now: a new period starts at once"), ("next-cycle", "With the next cycle")],
        error_messages={"invalid_choice": "It is now or next-cycle."},
    )
    apn = _text("APN", 200, help_text="Its name as on the SIM's page, such as iot.public.")
    apn_status = _text("What becomes of it", 10, widget=forms.Select)
    custom1, custom2, custom3, custom4, custom5 = (_text(f"Custom {number}", LONGEST_CUSTOM) for number in range(1, 6))
    clear = forms.MultipleChoiceField(
        label="Empty these",
        required=False,
        choices=[(name, f"Custom {name[-1]}") for name in CUSTOM],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "sp-tick"}),
    )
    content = forms.CharField(
        label="Text",
        required=False,
        strip=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="{imei}, {iccid}, {custom1} and the like stand for what each SIM has; a brace is written twice.",
        error_messages={"max_length": TOO_LONG},
    )
    encoding = forms.ChoiceField(
        label="Encoding",
        required=False,
        choices=[("text", "Text"), ("hex", "Hex")],
        error_messages={"invalid_choice": "A message is text or hex."},
    )
    reason = _text("Reason", LONGEST_REASON, help_text="Stands in every SIM’s journal and in the history.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("apn", "reason", *CUSTOM):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self.packages = _catalogue()
        self.fields["package"].widget.choices = self._package_choices()
        ways = [("", "Choose one"), ("OPEN", "Open it"), ("CLOSED", "Close it")]
        self.fields["apn_status"].widget.choices = ways

    def _package_choices(self) -> list[Any]:
        groups = {"Basic packages": "BASIC", "Supplementary packages": "SUPPLEMENTARY"}
        rows = [
            (label, [(name, name) for name, types in self.packages.items() if types & {kind, ""}])
            for label, kind in groups.items()
        ]
        return [("", "Choose one"), *(row for row in rows if row[1])]

    @property
    def counted(self) -> str:
        """How much of one SMS the text takes as it is written; the page goes on counting."""
        return sms_count(str(self["content"].value() or ""), str(self["encoding"].value() or "text")).words

    @property
    def gsm7(self) -> str:
        return "".join(sorted(GSM7))

    @property
    def extension(self) -> str:
        return "".join(sorted(GSM7_EXTENSION))

    def clean_apn_status(self) -> str:
        status = str(self.cleaned_data["apn_status"]).upper()
        if status and status not in ("OPEN", "CLOSED"):
            raise ValidationError("It is OPEN or CLOSED.")
        return status

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or {}
        for name in self.needed:
            if name in NEEDED and name not in self.errors and not clean.get(name):
                self.add_error(name, NEEDED[name])
        check = KINDS[self.verb].why_not if self.verb in KINDS else None
        if check is not None and not self.errors and (why := check(self.wanted)):
            self.add_error("content", why)
        if "package" in self.needed and clean.get("package"):
            self._check_package(clean["package"])
        if self.verb == "custom-fields" and not self.errors and not self.wanted:
            raise ValidationError("Fill in at least one of the five texts, or tick one to be emptied.")
        return clean

    @property
    def verb(self) -> str:
        return str(self.cleaned_data.get("kind", ""))

    @property
    def needed(self) -> tuple[str, ...]:
        return KINDS[self.verb].fields if self.verb in KINDS else ()

    def _check_package(self, name: str) -> None:
        types, wanted = self.packages.get(name), TYPES[self.verb]
        if types is None:
            self.add_error("package", f"No account has a package “{name}” now.")
        elif not types & {wanted, ""}:
            word = "basic" if wanted == "BASIC" else "supplementary"
            self.add_error("package", f"“{name}” is no {word} package.")

    @property
    def wanted(self) -> dict[str, str]:
        """Of a valid form; a text that is neither filled in nor to be emptied is left alone."""
        clean = self.cleaned_data
        if self.verb == "custom-fields":
            emptied = set(clean.get("clear", ()))
            return {name: clean[name] for name in CUSTOM if clean.get(name) or name in emptied}
        found = {name: str(clean.get(name, "")) for name in self.needed}
        if "effective" in found:
            found["effective"] = found["effective"] or "now"
        return found


def _catalogue() -> dict[str, set[str]]:
    """The names of the packages there are now, with their types in the accounts; one query."""
    rows = ServicePackage.objects.filter(gone_at=None).order_by("name").values_list("name", "type").distinct()
    found: dict[str, set[str]] = {}
    for name, kind in rows[: MOST_PACKAGES * 2]:
        found.setdefault(name, set()).add(kind)
    return found


class StartForm(forms.Form):
    """The confirmation of a dry run. `at` without a zone is the viewer's clock, `offset` minutes ahead of UTC."""

    count = forms.CharField(required=False, max_length=20)
    at = forms.DateTimeField(
        required=False, error_messages={"invalid": "Write a date and a time, such as 2026-11-23 18:00."}
    )
    offset = forms.IntegerField(required=False, min_value=-14 * 60, max_value=14 * 60)
    canary = forms.IntegerField(required=False, min_value=1, max_value=100_000)
    canary_percent = forms.FloatField(required=False, min_value=0, max_value=100)
    abort = forms.FloatField(required=False, min_value=0, max_value=100)
    reason = _text("Reason", LONGEST_REASON)

    def clean_count(self) -> int | None:
        text = re.sub(r"[\s,.’']", "", self.cleaned_data["count"])
        if text and not re.fullmatch(r"[0-9]{1,9}", text):
            raise ValidationError("Type the number of SIMs in digits. Nothing was sent.")
        return int(text) if text else None

    @property
    def wishes(self) -> dict[str, Any]:
        """Of a valid form, for `batches.confirm`."""
        clean = self.cleaned_data
        at: datetime | None = clean["at"]
        has_zone = re.search(r"(Z|[+-][0-9]{2}:?[0-9]{2})$", str(self.data.get("at", "")).strip())
        if at and not has_zone:
            at -= timedelta(minutes=clean["offset"] or 0)
        reason = clean["reason"] if "reason" in self.data else None
        numbers = {name: clean[name] for name in ("count", "canary", "canary_percent", "abort")}
        return {"at": at, "reason": reason, **numbers}

    def refuse(self, words: str) -> None:
        """What stands against the start, beside the field it is about."""
        self.add_error("count" if "Type the number" in words else "at" if "start has to lie" in words else None, words)


class CloseForm(forms.Form):
    """What a person says of a chunk that reading cannot settle."""

    outcome = forms.ChoiceField(
        choices=[("done", "It happened"), ("failed", "It did not happen")],
        error_messages={"required": "Say whether it happened.", "invalid_choice": "It is done or failed."},
    )
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        error_messages={"required": "Say how you know.", "max_length": TOO_LONG},
        validators=[ProhibitNullCharactersValidator()],
    )
