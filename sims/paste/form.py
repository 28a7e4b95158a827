from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError

from sims.paste.parse import Parsed, parse
from toolkit.figures import count

MAX_ENTRIES = 10_000
MAX_CHARACTERS = 2_000_000
# Of a text that was no text, more than this share of characters is unprintable.
MAX_STRANGE_SHARE = 0.02

TOO_LONG = (
    f"This text has {{length}} characters; at most {count(MAX_CHARACTERS)} are looked through at once. Nothing was "
    "looked up. Copy only the column with the identifiers, or paste it in parts."
)
NO_TEXT = (
    "This is not text but the inside of a file. Nothing was looked up. Open the file, and copy the cells or lines "
    "with the identifiers."
)
TOO_MANY = (
    f"{{entries}} identifiers stand in it; at most {count(MAX_ENTRIES)} are looked up at once. Nothing was looked up. "
    "Paste it in parts."
)


class PasteForm(forms.Form):
    """Any text that may hold identifiers; `parsed` is what stands in it."""

    # No field of Django's own for text: it would strip lines and speak of null characters.
    text = forms.Field(
        label="Identifiers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false", "autocomplete": "off"}),
    )
    parsed: Parsed

    def clean_text(self) -> str:
        text = self.cleaned_data["text"] or ""
        if len(text) > MAX_CHARACTERS:
            raise ValidationError(TOO_LONG.format(length=count(len(text))))
        if _is_no_text(text):
            raise ValidationError(NO_TEXT)
        self.parsed = parse(text)
        entries = sum(not entry.is_guess for entry in self.parsed.entries)
        if not self.parsed.entries:
            raise ValidationError(_nothing(text, self.parsed))
        if entries > MAX_ENTRIES:
            raise ValidationError(TOO_MANY.format(entries=count(entries)))
        return str(text)

    def text_to_show_again(self) -> str:
        """What was pasted, unless it is too much to send back."""
        text = str(self.data.get("text", ""))
        return "" if len(text) > MAX_CHARACTERS or _is_no_text(text) else text


def _is_no_text(text: str) -> bool:
    strange = sum(text.count(character) for character in _STRANGE)
    return "\x00" in text or strange > MAX_STRANGE_SHARE * len(text)


_STRANGE = ["\ufffd", *(chr(code) for code in range(1, 32) if chr(code) not in "\t\n\v\f\r\x1c\x1d\x1e\x1f")]


def _nothing(text: str, parsed: Parsed) -> str:
    if not text.strip():
        return "Nothing was pasted."
    return (
        f"None of the {count(parsed.words)} words is an identifier. ICCID, IMEI, IMSI, phone number, or at least their "
        "first or last 4 digits are looked for."
    )
