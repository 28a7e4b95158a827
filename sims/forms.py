from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator

from sims.counts import NO_ACCOUNT, Filter

ROWS = (50, 100, 200)
MAX_VALUES = 100
MAX_TEXT = 128
NONE = "-"


class ManyTexts(forms.Field):
    """Several short texts, each once, in the order they came."""

    widget = forms.MultipleHiddenInput
    default_validators = [MaxLengthValidator(MAX_TEXT), ProhibitNullCharactersValidator()]

    def to_python(self, value: Any) -> list[str]:
        return list(dict.fromkeys(text for text in value or [] if text))

    def run_validators(self, value: list[str]) -> None:
        if len(value) > MAX_VALUES:
            raise ValidationError(f"At most {MAX_VALUES} values fit in one filter; there were {len(value):,}.")
        try:
            for text in value:
                super().run_validators(text)
        except ValidationError as error:
            raise ValidationError("A value of this filter is damaged.") from error


class SimListForm(forms.Form):
    """What `/sims/` is asked for. A group whose value cannot be read matches nothing (`is_impossible`)."""

    q = forms.CharField(required=False)
    status = ManyTexts(required=False, label="Status")
    account = ManyTexts(required=False, label="Account")
    package = ManyTexts(required=False, label="Package")
    missing = forms.ChoiceField(required=False, label="Missing", choices=[("1", "Missing"), ("0", "Not missing")])
    after = forms.CharField(required=False, max_length=MAX_TEXT)
    before = forms.CharField(required=False, max_length=MAX_TEXT)
    rows = forms.ChoiceField(required=False, choices=[(n, n) for n in ROWS])
    go = forms.BooleanField(required=False)

    GROUPS = ("status", "account", "package", "missing")

    def __init__(self, data: Mapping[str, Any], *, accounts: Mapping[int, str]) -> None:
        super().__init__(data, auto_id=False)
        self.accounts = accounts
        self.full_clean()

    def clean_account(self) -> list[int]:
        """Ids or exact names; 0 or - is no account."""
        ids = {name: pk for pk, name in self.accounts.items()}
        ids |= {str(pk): pk for pk in self.accounts} | {NONE: NO_ACCOUNT, str(NO_ACCOUNT): NO_ACCOUNT}
        texts = self.cleaned_data["account"]
        if strange := [text for text in texts if text not in ids]:
            raise ValidationError(f"There is no account “{shorten(strange[0])}”.")
        return list(dict.fromkeys(ids[text] for text in texts))

    def clean_package(self) -> list[str]:
        return ["" if name == NONE else name for name in self.cleaned_data["package"]]

    @property
    def is_impossible(self) -> bool:
        return any(name in self.errors for name in self.GROUPS)

    @property
    def asked(self) -> Filter:
        clean = self.cleaned_data
        missing = clean.get("missing")
        return Filter(
            accounts=tuple(clean.get("account", ())),
            statuses=tuple(clean.get("status", ())),
            packages=tuple(clean.get("package", ())),
            missing=missing == "1" if missing else None,
        )

    @property
    def search(self) -> str:
        """The search as typed; a NUL in it makes the field invalid, and then nothing can match."""
        return str(self.cleaned_data.get("q", "\x00"))

    @property
    def page_size(self) -> int:
        return int(self.cleaned_data.get("rows") or ROWS[0])

    def cursor(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")

    @property
    def messages(self) -> list[str]:
        """What to say on top, in our words."""
        said = [f"{self.fields[name].label}: {text}" for name in self.GROUPS for text in self.errors.get(name, [])]
        if "rows" in self.errors:
            said.append(f"A page has {', '.join(map(str, ROWS[:-1]))} or {ROWS[-1]} rows; here are {ROWS[0]}.")
        if "after" in self.errors or "before" in self.errors:
            said.append("The address of this page is damaged, so the list starts at its beginning.")
        return said


def shorten(text: str, length: int = 40) -> str:
    """For repeating what a person sent: never 100 KB of it."""
    return text if len(text) <= length else text[: length - 1] + "…"


class SimPageForm(forms.Form):
    """What a SIM's page is asked for: the journal behind the event `older`."""

    older = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id=False)
        self.full_clean()

    @property
    def cursor(self) -> int | None:
        return self.cleaned_data.get("older")

    @property
    def messages(self) -> list[str]:
        return ["The address of these entries is damaged, so the newest stand here."] if self.errors else []


class RunListForm(forms.Form):
    """Which page of the runs: those older than `after`, or newer than `before`."""

    after = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id=False)
        self.full_clean()

    def cursor(self, name: str) -> int | str:
        return self.cleaned_data.get(name) or ""

    @property
    def messages(self) -> list[str]:
        return ["The address of these runs is damaged, so the newest stand here."] if self.errors else []
