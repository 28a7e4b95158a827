"""The door for what people write: a message, an expected answer, a template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator

from enterprise.models import Account
from sms import filling, patterns
from sms.counting import HEX, TEXT, count
from sms.messages import NOTHING_EXPECTED, Expected
from sms.models import Template

LONGEST_CONTENT = 4000
ENCODINGS = [(TEXT, "Text"), (HEX, "Hex")]
WITHIN = [("60", "1 min"), ("120", "2 min"), ("600", "10 min"), ("3600", "1 h"), ("86400", "24 h")]
USUAL_WITHIN = "120"


class Verbatim(forms.CharField):
    """A text to the last blank. Surrogates and NUL are for the count to refuse, in its own words."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, required=False, max_length=LONGEST_CONTENT, **options)
        self.validators = [each for each in self.validators if not isinstance(each, ProhibitNullCharactersValidator)]


class ExpectMixin(forms.Form):
    """The pattern of an answer and how long it is waited for."""

    expect = forms.CharField(
        label="Expected answer",
        required=False,
        strip=False,
        max_length=patterns.LONGEST_PATTERN,
        help_text="A pattern, found anywhere in the answer: OK.* or T=(?P&lt;T&gt;[\\d.]+), whose named part is kept.",
        error_messages={"max_length": "A pattern has at most %(limit_value)d characters; this has %(show_value)d."},
    )
    expect_within = forms.ChoiceField(
        label="within",
        choices=WITHIN,
        required=False,
        error_messages={"invalid_choice": "Choose how long the answer is waited for."},
    )

    def clean_expect(self) -> str:
        pattern = str(self.cleaned_data["expect"])
        try:
            if pattern:
                patterns.check(pattern)
        except patterns.BadPattern as error:
            raise ValidationError(str(error)) from error
        return pattern

    @property
    def expected(self) -> Expected:
        pattern = self.cleaned_data.get("expect") or ""
        if not pattern:
            return NOTHING_EXPECTED
        return Expected(pattern, int(self.cleaned_data.get("expect_within") or USUAL_WITHIN))


class SendForm(ExpectMixin):
    """`POST /sms/<giccid>/send/`: `content` and `encoding`, and for the page what it was made with."""

    content = Verbatim(label="Message", widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}))
    encoding = forms.ChoiceField(
        label="Encoding",
        choices=ENCODINGS,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "A message is text or hex."},
    )
    template = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)

    def clean_encoding(self) -> str:
        return self.cleaned_data["encoding"] or TEXT

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or {}
        if "content" in clean and "encoding" in clean:
            counted = count(clean["content"], clean["encoding"])
            if counted.error:
                self.add_error("content", counted.error)
        return clean


class TemplateForm(ExpectMixin):
    """A template: name, account, text with variables, and the answer it waits for."""

    name = forms.CharField(
        label="Name",
        max_length=Template.LONGEST_NAME,
        error_messages={
            "required": "A template needs a name.",
            "max_length": "A name has at most %(limit_value)d characters; this has %(show_value)d.",
        },
    )
    account = forms.TypedChoiceField(
        label="Account",
        required=False,
        coerce=int,
        empty_value=None,
        error_messages={"invalid_choice": "There is no such account."},
    )
    content = Verbatim(
        label="Text",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=f"Variables: {', '.join(f'{{{name}}}' for name in filling.VARIABLES)}. A brace is written twice.",
    )
    encoding = forms.ChoiceField(
        label="Encoding",
        choices=ENCODINGS,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "A message is text or hex."},
    )
    field_order = ("name", "account", "content", "encoding", "expect", "expect_within")

    def __init__(
        self, data: Mapping[str, Any] | None, *, accounts: list[Account], template: Template | None = None
    ) -> None:
        initial = _initial(template) if template else {"encoding": TEXT, "expect_within": USUAL_WITHIN}
        super().__init__(data, initial=initial)
        self.template = template
        choices = [("", "All accounts"), *((str(account.pk), account.name) for account in accounts)]
        self.fields["account"].choices = choices  # type: ignore[attr-defined]

    def clean_encoding(self) -> str:
        return self.cleaned_data["encoding"] or TEXT

    def clean_content(self) -> str:
        text = str(self.cleaned_data["content"])
        if why := filling.why_not(text):
            raise ValidationError(why)
        return text

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or {}
        if "content" in clean and "encoding" in clean and not filling.names_in(clean["content"]):
            plain = clean["content"].replace("{{", "{").replace("}}", "}")
            if error := count(plain, clean["encoding"]).error:
                self.add_error("content", error)
        if "name" in clean and "account" in clean and self._is_taken(clean["name"], clean["account"]):
            self.add_error("name", "There is a template of this name already.")
        return clean

    def _is_taken(self, name: str, account: int | None) -> bool:
        same = Template.objects.filter(name=name, deleted_at=None)
        same = same.filter(account=account) if account else same.filter(account=None)
        return (same.exclude(pk=self.template.pk) if self.template else same).exists()


def _initial(template: Template) -> dict[str, Any]:
    return {
        "name": template.name,
        "account": template.account_id or "",
        "content": template.content,
        "encoding": template.encoding,
        "expect": template.expect,
        "expect_within": str(template.expect_within_s or USUAL_WITHIN),
    }
