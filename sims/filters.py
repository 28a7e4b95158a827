"""The list's filters in words and addresses: groups to tick, chips, and what to drop when nothing is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property

from sims.counts import CAP, NO_ACCOUNT
from sims.forms import NONE, SimListForm, shorten
from sims.listing import Listing
from sims.models import Sim
from sims.ranges import SHARES
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
BEFORE = {
    "account": "in ",
    "package": "on ",
    "tag": "tagged ",
    "usage": "at ",
    "activated": "activated ",
    "plan_end": "on a plan that ends ",
    "changed": "changed ",
    "po": "of PO ",
    "set": "on the list of ",
}
AFTER = {"missing": " at the carrier"}
# A longer text can be no number; it is not repeated in every address of the page.
MAX_SEARCH = 200
RANGES = ("usage", "activated", "plan_end", "changed")
MORE = ("activated", "plan_end", "changed", "tag", "po", "no_device")
NO_DEVICE_WORDS = {"1": "no device", "0": "with a device"}
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    count: int | None
    is_chosen: bool
    count_words: str = ""


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
        pairs = [pair for pair in self._all if pair[0] not in without and pair[0] not in more]
        pairs += [(name, str(value)) for name, value in more.items() if value != ""]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    def selection(self, *, with_manners: bool = False) -> Pairs:
        """The filter alone, as selections and exports keep it; one that cannot be read stays, and chooses nothing."""
        manners = self._manners() if with_manners else []
        if not self.form.is_impossible:
            return self._pairs() + manners
        lists = self.form.data.lists() if isinstance(self.form.data, MultiValueDict) else ()
        kept = [(str(name), str(value)) for name, values in lists for value in values]
        return [pair for pair in kept if pair[0] in (*self.form.GROUPS, "q")] + manners

    @cached_property
    def _all(self) -> Pairs:
        """A page has a dozen addresses of these."""
        return self._pairs() + self._manners()

    def _manners(self) -> Pairs:
        """How the hits are shown."""
        clean = self.form.cleaned_data
        return [(name, clean[name]) for name in ("sort", "rows", "view") if clean.get(name)]

    def _pairs(self) -> Pairs:
        clean = self.form.cleaned_data
        pairs: Pairs = (
            [("q", self.form.search[:MAX_SEARCH])] if "q" not in self.form.errors and self.form.search else []
        )
        pairs += [("status", value) for value in clean.get("status", ())]
        pairs += [("account", NONE if value == NO_ACCOUNT else str(value)) for value in clean.get("account", ())]
        pairs += [("package", value or NONE) for value in clean.get("package", ())]
        pairs += [("tag", str(pk)) for pk in clean.get("tag", ())]
        pairs += [(name, found.text) for name in RANGES for found in clean.get(name, ())]
        pairs += [("po", value) for value in clean.get("po", ())]
        pairs += [("set", str(pk)) for pk in clean.get("set", ())]
        pairs += [(name, clean[name]) for name in ("missing", "no_device") if clean.get(name)]
        return pairs

    def groups(self) -> list[Group]:
        return [
            Group("status", "Status", "sim", self._statuses()),
            Group("account", "Account", "", self._accounts()),
            Group("package", "Package", "", self._packages()),
            Group("missing", "At the carrier", "", self._missing()),
        ]

    def _choice(self, value: str, label: str, found: int, *, is_chosen: bool) -> Choice:
        """Counted among the first hits only, a value has at least that many, and none says nothing."""
        if not self.listing.facets.is_partial:
            return Choice(value, label, found, is_chosen, count(found))
        return Choice(value, label, found or None, is_chosen, f"{count(found)}+" if found else "")

    def _statuses(self) -> list[Choice]:
        counted, chosen = self.listing.facets.statuses, self.form.asked.statuses
        shown = [*_usual(), *sorted({*counted, *chosen} - set(Sim.Status.values))]
        return [
            self._choice(value, state_of("sim", value).label, counted.get(value, 0), is_chosen=value in chosen)
            for value in shown
        ]

    def _accounts(self) -> list[Choice]:
        counted, chosen, names = self.listing.facets.accounts, self.form.asked.accounts, self.form.accounts
        rows = [self._choice(str(pk), name, counted.get(pk, 0), is_chosen=pk in chosen) for pk, name in names.items()]
        if counted.get(NO_ACCOUNT) or NO_ACCOUNT in chosen:
            rows.append(self._choice(NONE, "No account", counted.get(NO_ACCOUNT, 0), is_chosen=NO_ACCOUNT in chosen))
        return rows

    def _packages(self) -> list[Choice]:
        counted, chosen = self.listing.facets.packages, self.form.asked.packages
        names = sorted({*counted, *chosen} - {""})
        rows = [self._choice(name, name, counted.get(name, 0), is_chosen=name in chosen) for name in names]
        if "" in counted or "" in chosen:
            rows.append(self._choice(NONE, "No package", counted.get("", 0), is_chosen="" in chosen))
        return rows

    def _missing(self) -> list[Choice]:
        counted, chosen = self.listing.facets.missing, self.form.asked.missing
        return [self._choice("1", "Missing", counted.get(True, 0), is_chosen=chosen is True)]

    def shares(self, counted: Mapping[str, int] | None = None) -> Group:
        """The shares of the allowance; their counts come after the page."""
        chosen = {found.text for found in self.form.cleaned_data.get("usage", ())}
        rows = [
            Choice(name, share.words[0].upper() + share.words[1:], None, name in chosen, _capped(counted, name))
            for name, share in SHARES.items()
        ]
        return Group("usage", "Share of allowance used", "", rows)

    @property
    def usage_text(self) -> str:
        """The ranges of usage that are no tick of `shares`."""
        return ", ".join(found.text for found in self.form.cleaned_data.get("usage", ()) if found.text not in SHARES)

    @property
    def po_text(self) -> str:
        return ", ".join(self.form.cleaned_data.get("po", ()))

    def days(self, name: str) -> tuple[str, str]:
        """The ends of the only range of days, for the page's two fields; empty when it is something else."""
        found = self.form.cleaned_data.get(name, ())
        first, _, last = found[0].text.partition("..") if len(found) == 1 and ".." in found[0].text else ("", "", "")
        return first, last

    @property
    def activated_days(self) -> tuple[str, str]:
        return self.days("activated")

    @property
    def plan_end_days(self) -> tuple[str, str]:
        return self.days("plan_end")

    @property
    def changed_text(self) -> str:
        return next((found.text for found in self.form.cleaned_data.get("changed", ())), "")

    def hidden(self) -> Pairs:
        """What is in force but has no field of its own on the page."""
        shown = {"status", "account", "package", "missing", "tag", "usage", "changed", "po", "no_device"}
        shown |= {name for name in ("activated", "plan_end") if any(self.days(name))}
        return [pair for pair in self._pairs() + self._manners() if pair[0] not in shown]

    @property
    def has_more(self) -> bool:
        """Whether a filter under More is in force."""
        return any(self.form.cleaned_data.get(name) for name in MORE)

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
        told = [
            f"{BEFORE.get(name, '')}{' or '.join(values)}{AFTER.get(name, '')}"
            for name, values in words.items()
            if values
        ]
        title = f"No SIM is {_list(told)}" if told else "No SIM here"
        if search:
            title = f"No SIM has “{shorten(search)}” as a number, its beginning or its end"
            title += f", and is {_list(told)}" if told else ""
        return Nothing(title, self._without(words), self._ways_out(words))

    def _without(self, words: dict[str, list[str]]) -> str:
        gains = self.listing.facets.without
        is_exact = self.form.criteria().is_exact
        known = {name: gains.get(name, 0) for name, values in words.items() if values and name not in self.form.errors}
        told = [
            f"without “{' or '.join(words[name])}” there {'is' if n == 1 else 'are'} {_up_to_cap(n, is_exact=is_exact)}"
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


def _up_to_cap(found: int, *, is_exact: bool) -> str:
    return f"{count(CAP)}+" if found > CAP and not is_exact else count(found)


def _capped(counted: Mapping[str, int] | None, name: str) -> str:
    found = (counted or {}).get(name)
    if found is None:
        return ""
    return _up_to_cap(found, is_exact=False)


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
