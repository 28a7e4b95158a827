from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from sims.saved_views import kept_part, may_share
from sims.tag_forms import NameField
from users.models import User

LONGEST_QUERY = 8000


class QueryField(forms.CharField):
    """The list's query string; what a view does not keep of it is left out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, widget=forms.HiddenInput, **options)

    def clean(self, value: Any) -> str:
        query = str(super().clean(value))
        if len(query) > LONGEST_QUERY:
            raise ValidationError("This filter is too long to be kept. Fewer values of a group would do.")
        return kept_part(QueryDict(query))


class QueryForm(forms.Form):
    """A filter alone, to be kept under a name that is there already."""

    query = QueryField()


class ViewForm(forms.Form):
    """A view's name, who sees it, and whether the list opens with it for this person."""

    name = NameField("A view", label="Name")
    is_shared = forms.BooleanField(label="Everybody sees it", required=False)
    is_default = forms.BooleanField(label="The list opens with it for me", required=False)

    def __init__(self, data: Any, *, user: User, was_shared: bool = False, **options: Any) -> None:
        super().__init__(data, **options)
        self.user, self.was_shared = user, was_shared
        if not may_share(user):
            self.fields["is_shared"].disabled = True
            self.fields["is_shared"].help_text = "A fleet manager or an admin can share a view."

    def clean_is_shared(self) -> bool:
        asked = bool(self.data.get("is_shared")) if self.is_bound else False
        if may_share(self.user):
            return asked
        if asked and not self.was_shared:
            raise ValidationError("Only a fleet manager or an admin shares a view with everybody.")
        return self.was_shared


class NewViewForm(ViewForm):
    """With the filter; `view` is the one that was open, whose columns it takes."""

    query = QueryField()
    view = forms.CharField(required=False, widget=forms.HiddenInput)


class ChangedViewForm(ViewForm):
    takes_columns = forms.BooleanField(label="Give it my own columns of now", required=False)
