from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.datastructures import MultiValueDict

from sims.counts import NO_ACCOUNT, Filter
from sims.criteria import Criteria
from sims.models import Tag, WorkingSet
from sims.ranges import FIRST_YEAR, LAST_YEAR, Unreadable, days_of, since_of, usage_of
from sims.scope import accounts_of
from users.models import User

ROWS = (50, 100, 200)
MAX_VALUES = 100
MAX_TEXT = 128
MAX_DIGITS = 18
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


class Ranges(ManyTexts):
    """Texts that `read` makes ranges of; a comma parts them as well as a parameter of its own does."""

    def __init__(self, read: Callable[[str], Any], **options: Any) -> None:
        super().__init__(required=False, **options)
        self.read = read

    def to_python(self, value: Any) -> list[str]:
        return super().to_python([part.strip() for text in value or [] for part in text.split(",")])

    def clean(self, value: Any) -> list[Any]:
        return [self._read(text) for text in super().clean(value)]

    def _read(self, text: str) -> Any:
        try:
            return self.read(text)
        except Unreadable as error:
            raise ValidationError(f"“{shorten(text)}” cannot be read; {error}") from error


YES_NO = [("1", "Yes"), ("0", "No")]
DAY = {"min": f"{FIRST_YEAR}-01-01", "max": f"{LAST_YEAR}-12-31"}


