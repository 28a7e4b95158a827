"""Patterns of expected answers, matched in a time that grows with the text and never explodes.

Python's own engine backtracks: `(a+)+$` and thirty letters keep it busy for minutes, and the text comes from outside.
So its parser reads the pattern, and the machine here (Pike's) walks all ways through it at once. What such a machine
cannot do, looking around and back-references, is refused in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any

_parser: Any = import_module("re._parser")

LONGEST_PATTERN = 200
LONGEST_TEXT = 1000
LONGEST_GROUP = 32
LONGEST_VALUE = 200
MOST_STEPS = 600
MOST_REPEATS = 160

TOO_BIG = "The pattern is too big: it repeats too much."

Test = Callable[[str], bool]
# What a step does: take a sign, go on at two places (the first is preferred), note where it is, ask where it is.
TAKE, SPLIT, SAVE, AT, DONE = range(5)
Step = tuple[int, Any, Any]


class BadPattern(ValueError):
    """A pattern that cannot be used; `str()` says why, to a person."""


@dataclass(slots=True)
class Program:
    steps: list[Step] = field(default_factory=list)
    groups: dict[str, int] = field(default_factory=dict)
    slots: int = 2

    def add(self, kind: int, one: Any = None, two: Any = None) -> int:
        if len(self.steps) >= MOST_STEPS:
            raise BadPattern(TOO_BIG)
        self.steps.append((kind, one, two))
        return len(self.steps) - 1


def check(pattern: str) -> list[str]:
    """The names of the groups of a pattern. Raises BadPattern."""
    return list(_compiled(pattern).groups)


def match(pattern: str, text: str) -> dict[str, str] | None:
    """What the named groups hold where the pattern is found first in the text, None where it is not.

    A pattern that cannot be read finds nothing. Only the first `LONGEST_TEXT` characters are looked at.
    """
    try:
        program = _compiled(pattern)
    except BadPattern:
        return None
    text = text[:LONGEST_TEXT]
    saved = _run(program, text)
    if saved is None:
        return None
    spans = {name: (saved[2 * number], saved[2 * number + 1]) for name, number in program.groups.items()}
    return {name: text[start:end][:LONGEST_VALUE] for name, (start, end) in spans.items() if start >= 0 <= end}


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Program:
    tree = _parsed(pattern)
    compiler = _Compiler(is_caseless=bool(tree.state.flags & re.IGNORECASE))
    program = compiler.program
    program.groups = dict(tree.state.groupdict)
    program.slots = 2 * tree.state.groups
    if any(len(name) > LONGEST_GROUP for name in program.groups):
        raise BadPattern(f"The name of a group has at most {LONGEST_GROUP} characters.")
    program.add(SAVE, 0)
    compiler.sequence(tree)
    program.add(SAVE, 1)
    program.add(DONE)
    return program


def _parsed(pattern: str) -> Any:
    if not pattern:
        raise BadPattern("A pattern has at least one character.")
    if len(pattern) > LONGEST_PATTERN:
        raise BadPattern(f"A pattern has at most {LONGEST_PATTERN} characters; this has {len(pattern)}.")
    try:
        return _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadPattern(f"The pattern cannot be read: {getattr(error, 'msg', 'it is nested too deep')}.") from None


class _Compiler:
    """The parser's tree as steps."""

    def __init__(self, *, is_caseless: bool) -> None:
        self.program, self.is_caseless, self.sequences = Program(), is_caseless, 0

    def sequence(self, items: Any) -> None:
        self.sequences += 1
        if self.sequences > MOST_STEPS:
            raise BadPattern(TOO_BIG)
        for kind, value in items:
            name = str(kind)
            compile_one = getattr(self, f"_{name.lower()}", None)
            if compile_one is None:
                raise BadPattern(WORDS.get(name, "Looking around and back-references are not taken in a pattern."))
            compile_one(value)

    def _literal(self, code: int) -> None:
        self._take(_one_of(chr(code)))

    def _not_literal(self, code: int) -> None:
        found = self._cased(_one_of(chr(code)))
        self.program.add(TAKE, lambda sign: not found(sign))

    def _any(self, _: None) -> None:
        self.program.add(TAKE, lambda sign: sign != "\n")

    def _in(self, items: list[tuple[Any, Any]]) -> None:
        is_negated = bool(items) and str(items[0][0]) == "NEGATE"
        tests = [_member(str(kind), value) for kind, value in items[is_negated:]]
        found = self._cased(lambda sign: any(test(sign) for test in tests))
        self.program.add(TAKE, (lambda sign: not found(sign)) if is_negated else found)

    def _branch(self, value: tuple[None, list[Any]]) -> None:
        ends = []
        *others, last = value[1]
        for branch in others:
            fork = self.program.add(SPLIT)
            self.sequence(branch)
            ends.append(self.program.add(SPLIT))
            self._aim(fork, fork + 1, len(self.program.steps))
        self.sequence(last)
        for end in ends:
            self._aim(end, len(self.program.steps), None)

    def _subpattern(self, value: tuple[int | None, int, int, Any]) -> None:
        number, added, removed, items = value
        if added or removed:
            raise BadPattern("Flags stand at the beginning of the pattern, as (?i).")
        if number is None:
            return self.sequence(items)
        self.program.add(SAVE, 2 * number)
        self.sequence(items)
        self.program.add(SAVE, 2 * number + 1)
        return None

    def _max_repeat(self, value: tuple[int, int, Any]) -> None:
        self._repeat(*value, is_lazy=False)

    def _min_repeat(self, value: tuple[int, int, Any]) -> None:
        self._repeat(*value, is_lazy=True)

    def _repeat(self, least: int, most: Any, items: Any, *, is_lazy: bool) -> None:
        is_endless = most == _parser.MAXREPEAT
        if int(least) > MOST_REPEATS or (not is_endless and int(most) > MOST_REPEATS):
            raise BadPattern(f"Something is repeated more than {MOST_REPEATS} times.")
        for _ in range(least):
            self.sequence(items)
        if is_endless:
            fork = self.program.add(SPLIT)
            self.sequence(items)
            self._aim(self.program.add(SPLIT), fork, None)
            return self._fork(fork, is_lazy)
        forks = []
        for _ in range(int(most) - int(least)):
            forks.append(self.program.add(SPLIT))
            self.sequence(items)
        for fork in forks:
            self._fork(fork, is_lazy)
        return None

    def _fork(self, fork: int, is_lazy: bool) -> None:
        inside, behind = fork + 1, len(self.program.steps)
        self._aim(fork, *((behind, inside) if is_lazy else (inside, behind)))

    def _at(self, code: Any) -> None:
        if str(code) not in PLACES:
            raise BadPattern("Only ^, $ and \\b are taken as places in a pattern.")
        self.program.add(AT, PLACES[str(code)])

    def _aim(self, place: int, one: int, two: int | None) -> None:
        self.program.steps[place] = (SPLIT, one, two)

    def _take(self, test: Test) -> None:
        self.program.add(TAKE, self._cased(test))

    def _cased(self, test: Test) -> Test:
        if not self.is_caseless:
            return test
        return lambda sign: test(sign) or test(sign.lower()) or test(sign.upper())


