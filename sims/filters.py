"""The list's filters in words and addresses: groups to tick, chips, and what to drop when nothing is left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from sims.counts import NO_ACCOUNT
from sims.forms import NONE, SimListForm, shorten
from sims.listing import Listing
from sims.models import Sim
from toolkit.figures import count
from toolkit.states import state_of

GROUPS = {
    "status": "Status",
    "account": "Account",
    "package": "Package",
    "missing": "At the carrier",
    "tag": "Tag",
    "usage": "Usage",
    "activated": "Activated",
    "plan_end": "Plan ends",
    "no_device": "Device",
    "changed": "Changed",
    "po": "PO",
    "set": "Pasted list",
}
# How a value of each group reads in a sentence about a SIM.
BEFORE = {"status": "", "account": "in ", "package": "on ", "missing": ""}
AFTER = {"status": "", "account": "", "package": "", "missing": " at the carrier"}
RANGES = ("usage", "activated", "plan_end", "changed")
NO_DEVICE_WORDS = {"1": "no device", "0": "with a device"}
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    title: str
    kind: str
    rows: list[Choice]


@dataclass(frozen=True, slots=True)
class Chip:
    group: str
    words: str
    drop_url: str


@dataclass(frozen=True, slots=True)
class Action:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why the list is empty, in the filters' own words, and what dropping one of them gives."""

    title: str
    words: str
    actions: list[Action]


class Filters:
    """One request's filters, beside what they have found."""

    def __init__(self, form: SimListForm, listing: Listing, path: str) -> None:
        self.form, self.listing, self.path = form, listing, path

    def url(self, *, without: Iterable[str] = (), **more: str | int) -> str:
        """This list, some groups left out or something added; a page cursor never comes along."""
        pairs = [pair for pair in self._pairs() if pair[0] not in without and pair[0] not in more]
        pairs += [(name, str(value)) for name, value in more.items() if value != ""]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    def _pairs(self) -> Pairs:
        clean = self.form.cleaned_data
        pairs: Pairs = [("q", self.form.search)] if "q" not in self.form.errors and self.form.search else []
        pairs += [("status", value) for value in clean.get("status", ())]
        pairs += [("account", NONE if value == NO_ACCOUNT else str(value)) for value in clean.get("account", ())]
        pairs += [("package", value or NONE) for value in clean.get("package", ())]
        pairs += [("tag", str(pk)) for pk in clean.get("tag", ())]
        pairs += [(name, found.text) for name in RANGES for found in clean.get(name, ())]
        pairs += [("po", value) for value in clean.get("po", ())]
        pairs += [("set", str(pk)) for pk in clean.get("set", ())]
        pairs += [(name, clean[name]) for name in ("missing", "no_device", "sort", "rows") if clean.get(name)]
        return pairs

    def groups(self) -> list[Group]:
        return [
            Group("status", "Status", "sim", self._statuses()),
            Group("account", "Account", "", self._accounts()),
            Group("package", "Package", "", self._packages()),
            Group("missing", "At the carrier", "", self._missing()),
        ]

    def _statuses(self) -> list[Choice]:
        counted, chosen = self.listing.facets.statuses, self.form.asked.statuses
        shown = [*_usual(), *sorted({*counted, *chosen} - set(Sim.Status.values))]
        return [Choice(value, state_of("sim", value).label, counted.get(value, 0), value in chosen) for value in shown]

    def _accounts(self) -> list[Choice]:
        counted, chosen, names = self.listing.facets.accounts, self.form.asked.accounts, self.form.accounts
        rows = [Choice(str(pk), name, counted.get(pk, 0), pk in chosen) for pk, name in names.items()]
        if counted.get(NO_ACCOUNT) or NO_ACCOUNT in chosen:
            rows.append(Choice(NONE, "No account", counted.get(NO_ACCOUNT, 0), NO_ACCOUNT in chosen))
        return rows

    def _packages(self) -> list[Choice]:
        counted, chosen = self.listing.facets.packages, self.form.asked.packages
        names = sorted({*counted, *chosen} - {""})
        rows = [Choice(name, name, counted.get(name, 0), name in chosen) for name in names]
        if "" in counted or "" in chosen:
            rows.append(Choice(NONE, "No package", counted.get("", 0), "" in chosen))
        return rows

    def _missing(self) -> list[Choice]:
        counted, chosen = self.listing.facets.missing, self.form.asked.missing
        return [Choice("1", "Missing", counted.get(True, 0), chosen is True)]

    def chips(self) -> list[Chip]:
        chips = [
            Chip(GROUPS[name], ", ".join(words), self.url(without=[name]))
            for name, words in self._words().items()
            if words
        ]
        if self.form.search and "q" not in self.form.errors:
            chips.insert(0, Chip("Search", shorten(self.form.search), self.url(without=["q"])))
        return chips

    def _words(self) -> dict[str, list[str]]:
        return group_words(self.form)

    def nothing(self) -> Nothing:
        words, search = self._words(), self.form.search if "q" not in self.form.errors else "this search"
        told = [f"{BEFORE[name]}{' or '.join(values)}{AFTER[name]}" for name, values in words.items() if values]
        title = f"No SIM is {_list(told)}" if told else "No SIM here"
        if search:
            title = f"No SIM has “{shorten(search)}” as a number, its beginning or its end"
            title += f", and is {_list(told)}" if told else ""
        return Nothing(title, self._without(words), self._ways_out(words))

    def _without(self, words: dict[str, list[str]]) -> str:
        gains = self.listing.facets.without
        known = {name: gains.get(name, 0) for name, values in words.items() if values and name not in self.form.errors}
        told = [
            f"without “{' or '.join(words[name])}” there {'is' if n == 1 else 'are'} {count(n)}"
            for name, n in known.items()
            if n
        ]
        if told:
            return f"{told[0][0].upper()}{'; '.join(told)[1:]}."
        if self.form.search:
            return "Whole ICCID, IMEI, IMSI or phone number, how it begins, or its last 4 and more characters."
        return ""

    def _ways_out(self, words: dict[str, list[str]]) -> list[Action]:
        gains = self.listing.facets.without
        best = max((name for name, values in words.items() if values), key=lambda name: gains.get(name, 0), default="")
        ways = []
        if best and gains.get(best):
            ways.append(Action(f"Drop “{' or '.join(words[best])}”", self.url(without=[best])))
        return [*ways, Action("Clear all filters" if any(words.values()) else "Show all SIMs", self.path)]


