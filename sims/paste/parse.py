"""Take a pasted text apart: the identifiers in it with their lines, and how many words are none.

Separators are commas, semicolons, tabs, line ends, quotes and brackets. Blanks, dashes and dots may stand inside a
number ("8986 0118 0502 1004 471"), so neighbouring groups of digits are one number unless each could be one alone.
A number of fewer than 10 digits counts only where no prose stands around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sims.identifiers import MAX_LENGTH, compact

MIN_DIGITS = 4
PLAIN_DIGITS = 10  # from here on a number is an identifier even amid prose
ALONE_DIGITS = 6
WHOLE_DIGITS = 14
LONGEST = 20
EXCERPT = 64


class Damage(StrEnum):
    """What has happened to an entry on its way; only `LETTER` can be mended."""

    ROUNDED = "rounded"
    ZEROS = "zeros"
    HASHES = "hashes"
    LETTER = "letter"
    CUT = "cut"
    TOO_LONG = "too_long"


@dataclass(slots=True)
class Entry:
    """`text` as pasted, `value` as it is looked up; a `guess` that nothing is found for was a word.

    `mended` is what a damaged entry may have been, or the digits left of it.
    """

    line: int
    text: str
    value: str
    damage: Damage | None = None
    mended: str = ""
    is_guess: bool = False


@dataclass(slots=True)
class Parsed:
    entries: list[Entry]
    lines: int
    words: int


_ROUNDED = re.compile(r"(?<![\w.,+])(\d(?:[.,]\d{1,20})?)[eE]\+?([12]\d|3[01])(?!\w)")
_HASHES = re.compile(r"(?<!#)#{5,}(?!#)")
_CELLS = re.compile(r"[,;\t|\"'<>\[\]{}=*]+")
_PARTS = re.compile(r"[:/\\]+")
_NOT_A_NUMBER = re.compile(
    r"\d{4}[-./]\d{1,2}[-./]\d{1,2}(?:T[\d:.+-]*Z?)?"  # a date, with its time
    r"|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})"
    r"|\d{1,2}:\d{2}(?::\d{2})?"
    r"|\d{1,3}(?:\.\d{1,3}){3}"  # an address in the net
    r"|\d{1,6}\.\d{1,3}"  # an amount
)
_EDGES = ".!?()“”„‚‘’»«`–—•·"
_ENDLESS = re.compile(r"(\d{4,32})(?:…|\.{3})$")
_FLOAT = re.compile(r"(?<=\d{10})\.0+$")
_PADDED = re.compile(r"[0-9]{10,20}F+")
_MISTYPED = re.compile(r"[0-9OIL]*[0-9][0-9OIL]*")
_LABELLED = re.compile(r"[A-Z]{2,8}(?=[0-9]{10})")
_LOOKALIKES = str.maketrans("OIL", "011")
_LABEL = re.compile(
    r"gi?ccid|iccid|ccid|icc|imei|imsi|msisdn|sims?|cards?|device|phone|tel|mobile|no|nr|numbers?|id|last|digits"
    r"|end(?:s|ing)|begins|with|and|or",
    re.IGNORECASE,
)


def parse(text: str) -> Parsed:
    """The entries of `text` in their order. Any text has an answer, in time linear in its length."""
    entries: list[Entry] = []
    words = lines = 0
    for lines, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.isascii() and bare.isdigit() and MIN_DIGITS <= len(bare) <= MAX_LENGTH:
            entries.append(Entry(lines, bare, bare))
        elif bare:
            found, others = _Line(lines).read(line)
            entries += found
            words += others
    return Parsed(entries, lines, words)


class _Line:
    """One line of a pasted text, while it is read."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.entries: list[Entry] = []
        self.words = 0

    def read(self, line: str) -> tuple[list[Entry], int]:
        line = _ROUNDED.sub(self._rounded, line)
        line = _HASHES.sub(self._hashes, line)
        for cell in _CELLS.split(line):
            self._cell(cell)
        return self.entries, self.words

    def _add(self, text: str, value: str, damage: Damage | None = None, mended: str = "") -> None:
        excerpt = text if len(text) <= EXCERPT else f"{text[: EXCERPT - 1]}…"
        self.entries.append(Entry(self.number, excerpt, value, damage, mended))

    def _rounded(self, match: re.Match[str]) -> str:
        digits = compact(match[1])
        if int(match[2]) >= PLAIN_DIGITS:
            self._add(match[0], f"{digits}E{match[2]}", Damage.ROUNDED, digits)
            return "\t"
        return match[0]

    def _hashes(self, match: re.Match[str]) -> str:
        self._add(match[0], "#", Damage.HASHES)
        return "\t"

    def _cell(self, cell: str) -> None:
        tokens = list(_tokens(cell))
        is_prose = any(token.isalpha() and not _LABEL.fullmatch(token) for token in tokens)
        run: list[str] = []
        for token in tokens:
            if _is_piece(token) or (run and _MISTYPED.fullmatch(compact(token))):
                run.append(token)
                if _ends_a_number(token):
                    self._numbers(run, is_prose)
                    run = []
                continue
            self._numbers(run, is_prose)
            run = []
            self._other(token, is_alone=len(tokens) == 1)
        self._numbers(run, is_prose)

    def _numbers(self, run: list[str], is_prose: bool) -> None:
        for group in _groups(run):
            text = " ".join(group).strip(" .()-")
            value = compact(text.replace("(0)", ""))
            mended = value.rstrip("F").translate(_LOOKALIKES)
            if len(value) > MAX_LENGTH:
                self._add(text, value[: MAX_LENGTH + 1], Damage.TOO_LONG, str(len(value)))
            elif len(value) < (PLAIN_DIGITS if is_prose else MIN_DIGITS):
                self.words += 1
            elif mended != value.rstrip("F"):
                self._add(text, value, Damage.LETTER, mended)
            else:
                self._add(text, value)

    def _other(self, token: str, *, is_alone: bool) -> None:
        """What is not digits alone: cut off, with a letter for a digit, an opaque key, or a word."""
        value = compact(token)
        if cut := _ENDLESS.fullmatch(token):
            return self._add(token, cut[1], Damage.CUT, cut[1])
        if label := _LABELLED.match(value):
            value = value[label.end() :]
        digits = sum(map(str.isdigit, value))
        if digits < PLAIN_DIGITS or len(value) > MAX_LENGTH:
            return self._guess(token, value, is_alone and digits > 0 and MIN_DIGITS <= len(value) <= MAX_LENGTH)
        if value.isdigit() or _PADDED.fullmatch(value):
            return self._add(token, value)
        mended = value.translate(_LOOKALIKES)
        if mended.isdigit() and len(value) - digits <= 3:
            return self._add(token, value, Damage.LETTER, mended)
        return self._guess(token, value, True)

    def _guess(self, token: str, value: str, may_be_one: bool) -> None:
        if may_be_one:
            self.entries.append(Entry(self.number, token[:EXCERPT], value, is_guess=True))
        else:
            self.words += 1


