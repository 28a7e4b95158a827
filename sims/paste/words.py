"""What the report says of an entry: one bold sentence, what follows from it, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from sims.identifiers import compact, wanted
from sims.models import WorkingSetItem
from sims.paste.parse import WHOLE_DIGITS, Damage
from sims.paste.resolve import CANDIDATES, MAX_COUNTED
from smarthub.identifiers import is_giccid
from toolkit.figures import count, plural

Verdict = WorkingSetItem.Verdict
DIGIT_WORDS = {"O": "zero", "I": "one", "L": "one"}
AS_TEXT = "#as-text"


@dataclass(frozen=True, slots=True)
class Words:
    """`title` and `rest` say what happened; `label` and `url` where to go with it; `number` is shown after them."""

    title: str
    rest: str = ""
    label: str = ""
    url: str = ""
    number: str = ""


def words_of(item: WorkingSetItem, *, age: str) -> Words:
    """For an entry that needs a person; `age` is that of our copy."""
    if item.verdict == Verdict.DAMAGED:
        return _damaged(item)
    if item.verdict == Verdict.AMBIGUOUS:
        return _ambiguous(item)
    return _not_found(item, age)


def edit_url(item: WorkingSetItem) -> str:
    return f"{reverse('sims:paste')}?{urlencode({'set': str(item.set_id)})}"


def _damaged(item: WorkingSetItem) -> Words:
    left = len(item.mended)
    edit = ("Edit the list", edit_url(item))
    match item.damage:
        case Damage.ROUNDED:
            rest = f"Only {left} of {_length_of(item.entry)} digits are left; the rest is gone."
            return Words("A spreadsheet rounded it.", rest, "How to copy it whole", AS_TEXT)
        case Damage.ZEROS:
            rest = f"Only {left} of {len(compact(item.entry))} digits are left; it put zeros for the rest."
            return Words("A spreadsheet rounded it.", rest, "How to copy it whole", AS_TEXT)
        case Damage.HASHES:
            rest = "Only its # signs were copied; the number is not in the text."
            return Words("The column was too narrow.", rest, *edit)
        case Damage.CUT:
            rest = f"Only the first {left} digits are left, and they do not tell which SIM it is."
            return Words("It was cut off.", rest, *edit)
        case Damage.TOO_LONG:
            rest = "No identifier is so long: two of them without a separator?"
            return Words(f"{count(int(item.mended or 0))} digits in one.", rest, *edit)
    return _mistyped(item)


def _length_of(rounded: str) -> int:
    """How many digits 8.98601E+18 had."""
    return int(rounded.upper().rpartition("E")[2].lstrip("+")) + 1


def _mistyped(item: WorkingSetItem) -> Words:
    value = compact(item.entry)
    places = [(index, character) for index, character in enumerate(value, 1) if character in DIGIT_WORDS]
    letters, digits = (" and ".join(dict.fromkeys(found)) for found in zip(*_readings(places), strict=True))
    where = " and ".join(str(index) for index, _ in places)
    title = f"Letter{'s' * (len(places) > 1)} {letters} at place{'s' * (len(places) > 1)} {where}."
    if item.candidates:
        return Words(title, f"With {digits} it is", "", "", item.mended)
    return Words(title, f"With {digits} it is not in our copy either.", "Edit the list", edit_url(item))


def _readings(places: list[tuple[int, str]]) -> list[tuple[str, str]]:
    return [(character, f"a {DIGIT_WORDS[character]}") for _, character in places] or [("", "digits")]


def _ambiguous(item: WorkingSetItem) -> Words:
    many = f"more than {MAX_COUNTED}" if item.hits > MAX_COUNTED else count(item.hits)
    start = {"begins": "First digits", "ends": "Last digits"}.get(item.how, "A number")
    title = f"{start} of {many} SIMs."
    if item.hits <= CANDIDATES:
        return Words(f"{title[:-1]}. Which one?")
    url = f"{reverse('sims:list')}?{urlencode({'q': compact(item.entry)})}"
    label = "Show them" if item.hits > MAX_COUNTED else f"Show the {many}"
    return Words(title, "Too many to pick from.", label, url)


def _not_found(item: WorkingSetItem, age: str) -> Words:
    want = wanted(item.entry)
    value = want.whole[-1] if want else ""
    if len(value) < WHOLE_DIGITS:
        joined = " Read as one number; give each a line of its own if they are several." * (" " in item.entry)
        return Words("No identifier is, begins or ends so.", joined.strip(), "Edit the list", edit_url(item))
    if is_giccid(value) and value.startswith("89"):
        return Words(f"Not in our copy, {age}.", "", "Ask the carrier", reverse("sims:detail", args=[value]))
    return Words(f"Not in our copy, {age}.", "", "Edit the list", edit_url(item))


def totals(sims: int, entries: int) -> str:
    """41 SIMs from 52 entries."""
    return f"{plural(sims, 'SIM', 'SIMs')} from {plural(entries, 'entry', 'entries')}"
