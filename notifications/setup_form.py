from __future__ import annotations

from django import forms

from notifications.pushes.kinds import KINDS
from smarthub.identifiers import is_giccid


class TestPushForm(forms.Form):
    """A push to ourselves, to see the way in work."""

    __test__ = False  # pytest collects what is called Test…

    slug = forms.ChoiceField(label="Kind", choices=[(slug, kind.label) for slug, kind in KINDS.items()])
    giccid = forms.CharField(
        label="ICCID", required=False, max_length=40,
        help_text="Left empty, it speaks of a SIM that does not exist, and touches nothing of the fleet.",
    )  # fmt: skip

    def clean_giccid(self) -> str:
        giccid: str = self.cleaned_data["giccid"].strip()
        if giccid and not is_giccid(giccid):
            raise forms.ValidationError("An ICCID has letters and digits only, at most 32.")
        return giccid
