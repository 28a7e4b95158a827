from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError

from sims.models import Note, Place

# Hosts of an intranet have no dot, so Django's own validator is too strict.
HOST = re.compile(r"[\w.:-]+")
UNSAFE = re.compile(r"[\s\\<>\"'`{}|^\x00-\x1f\x7f]")


class NoteForm(forms.Form):
    """The words of a note."""

    text = forms.CharField(
        label="Note",
        max_length=Note.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": "A note needs words.",
            "max_length": "A note has at most %(limit_value)d characters; these are %(show_value)d.",
        },
    )


class PlaceForm(forms.Form):
    """What the SIM sits in, and where that is described; both empty take it away."""

    label = forms.CharField(
        label="What it sits in",
        required=False,
        max_length=Place.LONGEST,
        help_text="A vehicle, a site, a serial number.",
        error_messages={"max_length": "At most %(limit_value)d characters fit; these are %(show_value)d."},
    )
    url = forms.CharField(
        label="Address",
        required=False,
        max_length=Place.LONGEST_URL,
        help_text="Where it is described, if anywhere; begins with http:// or https://.",
        error_messages={"max_length": "An address has at most %(limit_value)d characters; these are %(show_value)d."},
    )

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        if not url:
            return ""
        try:
            parts = urlsplit(url)
            is_web = parts.scheme.lower() in ("http", "https") and parts.port != 0
            is_whole = is_web and bool(HOST.fullmatch(parts.hostname or "")) and not UNSAFE.search(url)
        except ValueError:
            is_whole = False
        if not is_whole:
            raise ValidationError("An address begins with http:// or https:// and names a host.")
        if parts.username is not None or parts.password is not None:
            raise ValidationError("An address with a name or password in it is not kept.")
        return url

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or {}
        if clean.get("url") and not clean.get("label") and "label" not in self.errors:
            self.add_error("label", "An address needs words to stand under.")
        return clean
