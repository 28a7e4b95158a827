"""Which page to ask for next, from what the pages so far have said. Pure: no database, no carrier."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

SECOND_PAGE = 1
# Pages in a row that showed nothing new: so many end a list wherever they stand in it.
MOST_IDLE = 50
# Empty pages of a list that are asked for once more: of a list whose total is far too large all are empty.
MOST_DOUBTED = 20
# Before the told end so many in a row that are empty are its true end: one alone may be a fault, in each run again.
MOST_EMPTY = 20
# Past the told end, or where none is told, a list of twice ten million SIMs has as many pages of a hundred.
MOST_UNTOLD = 200_000


class Job(NamedTuple):
    """One page of one account's list."""

    account_id: int
    account_name: str
    page: int


@dataclass(slots=True)
class Part:
    """An account's list. `expected` pages is None until an answer told the total, and for ever where none does.

    `seen` counts the records of pages that differ: where it is not the total, that or the page size was told wrong, and
    the list is read on to pages that show nothing new. `is_done` where none past the expected are to be asked for.
    """

    account_id: int
    account_name: str
    expected: int | None = None
    done: set[int] = field(default_factory=set)
    asked: set[int] = field(default_factory=set)
    is_done: bool = False
    total: int | None = None
    seen: int = 0
    is_given_up: bool = False

    def __post_init__(self) -> None:
        self._shown = max(self.done, default=0)

    @property
    def is_complete(self) -> bool:
        return not self.asked and not self.is_given_up and self.next_page() is None

    @property
    def is_over(self) -> bool:
        """Whether no page of it will be asked for any more."""
        return self.is_given_up or self.is_complete

    def next_page(self) -> int | None:
        """The next page worth asking for now, None when there is none or an answer must come first."""
        page = self._next()
        if self.is_given_up:
            return None
        if self.expected is not None and page < self.expected:
            return page
        if self.asked or self.is_done or self._is_at_end or (self.total is not None and self.seen == self.total):
            return None
        return page

    @property
    def is_endless(self) -> bool:
        """Whether so much was read past the told end that there may be none, and more would be asked for."""
        page = self.next_page()
        return page is not None and page >= (self.expected or 0) + MOST_UNTOLD

    def is_past_end(self, page: int) -> bool:
        """Whether it is no wonder that there is no such page."""
        return page > 0 and page >= (self.expected or 0)

    def doubts(self, page: int) -> bool:
        """Whether an empty page is hard to believe, for more SIMs were told of than were shown; not for ever."""
        self._doubted += 1
        is_short = self.expected is not None and page < self.expected and self.seen < (self.total or 0)
        return is_short and self._doubted <= MOST_DOUBTED

    def take_back(self, page: int) -> None:
        """A page that was handed out and that nobody has asked for."""
        self.asked.discard(page)
        self._cursor = min(self._cursor, page)

    def answered(self, page: int, *, records: int, size: int | None, total: int | None, mark: object = None) -> None:
        """Take in an answer: the page size may be smaller than asked, the total may move, lie or be missing.

        `mark` tells one page's records from another's: the same page again is the end of a list of unknown length,
        but for the second page, which is the first again where pages are counted from one.
        """
        self.asked.discard(page)
        self.done.add(page)
        is_repeated = mark is not None and mark in self._marks
        self._marks.add(mark)
        self._shown = max(self._shown, page) if records else self._shown
        self.seen += 0 if is_repeated else records
        if total is not None and not self.is_done and (records or total >= self.seen):
            whole = max(1, ceil(total / (size or records or 1)))
            self.total, self.expected = total, whole if records else min(whole, max(page, self._shown + MOST_EMPTY) + 1)
        if (not records or (is_repeated and page != SECOND_PAGE)) and page + 1 >= (self.expected or 0):
            self._is_at_end = True

    def merged(self, pages: Collection[int], *, has_new: bool) -> None:
        """Take in whether pages showed a SIM that no page of the list before them did.

        Past the told end a list goes on only as long as they do: its pages may come again in ever new orders.
        """
        self._idle = 0 if has_new else self._idle + len(pages)
        is_past_end = any(page >= (self.expected or 0) and page != SECOND_PAGE for page in pages)
        if (is_past_end and not has_new) or self._idle >= MOST_IDLE:
            self.is_done, self.expected = True, len(self.done)

    def _next(self) -> int:
        while self._cursor in self.done or self._cursor in self.asked:
            self._cursor += 1
        return self._cursor

    _cursor: int = 0
    _shown: int = 0
    _idle: int = 0
    _doubted: int = 0
    _is_at_end: bool = False
    _marks: set[object] = field(default_factory=set)


class PagePlan:
    """The pages of all accounts, an account's pages in turn, several under way at once.

    `last_run_id` is the run whose pages tell which SIMs to expect on these, `last_marks` what they are told apart by.
    """

    def __init__(
        self,
        parts: list[Part],
        *,
        last_run_id: int | None = None,
        last_marks: Mapping[tuple[int, int], int] | None = None,
    ) -> None:
        self.parts, self.last_run_id, self.last_marks = parts, last_run_id, last_marks or {}
        self._by_account = {part.account_id: part for part in parts}
        self._open = deque(parts)

    def next_job(self) -> Job | None:
        """The next page to ask for; None when all are asked for or answers must come first."""
        while self._open and self._open[0].is_over:  # of a thousand accounts most are, most of the time
            self._open.popleft()
        for part in self._open:
            page = part.next_page()
            if page is not None:
                part.asked.add(page)
                return Job(part.account_id, part.account_name, page)
        return None

    def part(self, account_id: int) -> Part:
        return self._by_account[account_id]

    @property
    def is_complete(self) -> bool:
        return all(part.is_complete for part in self.parts)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to ask for but in accounts that were given up."""
        return all(part.is_over for part in self.parts)