def _one_of(wanted: str) -> Test:
    return lambda sign: sign == wanted


def _member(kind: str, value: Any) -> Test:
    if kind == "LITERAL":
        return _one_of(chr(value))
    if kind == "RANGE":
        low, high = value
        return lambda sign: low <= ord(sign[:1] or "\0") <= high
    return CATEGORIES[str(value)]


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def _at_boundary(text: str, place: int) -> bool:
    before = place > 0 and _is_word(text[place - 1])
    behind = place < len(text) and _is_word(text[place])
    return before != behind


CATEGORIES: dict[str, Test] = {
    "CATEGORY_DIGIT": str.isdecimal,
    "CATEGORY_NOT_DIGIT": lambda sign: not sign.isdecimal(),
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_NOT_SPACE": lambda sign: not sign.isspace(),
    "CATEGORY_WORD": _is_word,
    "CATEGORY_NOT_WORD": lambda sign: not _is_word(sign),
}
PLACES: dict[str, Callable[[str, int], bool]] = {
    "AT_BEGINNING": lambda text, place: place == 0,
    "AT_BEGINNING_STRING": lambda text, place: place == 0,
    "AT_END": lambda text, place: place == len(text) or (place == len(text) - 1 and text[-1] == "\n"),
    "AT_END_STRING": lambda text, place: place == len(text),
    "AT_BOUNDARY": _at_boundary,
    "AT_NON_BOUNDARY": lambda text, place: not _at_boundary(text, place),
}
WORDS = {
    "GROUPREF": "A back-reference is not taken in a pattern: it cannot be matched in bounded time.",
    "POSSESSIVE_REPEAT": "Possessive repeats are not taken in a pattern; plain ones do the same here.",
    "ATOMIC_GROUP": "Atomic groups are not taken in a pattern; plain ones do the same here.",
}

Saved = tuple[int, ...]


def _run(program: Program, text: str) -> Saved | None:
    """All ways at once, in order of preference; each step of the program at most once for a sign of the text."""
    best: Saved | None = None
    ways: list[tuple[int, Saved]] = []
    nowhere = (-1,) * program.slots
    for place in range(len(text) + 1):
        seen: set[int] = set()
        reached: list[tuple[int, Saved]] = []
        for at, saved in ways:
            _follow(program, text, place, at, saved, seen, reached)
        if best is None:
            _follow(program, text, place, 0, nowhere, seen, reached)
        ways = []
        for at, saved in reached:
            kind, test, _ = program.steps[at]
            if kind == DONE:
                best = saved
                break
            if place < len(text) and test(text[place]):
                ways.append((at + 1, saved))
        if best is not None and not ways:
            break
    return best


def _follow(
    program: Program, text: str, place: int, at: int, saved: Saved, seen: set[int], reached: list[tuple[int, Saved]]
) -> None:
    """All steps from `at` that take no sign, the preferred way first."""
    ahead = [(at, saved)]
    while ahead:
        at, saved = ahead.pop()
        if at in seen:
            continue
        seen.add(at)
        kind, one, two = program.steps[at]
        if kind == SPLIT:
            ahead.extend((each, saved) for each in (two, one) if each is not None)
        elif kind == SAVE:
            ahead.append((at + 1, (*saved[:one], place, *saved[one + 1 :])))
        elif kind == AT:
            if one(text, place):
                ahead.append((at + 1, saved))
        else:
            reached.append((at, saved))
