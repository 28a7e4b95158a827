"""What became of each pasted entry: found, ambiguous, not found, damaged or repeated."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sims.identifiers import wanted
from sims.lookup import Match
from sims.models import SimIdentifier, WorkingSetItem
from sims.paste.parse import Damage, Entry, Parsed
from sims.paste.resolve import Meaning, resolve

Verdict = WorkingSetItem.Verdict
Kind = SimIdentifier.Kind
KIND_WORDS = {Kind.IMEI: "IMEI", Kind.IMSI: "IMSI", Kind.MSISDN: "phone number"}
ORDINALS = ("first", "second", "third", "fourth", "fifth")
# A spreadsheet keeps 15 digits of a number and writes zeros for the rest.
SHEET_DIGITS = 15
MIN_CUT = 16


@dataclass(slots=True)
class Judged:
    """One entry with its verdict; the fields are those of `WorkingSetItem`."""

    entry: Entry
    verdict: Verdict
    sim_id: int | None = None
    kind: int | None = None
    how: str = ""
    damage: str = ""
    hits: int = 0
    candidates: list[int] = field(default_factory=list)
    repeats_line: int | None = None


def judge(parsed: Parsed, accounts: Collection[int] | None = None) -> tuple[list[Judged], int]:
    """A verdict for each entry, and how many more words were none after all; with `accounts` of their SIMs only."""
    asked = {_asked(entry) for entry in parsed.entries if entry.damage not in _HOPELESS}
    guesses = frozenset(entry.value for entry in parsed.entries if entry.is_guess)
    meanings = resolve(asked, whole_only=guesses, accounts=accounts)
    judged = [
        _first_sight(entry, meanings.get(_asked(entry)))
        for entry in parsed.entries
        if not entry.is_guess or entry.value in meanings
    ]
    _mark_repeats(judged)
    return judged, len(parsed.entries) - len(judged)


_HOPELESS = (Damage.ROUNDED, Damage.HASHES, Damage.TOO_LONG)


def _asked(entry: Entry) -> str:
    return entry.mended if entry.damage in (Damage.LETTER, Damage.CUT) else entry.value


def _first_sight(entry: Entry, meaning: Meaning | None) -> Judged:
    """The verdict on an entry as if it stood alone."""
    if entry.damage in _HOPELESS:
        return Judged(entry, Verdict.DAMAGED, damage=str(entry.damage))
    if entry.damage is Damage.LETTER:
        return _mistyped(entry, meaning)
    if meaning is None:
        return _without_meaning(entry)
    if meaning.hits > 1:
        return Judged(entry, Verdict.AMBIGUOUS, None, meaning.kind, _partly(meaning), "", meaning.hits, meaning.sim_ids)
    return Judged(entry, Verdict.FOUND, meaning.sim_ids[0], meaning.kind, _how(entry, meaning))


def _mistyped(entry: Entry, meaning: Meaning | None) -> Judged:
    """With the letter read as a digit it may be a SIM's; a person has to say so."""
    is_one = meaning is not None and meaning.hits == 1 and meaning.match is Match.WHOLE
    candidates = meaning.sim_ids if meaning and is_one else []
    kind = meaning.kind if meaning and is_one else None
    return Judged(entry, Verdict.DAMAGED, kind=kind, damage=Damage.LETTER, hits=len(candidates), candidates=candidates)


def _without_meaning(entry: Entry) -> Judged:
    value = entry.value
    if entry.damage is Damage.CUT:
        return Judged(entry, Verdict.DAMAGED, damage=Damage.CUT)
    if len(value) >= MIN_CUT and value.isdigit() and not value[SHEET_DIGITS:].strip("0"):
        entry.mended = value[:SHEET_DIGITS]
        return Judged(entry, Verdict.DAMAGED, damage=Damage.ZEROS)
    return Judged(entry, Verdict.NOT_FOUND)


def _partly(meaning: Meaning) -> str:
    return {Match.BEGINNING: "begins", Match.ENDING: "ends"}.get(meaning.match, "shared")


def _how(entry: Entry, meaning: Meaning) -> str:
    """What was done to the entry to find its SIM, in words: blanks removed, IMEI, second profile."""
    kind = KIND_WORDS.get(Kind(meaning.kind)) if meaning.kind else None
    words = [kind] if kind else []
    if kind and meaning.position:
        words.append(f"{ORDINALS[min(meaning.position, len(ORDINALS) - 1)]} profile")
    if meaning.match is not Match.WHOLE:
        part = "first" if meaning.match is Match.BEGINNING else "last"
        words.append(f"its {part} {len(_asked(entry))} digits")
    if meaning.check_digit:
        words.append("check digit dropped" if meaning.check_digit < 0 else "without its check digit")
    elif entry.value.endswith("F") and entry.value[:-1].rstrip("F").isdigit():
        words.append("trailing F dropped")
    if not words and entry.text and not entry.text.isalnum():
        words.append("blanks removed" if " " in entry.text else "dashes removed")
    return ", ".join(words)


def _mark_repeats(judged: Iterable[Judged]) -> None:
    """Each SIM, and each text that is none, counts where it stands first."""
    first: dict[int | str, Judged] = {}
    for item in judged:
        key: int | str = item.sim_id or _one_spelling(item.entry)
        before = first.setdefault(key, item)
        if before is not item:
            item.repeats_line, item.verdict = before.entry.line, Verdict.REPEATED
            item.how, item.candidates, item.hits, item.damage = _as_what(item), [], 0, ""


def _one_spelling(entry: Entry) -> str:
    want = wanted(entry.value)
    return f"{entry.damage or ''} {want.whole[-1] if want else entry.value}"


def _as_what(item: Judged) -> str:
    kind = KIND_WORDS.get(Kind(item.kind)) if item.kind else None
    return kind or ""
