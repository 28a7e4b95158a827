"""One open page: what it asked for, what waits for it, and the frames it is sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from notifications import stream_pace as pace
from notifications.stream_access import Person
from notifications.stream_rows import RowLog, Shown, Viewpoint

# More rows than this in one frame are a count; a page shows no more at once.
ROWS_A_FRAME = 500
BEAT_S = 15
SLOW_S = 10


def no_way() -> None:
    """Hanging up, where the server offers no way."""


@dataclass(eq=False, slots=True)
class Viewer:
    """`place` is how far it has the rows of the log; `looks` the topics it has to be rung for.

    `share` says when its half seconds begin, `served_in` is the last one in which it was sent something.
    """

    person: Person
    topics: frozenset[str]
    view: Viewpoint | None
    place: int
    abort: Callable[[], None] = no_way
    share: int = 0
    served_in: int = -1
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    looks: set[str] = field(default_factory=set)
    has_seen: frozenset[int] = frozenset()
    sent_at: float = field(default_factory=time.monotonic)
    is_sending: bool = False
    needs_beat: bool = False
    is_gone: bool = False
    last_words: bytes | None = None

    @property
    def is_over(self) -> bool:
        return self.is_gone or self.last_words is not None

    def waits(self, log: RowLog) -> bool:
        """Whether something may be there for it."""
        return bool(self.looks) or (self.view is not None and self.place != log.end)

    def serve(self, now: int) -> bool:
        """Let it take what waits, once in each of its half seconds; False where it has to wait for the next one."""
        half_second = pace.half_second(self.share, now)
        if half_second == self.served_in:
            return False
        self.served_in = half_second
        self.woken.set()
        return True

    def tend(self, now: float) -> None:
        """A beat where nothing was sent for long; who takes nothing is hung up on, for a plain close would wait."""
        if self.is_sending and now - self.sent_at > SLOW_S:
            self.abort()
        elif now - self.sent_at > BEAT_S:
            self.needs_beat = True
            self.woken.set()

    def end(self, words: bytes = b"") -> None:
        """The stream ends with these words; a page that may comes back by itself."""
        self.last_words = words
        self.woken.set()

    def leave(self) -> None:
        self.is_gone = True
        self.woken.set()

    def take(self, log: RowLog) -> bytes:
        """All that waits, as one write; empty when nothing of it is for this viewer."""
        frames, beat = self._look(), BEAT if self.needs_beat else b""
        self.needs_beat = False
        if self.view is not None:
            place, self.place = self.place, log.end
            frames += self._new_frames(log, place) if self._repeats(log, place) else self._shared_frames(log, place)
        return frames or beat

    def _look(self) -> bytes:
        if not self.looks:
            return b""
        looks, self.looks = self.looks, set()
        return look_frame(looks)

    def _repeats(self, log: RowLog, place: int) -> bool:
        """Whether a row behind this place came with what the page had missed."""
        return bool(self.has_seen) and any(row.id in self.has_seen for row in log.after(place) or ())

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


BEAT = frame("beat", b"")
