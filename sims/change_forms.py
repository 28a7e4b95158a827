"""What a person says when a change is asked for: one form for each verb, with the names scripts use too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from sims.custom_fields import custom_fields_of
from sims.models import Operation, Sim, SimCustomFields, Verb
from sims.package_choice import BASIC, SUPPLEMENTARY, packages_for, why_no_package, words_of
from toolkit.states import state_of

LONGEST_REASON = 500
LONGEST_CUSTOM = 100
CONFIRMED_DIGITS = 4
LARGEST_ID = 2**63 - 1
NOW, NEXT_CYCLE = "now", "next-cycle"
UNREAD = "The catalogue of its account names none, so the carrier decides whether it knows the name."
DAMAGED = "This page is damaged. Open it again from the page of the SIM."
TOO_LONG = "At most %(limit_value)d characters fit; these are %(show_value)d."


class ChangeForm(forms.Form):
    """What every change takes: why, and up to which operation of this SIM the person has seen.

    `seen` is what makes a page sent twice, from a second tab or by the back button, tell itself from a new wish;
    a script leaves it out.
    """

    verb: Verb
    undo_of: Operation | None = None
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=LONGEST_REASON,
        help_text="Stands in the journal of the SIM and in the audit.",
        error_messages={"max_length": TOO_LONG},
    )
    seen = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=LARGEST_ID,
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), DAMAGED),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, sim: Sim, initial: dict[str, Any] | None = None) -> None:
        self.sim = sim
        super().__init__(data, initial=initial)
        self.fields["reason"].widget.attrs["autocomplete"] = "off"
        self.order_fields([name for name in self.fields if name not in ("reason", "seen")])
        self.prepare()

    def prepare(self) -> None:
        """What the fields know of the SIM."""

    @property
    def wanted(self) -> dict[str, Any]:
        """What the verb needs, of a valid form."""
        return {}


class ActivateForm(ChangeForm):
    verb = Verb.ACTIVATE


class SuspendForm(ChangeForm):
    verb = Verb.SUSPEND


class RetireForm(ChangeForm):
    """A change that cannot be taken back asks for the last digits."""

    verb = Verb.RETIRE
    confirm = forms.CharField(
        label="Last four digits of the ICCID",
        max_length=32,
        error_messages={"required": "Type the last four digits of the ICCID: retiring is final."},
    )

    def prepare(self) -> None:
        self.fields["confirm"].widget.attrs |= {"autocomplete": "off", "size": "8"}

    def clean_confirm(self) -> str:
        typed = str(self.cleaned_data["confirm"])
        if typed != self.sim.giccid[-CONFIRMED_DIGITS:]:
            raise ValidationError(f"These are not the last four digits of {self.sim.giccid}. Nothing was changed.")
        return typed


class PackageForm(ChangeForm):
    """A package of the account's catalogue; a name that is none says so instead of being no choice."""

    kind: ClassVar[str]
    package = forms.CharField(
        label="Package",
        max_length=200,
        error_messages={"required": "Choose a package.", "max_length": TOO_LONG},
    )

    def prepare(self) -> None:
        rows = self._usable([(package.name, words_of(package)) for package in packages_for(self.sim, self.kind)])
        if rows:
            self.fields["package"].widget = forms.Select(choices=[("", "Choose one"), *rows])
        else:
            self.fields["package"].help_text = UNREAD

    def _usable(self, rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return rows

    def clean_package(self) -> str:
        name = str(self.cleaned_data["package"])
        if why := why_no_package(self.sim, name, self.kind):
            raise ValidationError(why)
        return name


class PlanForm(PackageForm):
    verb, kind = Verb.CHANGE_PLAN, BASIC
    effective = forms.ChoiceField(
        label="From when",
        choices=[(NOW, "Now: a new period starts at once"), (NEXT_CYCLE, "With the next cycle")],
        error_messages={"invalid_choice": "It is now or next-cycle."},
    )

    def __init__(self, data: Mapping[str, Any] | None, **options: Any) -> None:
        # A script that does not say when means now.
        said = None if data is None else {**dict(data.items()), "effective": data.get("effective") or NOW}
        super().__init__(said, **options)

    def prepare(self) -> None:
        super().prepare()
        self.fields["package"].label = "New package"

    def _usable(self, rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [row for row in rows if row[0] != self.sim.package]

    def clean_package(self) -> str:
        name = super().clean_package()
        if name == self.sim.package:
            raise ValidationError("The SIM is on this package already.")
        return name

    @property
    def wanted(self) -> dict[str, Any]:
        return {"package": self.cleaned_data["package"], "effective": self.cleaned_data["effective"]}


class AddPackageForm(PackageForm):
    verb, kind = Verb.ADD_PACKAGE, SUPPLEMENTARY

    @property
    def wanted(self) -> dict[str, Any]:
        return {"package": self.cleaned_data["package"]}


class ApnForm(ChangeForm):
    verb = Verb.APN
    apn = forms.CharField(
        label="APN",
        max_length=200,
        widget=forms.Select,
        error_messages={"required": "Choose an APN.", "max_length": TOO_LONG},
    )
    apn_status = forms.CharField(
        label="What becomes of it",
        max_length=16,
        widget=forms.Select,
        error_messages={"required": "Say whether it opens or closes.", "max_length": "It is OPEN or CLOSED."},
    )

    def prepare(self) -> None:
        self.status = {apn["name"]: apn.get("status") or "" for apn in self.sim.apns}
        rows = [(name, f"{name} · {state_of('apn', status).label}") for name, status in self.status.items()]
        self.fields["apn"].widget.choices = [("", "Choose one"), *rows]
        ways = [("", "Choose one"), ("OPEN", "Open it"), ("CLOSED", "Close it")]
        self.fields["apn_status"].widget.choices = ways

    def clean_apn(self) -> str:
        name = str(self.cleaned_data["apn"])
        if name not in self.status:
            raise ValidationError("This APN is not on this SIM.")
        return name

    def clean_apn_status(self) -> str:
        status = str(self.cleaned_data["apn_status"]).upper()
        if status not in ("OPEN", "CLOSED"):
            raise ValidationError("It is OPEN or CLOSED.")
        return status

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or {}
        name, status = clean.get("apn"), clean.get("apn_status")
        if name and status and self.status[name] == status:
            self.add_error("apn_status", f"{name} is {state_of('apn', status).label.lower()} already.")
        return clean

    @property
    def wanted(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("apn", "apn_status")}


def _text(number: int) -> forms.CharField:
    return forms.CharField(
        label=f"Custom {number}", required=False, max_length=LONGEST_CUSTOM, error_messages={"max_length": TOO_LONG}
    )


class CustomFieldsForm(ChangeForm):
    """Only what was sent is changed. A page sends what it showed beside it, so what nobody touched is left alone."""

    verb = Verb.CUSTOM_FIELDS
    custom1, custom2, custom3, custom4, custom5 = (_text(number) for number in range(1, 6))

    def prepare(self) -> None:
        known = custom_fields_of(self.sim)
        for name in SimCustomFields.NAMES:
            self.initial.setdefault(name, getattr(known, name, "") if known else "")
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or {}
        if not self.errors and not self.wanted:
            raise ValidationError("None of the five texts is another one than before, so there is nothing to change.")
        return clean

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What stood in the fields when the page was made, as hidden fields."""
        return [(f"was-{name}", self.data.get(f"was-{name}", self.initial[name])) for name in SimCustomFields.NAMES]

    @property
    def wanted(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in SimCustomFields.NAMES if self._is_meant(name)}

    def _is_meant(self, name: str) -> bool:
        was = self.data.get(f"was-{name}")
        return name in self.data and (was is None or self.fields[name].has_changed(was, self.data[name]))


class UndoForm(ChangeForm):
    """The change that takes another one back; what it does is known, so only the reason is asked for."""

    def __init__(
        self, data: Mapping[str, Any] | None, *, sim: Sim, inverse: tuple[Verb, dict[str, Any]], undo_of: Operation
    ) -> None:
        self.verb, self._wanted = inverse
        self.undo_of = undo_of
        super().__init__(data, sim=sim)

    @property
    def wanted(self) -> dict[str, Any]:
        return self._wanted


class ProtectForm(forms.Form):
    """Why nobody is to suspend or retire the SIM."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=LONGEST_REASON,
        help_text="Whoever tries to suspend or retire it reads this.",
        error_messages={"max_length": TOO_LONG},
    )


FORMS: dict[Verb, type[ChangeForm]] = {
    form.verb: form
    for form in (ActivateForm, SuspendForm, RetireForm, PlanForm, AddPackageForm, ApnForm, CustomFieldsForm)
}