def words_of(form: SimListForm) -> dict[str, list[str]]:
    """Each group's filter in words, by its title."""
    told = {GROUPS[name]: words for name, words in group_words(form).items()}
    search = [shorten(form.search)] if form.search and "q" not in form.errors else []
    return {"Search": search, **told}


def group_words(form: SimListForm) -> dict[str, list[str]]:
    """Each group's filter in words, by its parameter."""
    asked, clean = form.asked, form.cleaned_data
    names = {**form.accounts, NO_ACCOUNT: "no account"}
    missing = {True: ["missing"], False: ["seen"], None: []}
    return {
        "status": [state_of("sim", value).label for value in asked.statuses],
        "account": [names[pk] for pk in asked.accounts],
        "package": [shorten(name) or "no package" for name in asked.packages],
        "missing": missing[asked.missing],
        "tag": [form.tags[pk].name for pk in clean.get("tag", ())],
        **{name: [found.words for found in clean.get(name, ())] for name in RANGES},
        "no_device": [NO_DEVICE_WORDS[clean["no_device"]]] if clean.get("no_device") else [],
        "po": [shorten(po) for po in clean.get("po", ())],
        "set": [f"{found.created_at:%-d %b %Y}" for found in form.sets.values()],
    }


def _usual() -> list[str]:
    status = Sim.Status
    order = (
        status.ACTIVATED,
        status.DEACTIVATED,
        status.INVENTORY,
        status.ACTIVATE_READY,
        status.TEST_READY,
        status.RETIRED,
    )
    return [value.value for value in order]


def _list(words: list[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
