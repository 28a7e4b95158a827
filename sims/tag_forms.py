from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator

from sims.models import Tag, Tagging
from sims.tags import MOST_TAGS, NameTaken, make_tag, tag_named
from users.models import User


class NameField(forms.CharField):
    """A short name on one line; blanks around and within do not matter."""

    def __init__(self, what: str, **options: Any) -> None:
        super().__init__(**options)
        self.error_messages["required"] = f"{what} needs a name."
        self.validators.append(
            MaxLengthValidator(60, f"{what} has at most %(limit_value)d characters; this has %(show_value)d.")
        )
        self.widget.attrs["maxlength"] = "60"

    def to_python(self, value: Any) -> str:
        text = unicodedata.normalize("NFC", super().to_python(value) or "")
        return re.sub(r"\s+", " ", text).strip()


class NewTagField(NameField):
    """The name of a tag that is there, or of one to be made while there is room for more."""

    def __init__(self, **options: Any) -> None:
        super().__init__("A tag", label="New tag", **options)

    def clean(self, value: Any) -> str:
        name = str(super().clean(value))
        if name and not has_room() and tag_named(name) is None:
            raise ValidationError(f"There are {MOST_TAGS:,} tags already; delete one first.")
        return name


class TagForm(forms.Form):
    """A tag's name and colour."""

    name = NameField("A tag", label="Name")
    colour = forms.ChoiceField(
        label="Colour", choices=Tag.Colour.choices, initial=Tag.Colour.GREY, widget=forms.RadioSelect
    )


class SimTagsForm(forms.Form):
    """All tags of one SIM, one more by name among them."""

    tag = forms.ModelMultipleChoiceField(Tag.objects.all(), required=False)
    new_tag = NewTagField(required=False)

    def tags(self, user: User) -> list[Tag]:
        return chosen_tags(self.cleaned_data, user)


class TaggingForm(forms.Form):
    """Which tags, one more by name among them, go on the ticked SIMs or on everything that matches, or come off."""

    verb = forms.ChoiceField(choices=[(Tagging.Verb.ADD, "Tag"), (Tagging.Verb.REMOVE, "Untag")])
    tag = forms.ModelMultipleChoiceField(Tag.objects.all(), required=False)
    new_tag = NewTagField(required=False)
    everything = forms.BooleanField(required=False)
    query = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or {}
        if not self.errors and not clean["tag"] and not clean["new_tag"]:
            raise ValidationError("No tag was chosen, so nothing was changed.")
        is_removal = clean.get("verb") == Tagging.Verb.REMOVE
        if not self.errors and is_removal and not clean["tag"] and tag_named(clean["new_tag"]) is None:
            raise ValidationError(f"There is no tag “{clean['new_tag']}” to take off.")
        return clean

    def tags(self, user: User) -> list[Tag]:
        return chosen_tags(self.cleaned_data, user, makes=self.cleaned_data["verb"] == Tagging.Verb.ADD)

    @property
    def messages(self) -> list[str]:
        return [str(text) for texts in self.errors.values() for text in texts]


def chosen_tags(clean: dict[str, Any], user: User, *, makes: bool = True) -> list[Tag]:
    """The ticked tags and the one that was named; a name that no tag has yet becomes one, where `makes`."""
    tags, name = list(clean["tag"]), clean["new_tag"]
    if name:
        found = tag_named(name)
        if found is None and makes:
            found = _made_or_found(user, name)
        if found and found not in tags:
            tags.append(found)
    return tags


def _made_or_found(user: User, name: str) -> Tag | None:
    try:
        return make_tag(user=user, name=name, colour=next_colour())
    except NameTaken:  # somebody else made it in this moment
        return tag_named(name)


def next_colour() -> str:
    """Another colour than the last tag's, so that new ones can be told apart."""
    colours = Tag.Colour.values
    return str(colours[(Tag.objects.count() + 1) % len(colours)])


def has_room() -> bool:
    return Tag.objects.count() < MOST_TAGS