def _tokens(cell: str) -> Iterator[str]:
    for token in cell.split():
        bare = token.strip(_EDGES)
        if "@" in token or _NOT_A_NUMBER.fullmatch(bare):
            yield "@"
        elif ":" in token or "/" in token or "\\" in token:
            yield from filter(None, _PARTS.split(token))
        elif token.endswith(("…", "...")):
            yield token
        elif token.endswith((".", ")")) and _is_piece(bare):
            yield f"{bare}."
        else:
            yield _FLOAT.sub("", token) if token[0] in "(+" or "(" in token else _FLOAT.sub("", bare)


def _is_piece(token: str) -> bool:
    """Digits, with what may stand between them."""
    value = compact(token)
    return (value.isdigit() or _PADDED.fullmatch(value) is not None) and not token.endswith("…") and "..." not in token


def _ends_a_number(token: str) -> bool:
    """A full stop, as after the number of a line in a list; or the padding of an ICCID."""
    return token.endswith(".") or compact(token).endswith("F")


def _groups(run: list[str]) -> Iterator[list[str]]:
    """The groups of digits that make one number each."""
    sizes = [len(compact(token)) for token in run]
    if all(size >= ALONE_DIGITS for size in sizes):
        yield from ([token] for token in run)
        return
    group: list[str] = []
    total = 0
    for token, size in zip(run, sizes, strict=True):
        is_new = token.startswith("+") or size >= WHOLE_DIGITS or total + size > LONGEST
        if group and is_new:
            yield group
            group, total = [], 0
        group.append(token)
        total += size
    if group:
        yield group