class SimListForm(forms.Form):
    """What `/sims/` is asked for. A group whose value cannot be read matches nothing (`is_impossible`).

    `accounts` are those that `user` may see; all else that is asked for stays within them.
    `activated_from` and its like are what the page's own fields send; they become a range of `activated`.
    """

    q = forms.CharField(required=False)
    status = ManyTexts(required=False, label="Status")
    account = ManyTexts(required=False, label="Account")
    package = ManyTexts(required=False, label="Package")
    missing = forms.ChoiceField(required=False, label="Missing", choices=[("1", "Missing"), ("0", "Not missing")])
    tag = ManyTexts(required=False, label="Tag")
    po = ManyTexts(required=False, label="PO")
    usage = Ranges(usage_of, label="Usage")
    activated = Ranges(days_of, label="Activated")
    plan_end = Ranges(partial(days_of, is_ahead=True), label="Plan ends")
    no_device = forms.ChoiceField(required=False, label="No device", choices=YES_NO)
    changed = Ranges(since_of, label="Changed")
    set = ManyTexts(required=False, label="Pasted list")
    sort = forms.CharField(required=False, max_length=MAX_TEXT)
    after = forms.CharField(required=False, max_length=MAX_TEXT)
    before = forms.CharField(required=False, max_length=MAX_TEXT)
    rows = forms.ChoiceField(required=False, choices=[(n, n) for n in ROWS])
    go = forms.BooleanField(required=False)
    view = forms.RegexField(r"^(all|[0-9]{1,18})\Z", required=False)

    EXACT = ("status", "account", "package", "missing")
    GROUPS = (*EXACT, "tag", "po", "usage", "activated", "plan_end", "no_device", "changed", "set")

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        accounts: Mapping[int, str],
        user: User | None = None,
        usual_rows: int | None = None,
    ) -> None:
        super().__init__(_joined(data), auto_id=False)
        self.accounts, self.user, self.usual_rows = accounts, user, usual_rows
        self.scope = None if user is None else accounts_of(user)
        self.tags: dict[int, Tag] = {}
        self.sets: dict[UUID, WorkingSet] = {}
        self.full_clean()

    def clean_account(self) -> list[int]:
        """Ids or exact names; 0 or - is no account."""
        ids = {name: pk for pk, name in self.accounts.items()}
        ids |= {str(pk): pk for pk in self.accounts}
        if self.scope is None:
            ids |= {NONE: NO_ACCOUNT, str(NO_ACCOUNT): NO_ACCOUNT}
        texts = self.cleaned_data["account"]
        if strange := [text for text in texts if text not in ids]:
            raise ValidationError(f"There is no account “{shorten(strange[0])}”.")
        return list(dict.fromkeys(ids[text] for text in texts))

    def clean_package(self) -> list[str]:
        return ["" if name == NONE else name for name in self.cleaned_data["package"]]

    def clean_tag(self) -> list[int]:
        """Ids or names in any case."""
        texts = self.cleaned_data["tag"]
        if not texts:
            return []
        ids = [int(text) for text in texts if text.isdecimal() and len(text) < MAX_DIGITS]
        named = Q(lower__in=[text.lower() for text in texts]) | Q(pk__in=ids)
        self.tags = {tag.pk: tag for tag in Tag.objects.annotate(lower=Lower("name")).filter(named)}
        known = {str(pk): pk for pk in self.tags} | {tag.name.lower(): pk for pk, tag in self.tags.items()}
        if strange := [text for text in texts if text.lower() not in known]:
            raise ValidationError(f"There is no tag “{shorten(strange[0])}”.")
        return list(dict.fromkeys(known[text.lower()] for text in texts))

    def clean_set(self) -> list[UUID]:
        ids = [_uuid(text) for text in self.cleaned_data["set"]]
        if not ids:
            return []
        found = {found.pk: found for found in WorkingSet.objects.defer("text").filter(pk__in=filter(None, ids))}
        self.sets = {pk: found[pk] for pk in found if self.user and found[pk].can_be_read_by(self.user)}
        if any(pk not in self.sets for pk in ids):
            raise ValidationError("This list is gone, or it is another person’s.")
        return list(self.sets)

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
            scope=None if self.scope is None else tuple(sorted(self.scope)),
        )

    def criteria(self, sim_ids: Iterable[int] | None = None) -> Criteria:
        """All of it but the search, of which the caller tells what it found."""
        clean = self.cleaned_data
        since = [found.at for found in clean.get("changed", ())]
        return Criteria(
            exact=self.asked,
            pos=tuple(clean.get("po", ())),
            usage=tuple(clean.get("usage", ())),
            activated=tuple(clean.get("activated", ())),
            plan_end=tuple(clean.get("plan_end", ())),
            no_device=clean["no_device"] == "1" if clean.get("no_device") else None,
            changed_since=min(since, default=None),
            tags=tuple(clean.get("tag", ())),
            sets=tuple(clean.get("set", ())),
            sim_ids=None if sim_ids is None else tuple(sim_ids),
            account_ids=tuple(self.accounts),
        )

    @property
    def search(self) -> str:
        """The search as typed; a NUL in it makes the field invalid, and then nothing can match."""
        return str(self.cleaned_data.get("q", "\x00"))

    @property
    def page_size(self) -> int:
        return int(self.cleaned_data.get("rows") or self.usual_rows or ROWS[0])

    @property
    def order(self) -> str:
        return str(self.cleaned_data.get("sort") or "")

    def cursor(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")

    @property
    def messages(self) -> list[str]:
        """What to say on top, in our words."""
        said = [f"{self.fields[name].label}: {text}" for name in self.GROUPS for text in self.errors.get(name, [])]
        if "rows" in self.errors:
            said.append(f"A page has {', '.join(map(str, ROWS[:-1]))} or {ROWS[-1]} rows; here are {ROWS[0]}.")
        if "sort" in self.errors:
            said.append(f"There is no such order; {BY_ICCID}")
        if "after" in self.errors or "before" in self.errors:
            said.append(DAMAGED_CURSOR)
        return said


BY_ICCID = "the SIMs stand by ICCID."
DAMAGED_CURSOR = "The address of this page is damaged, so the list starts at its beginning."


def _joined(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The page's own from and to as one range."""
    ends = {name: (data.get(f"{name}_from") or "", data.get(f"{name}_to") or "") for name in ("activated", "plan_end")}
    if not isinstance(data, MultiValueDict) or not any(map(any, ends.values())):
        return data
    joined = MultiValueDict({name: list(data.getlist(name)) for name in data})
    for name, (first, last) in ends.items():
        if first or last:
            joined.appendlist(name, f"{first}..{last}")
    return joined


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def shorten(text: str, length: int = 40) -> str:
    """For repeating what a person sent: never 100 KB of it."""
    return text if len(text) <= length else text[: length - 1] + "…"


class RunListForm(forms.Form):
    """Which page of the runs: those older than `after`, or newer than `before`; records kept aside before `aside`."""

    after = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    aside = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id=False)
        self.full_clean()

    def cursor(self, name: str) -> int | str:
        return self.cleaned_data.get(name) or ""

    @property
    def messages(self) -> list[str]:
        return ["The address of these runs is damaged, so the newest stand here."] if self.errors else []
