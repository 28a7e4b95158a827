from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from users import throttle

BLOCKED = "blocked"


class LoginForm(AuthenticationForm):
    """Django's form, which waits after too many failures of one name from one address."""

    error_messages = {
        "invalid_login": "This name and password do not belong together. Both tell capital and small letters apart.",
        "inactive": "This account is switched off. An admin can switch it on.",
        BLOCKED: "Ten logins in a row failed for this name. The next try is possible in up to 15 minutes.",
    }

    def clean(self) -> dict[str, Any]:
        username = str(self.cleaned_data.get("username") or "")
        address = client_address(self.request)
        if throttle.is_blocked(address, username):
            raise ValidationError(self.error_messages[BLOCKED], code=BLOCKED)
        try:
            cleaned = super().clean()
        except ValidationError:
            throttle.count_failure(address, username)
            raise
        throttle.forget(address, username)
        return cleaned

    @property
    def is_blocked(self) -> bool:
        return any(error.code == BLOCKED for error in self.non_field_errors().as_data())


def client_address(request: HttpRequest | None) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request else ""


class PasswordForm(PasswordChangeForm):
    """Django's form, in our words, and without taking the focus of a page that holds more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].widget.attrs.pop("autofocus", None)
        for name, label in (
            ("old_password", "Password now"),
            ("new_password1", "New password"),
            ("new_password2", "New password again"),
        ):
            self.fields[name].label = label
        self.fields["new_password2"].help_text = ""


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(choices=[("system", "System"), ("light", "Light"), ("dark", "Dark")])
