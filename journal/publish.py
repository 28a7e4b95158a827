"""Telling the open pages of new events: a doorbell with ids, or with counts where there are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from django.db import connection, transaction

from toolkit import live

# More events of one transaction than this are one line with a count.
ONE_BY_ONE = 50

Sort = tuple[str, str, int | None]  # kind, severity, account


class Many(msgspec.Struct):
    """Events of one transaction, too many to name: the first and last id, and how many there are of each sort."""

    first: int
    last: int
    sorts: list[tuple[str, str, int | None, int]]


class Announcement:
    """What one transaction has recorded so far; called once, when it is committed."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.first = self.last = 0
        self.is_made = False
        self.sorts: Counter[Sort] = Counter()

    def add(self, ids: Sequence[int], sorts: Sequence[Sort]) -> None:
        self.first = min(self.first or ids[0], ids[0])
        self.last = max(self.last, ids[-1])
        self.ids.extend(ids[: ONE_BY_ONE + 1 - len(self.ids)])
        self.sorts.update(sorts)

    def __call__(self) -> None:
        self.is_made = True
        if len(self.ids) <= ONE_BY_ONE:
            live.post({"journal": " ".join(map(str, self.ids))})
            return
        many = Many(self.first, self.last, [(*sort, number) for sort, number in self.sorts.items()])
        live.post({"many": msgspec.json.encode(many).decode()})


def announce(ids: Sequence[int], sorts: Sequence[Sort]) -> None:
    """Once the transaction is committed, tell the open pages of these events and all others it recorded."""
    pending = _pending()
    if pending:
        pending.add(ids, sorts)
        return
    announcement = Announcement()
    announcement.add(ids, sorts)
    transaction.on_commit(announcement)


def _pending() -> Announcement | None:
    # Kept where Django keeps it, so that a savepoint rolled back takes it along.
    waiting = (entry[1] for entry in reversed(connection.run_on_commit))
    return next((func for func in waiting if isinstance(func, Announcement) and not func.is_made), None)
