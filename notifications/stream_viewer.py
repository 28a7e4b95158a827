"""One open page: what it asked for, what waits for it, and the frames it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from notifications.stream_access import Person
from notifications.stream_rows import RowLog, Shown, Viewpoint

# More rows than this in one frame are a count; a page shows no more at once.
ROWS_A_FRAME = 500


@dataclass(eq=False, slots=True)
class Viewer:
    """`place` is how far it has the rows of the log; `looks` the topics it has to be rung for."""

    person: Person
    topics: frozenset[str]
    view: Viewpoint | None
    place: int
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    looks: set[str] = field(default_factory=set)
    has_seen: frozenset[int] = frozenset()
    is_gone: bool = False
    last_words: bytes | None = None

    @property
    def is_over(self) -> bool:
        return self.is_gone or self.last_words is not None

    def end(self, words: bytes = b"") -> None:
        """The stream ends with these words; a page that may comes back by itself."""
        self.last_words = words
        self.woken.set()

    def leave(self) -> None:
        self.is_gone = True
        self.woken.set()

    def take(self, log: RowLog) -> bytes:
        """All that waits, as one write; empty when nothing of it is for this viewer."""
        looks, self.looks = self.looks, set()
        frames = look_frame(looks) if looks else b""
        if self.view is None:
            return frames
        place, self.place = self.place, log.end
        return frames + (self._new_frames(log, place) if self.has_seen else self._shared_frames(log, place))

    def _shared_frames(self, log: RowLog, place: int) -> bytes:
        """Made once for all who look alike and have come as far."""
        alike = (self.view, place)
        if (made := log.made.get(alike)) is None:
            made = log.made[alike] = self._new_frames(log, place)
        return made

    def _new_frames(self, log: RowLog, place: int) -> bytes:
        rows = log.after(place)
        if rows is None:
            return frame("refresh", b"behind", log.newest_id)
        return self.rows_frames(rows, log.newest_id)

    def rows_frames(self, rows: Sequence[Shown], newest_id: int) -> bytes:
        """The rows that this viewer sees; `newest_id` is where a replay would begin."""
        assert self.view is not None
        seen = [row for row in rows if self.view.sees(row) and row.id not in self.has_seen]
        each = [row for row in seen if not row.count]
        more = sum(row.count or 1 for row in seen) - len(each[-ROWS_A_FRAME:])
        frames = frame("many", str(more).encode(), newest_id) if more else b""
        if each:
            frames += frame("journal", b"".join(row.html for row in each[-ROWS_A_FRAME:]), newest_id)
        return frames


def look_frame(topics: set[str]) -> bytes:
    return frame("look", " ".join(sorted(topics)).encode())


def frame(event: str, data: bytes, event_id: int = 0) -> bytes:
    """One frame of server-sent events; `data` is one line."""
    head = f"id: {event_id}\n" if event_id else ""
    return b"%bevent: %b\ndata: %b\n\n" % (head.encode(), event.encode(), data)
