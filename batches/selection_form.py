from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from batches.files.read import read_identifiers
from batches.files.trouble import Unreadable
from batches.models import Batch
from batches.selection import SelectionSpec
from sims.chosen import MOST_TICKED
from sims.models import WorkingSet
from sims.paste.parse import Parsed
from sims.selection import Selection
from smarthub.operations import GICCID_PATTERN
from toolkit.figures import count
from users.models import User

MOST_SIMS = 100_000
Chosen = Batch.Chosen

NOTHING = "No SIM was chosen. Tick some on the list, take a filter, paste a list, or send a file."
SEVERAL = "Choose the SIMs in one way: {ways} were sent together, and nothing was planned."
TOO_MANY = "{many} SIMs were chosen; a batch takes at most 100,000. Nothing was planned. Narrow the selection."
NO_MATCH = "No SIM matches this filter now, so there is nothing to change."
NO_SET = "This list is gone, or it is another person’s."
EMPTY_SET = "No entry of this list is a SIM, so there is nothing to change."
WAYS = {
    Chosen.IDENTIFIERS: "a pasted list",
    Chosen.FILE: "a file",
    Chosen.FILTER: "a filter",
    Chosen.SET: "a working set",
    Chosen.TICKED: "ticked SIMs",
}


class SelectionForm(forms.Form):
    """Which SIMs, by exactly one way: ticked, a filter of the list, a working set, pasted text, or a file.

    Once valid, `way` says which, and `spec` is what the dry run is made of.
    """

    identifiers = forms.CharField(
        label="Pasted list",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
        help_text="One identifier a line, or any text with identifiers: ICCID, IMSI, IMEI or phone number.",
    )
    file = forms.FileField(
        label="CSV or XLSX file",
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    filter = forms.CharField(required=False, max_length=20_000)
    set = forms.UUIDField(required=False, error_messages={"invalid": NO_SET})
    leave_out_damaged = forms.BooleanField(
        label="Leave out what is damaged", required=False, widget=forms.CheckboxInput(attrs={"class": "sp-tick"})
    )

    def __init__(
        self, data: QueryDict | None = None, files: MultiValueDict[str, Any] | None = None, *, user: User
    ) -> None:
        super().__init__(_renamed(data), files)
        self.user = user
        self.way: str = ""
        self.parsed: Parsed | None = None
        self.fields["identifiers"].validators = []  # a null character is answered in our own words

    @cached_property
    def giccids(self) -> list[str]:
        sent = self.data.getlist("sim") if isinstance(self.data, QueryDict) else []
        return list(dict.fromkeys(text for text in sent if re.fullmatch(GICCID_PATTERN, text)))

    @cached_property
    def selection(self) -> Selection:
        return Selection.from_query(QueryDict(str(self.cleaned_data.get("filter", "")).removeprefix("?")), self.user)

    @cached_property
    def working_set(self) -> WorkingSet | None:
        wanted: UUID | None = self.cleaned_data.get("set")
        return WorkingSet.objects.readable_by(self.user).defer("text").filter(pk=wanted).first() if wanted else None

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or {}
        if self.errors:
            return clean
        ways = [way for way in WAYS if self._is_sent(way)]
        if len(ways) > 1 and Chosen.FILTER in ways and not clean.get("filter"):
            ways.remove(Chosen.FILTER)
        if not ways:
            raise ValidationError(NOTHING)
        if len(ways) > 1:
            raise ValidationError(SEVERAL.format(ways=" and ".join(WAYS[way] for way in ways)))
        self.way = ways[0].value
        self._check(ways[0])
        return clean

    def _is_sent(self, way: Batch.Chosen) -> bool:
        """An empty filter is all SIMs, but only where nobody was asked for a list or a file."""
        if way == Chosen.TICKED:
            return bool(self.giccids)
        if way == Chosen.FILTER:
            return "filter" in self.data and (bool(self.cleaned_data["filter"]) or "identifiers" not in self.data)
        value = self.cleaned_data.get(way.value)
        return bool(value.strip() if isinstance(value, str) else value is not None)

    def _check(self, way: Batch.Chosen) -> None:
        if way == Chosen.FILE:
            self._read_file()
        elif way == Chosen.FILTER:
            self._check_filter()
        elif way == Chosen.SET:
            self._check_set()
        elif len(self.giccids) > MOST_TICKED:
            raise ValidationError(
                f"At most {count(MOST_TICKED)} SIMs can be ticked one by one; take the filter instead."
            )

    def _read_file(self) -> None:
        sent: UploadedFile = self.cleaned_data["file"]
        assert sent.file is not None
        is_lenient = self.cleaned_data["leave_out_damaged"]
        try:
            self.parsed = read_identifiers(sent.file, sent.size or 0, leave_out_damaged=is_lenient)
        except Unreadable as error:
            raise ValidationError({"file": error.sentences}) from error
        _not_too_many(len(self.parsed.entries), "file")

    def _check_filter(self) -> None:
        if self.selection.errors:
            raise ValidationError({"filter": self.selection.errors})
        many = self.selection.count(cap=MOST_SIMS + 1)
        if not many:
            raise ValidationError({"filter": NO_MATCH})
        _not_too_many(self.selection.count() if many > MOST_SIMS else many, "filter")

    def _check_set(self) -> None:
        if self.working_set is None:
            raise ValidationError({"set": NO_SET})
        if not self.working_set.sims().exists():
            raise ValidationError({"set": EMPTY_SET})

    @property
    def spec(self) -> SelectionSpec:
        """Of a valid form, for `batches.plan`."""
        clean = self.cleaned_data
        match self.way:
            case Chosen.IDENTIFIERS:
                return SelectionSpec(identifiers=clean["identifiers"])
            case Chosen.FILE:
                return SelectionSpec(file=self.parsed, file_name=clean["file"].name)
            case Chosen.FILTER:
                return SelectionSpec(filter=self.selection.query_string)
            case Chosen.SET:
                return SelectionSpec(set=clean["set"])
        return SelectionSpec(giccids=self.giccids)

    def refuse(self, words: str) -> None:
        """What `batches.plan` says against it, beside the field it came from."""
        self.add_error(self.way if self.way in self.fields else None, words)

    @property
    def words(self) -> str:
        """What was chosen, for the page that asks the rest."""
        match self.way:
            case Chosen.FILTER:
                return self.selection.words()
            case Chosen.SET:
                return "The SIMs found in a pasted list"
            case Chosen.TICKED:
                return "Ticked on the list"
        return ""

    @property
    def messages(self) -> list[str]:
        """What is wrong with what has no field on the page."""
        names = ("filter", "set", NON_FIELD_ERRORS)
        return [str(text) for name in names for text in self.errors.get(name, [])]


def _not_too_many(many: int, name: str) -> None:
    if many > MOST_SIMS:
        raise ValidationError({name: TOO_MANY.format(many=count(many))})


def _renamed(data: QueryDict | None) -> Mapping[str, Any] | None:
    """The selection bar speaks of `everything` under a `query`; that is a filter."""
    if data is None or "everything" not in data:
        return data
    changed = data.copy()
    changed["filter"] = changed.get("query", "")
    changed.setlist("sim", [])
    return changed
