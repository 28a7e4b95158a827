"""Which page to ask for next, from what the pages so far have said. Pure: no database, no carrier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple


class Job(NamedTuple):
    """One page of one account's list."""

    account_id: int
    account_name: str
    page: int


@dataclass(slots=True)
class Part:
    """An account's list. `expected` pages is None until an answer told the total, and for ever where none does."""

    account_id: int
    account_name: str
    expected: int | None = None
    done: set[int] = field(default_factory=set)
    asked: set[int] = field(default_factory=set)
    is_at_end: bool = False

    @property
    def is_complete(self) -> bool:
        return not self.asked and (self.is_at_end or (self.expected is not None and self._next() >= self.expected))

    def next_page(self) -> int | None:
        """The next page worth asking for now, None when there is none or an answer must come first."""
        page = self._next()
        if self.expected is None:
            return None if self.asked or self.is_at_end else page
        return page if page < self.expected else None

    def take_back(self, page: int) -> None:
        """A page that was handed out and that nobody has asked for."""
        self.asked.discard(page)
        self._cursor = min(self._cursor, page)

    def answered(self, page: int, *, records: int, size: int | None, total: int | None, mark: object = None) -> None:
        """Take in an answer: the page size may be smaller than asked, the total may move, lie or be missing.

        `mark` tells one page's records from another's: without a total, the same page again is the end of the list.
        """
        self.asked.discard(page)
        self.done.add(page)
        if total is None:
            is_repeated = mark is not None and mark == self._last_mark
            self.is_at_end = self.is_at_end or records == 0 or is_repeated
            self._last_mark = mark
            return
        self.expected = max(1, ceil(total / (size or records or 1)))
        if not records:
            self.expected = min(self.expected, page + 1)

    def _next(self) -> int:
        while self._cursor in self.done or self._cursor in self.asked:
            self._cursor += 1
        return self._cursor

    _cursor: int = 0
    _last_mark: object = None


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

    def next_job(self) -> Job | None:
        """The next page to ask for; None when all are asked for or answers must come first."""
        for part in self.parts:
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
