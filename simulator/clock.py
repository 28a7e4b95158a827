"""The carrier's clock: real time, or a time of its own that stands still until it is moved."""

import heapq
import itertools
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)([+-])(\d\d)(\d\d)", re.ASCII)


@lru_cache(maxsize=65536)
def stamp(second: int) -> str:
    """The carrier's form of a time: `2025-08-13T06:00:00+0000`."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S%z")


def parse_stamp(text: str) -> int | None:
    """Unix seconds of a time in the carrier's form; None for anything else."""
    found = _TIME.fullmatch(text)
    if not found:
        return None
    *parts, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        return int(datetime(*map(int, parts), tzinfo=zone).timestamp())  # type: ignore[arg-type, misc]
    except (ValueError, OverflowError):
        return None


def parse_moment(text: str) -> float:
    """Any ISO time as Unix seconds, for the command line and control requests; raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


class Cycles:
    """Billing cycles: calendar months in one time zone."""

    def __init__(self, zone: str = "UTC") -> None:
        self.zone = ZoneInfo(zone)
        self._bounds = (0, 0)

    def bounds(self, at: float) -> tuple[int, int]:
        """Start and end of the cycle that holds a moment, in Unix seconds."""
        start, end = self._bounds
        if not start <= at < end:
            self._bounds = self._month(at)
        return self._bounds

    def label(self, at: float) -> str:
        return datetime.fromtimestamp(self.bounds(at)[0], self.zone).strftime("%Y-%m")

    def midnight(self, day: datetime) -> int:
        return int(day.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=self.zone).timestamp())

    def _month(self, at: float) -> tuple[int, int]:
        first = datetime.fromtimestamp(at, self.zone).replace(day=1)
        following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        return self.midnight(first), self.midnight(following)


class Clock:
    """Tells the time and runs what is due; while something due runs, the time is the moment it was due."""

    def __init__(self, frozen_at: float | None = None) -> None:
        self.start(frozen_at)

    def start(self, frozen_at: float | None) -> None:
        self._frozen = frozen_at
        self._ahead = 0.0
        self._at: float | None = None
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], object]]] = []

    @property
    def is_frozen(self) -> bool:
        return self._frozen is not None

    def now(self) -> float:
        return self._reading() if self._at is None else self._at

    def second(self) -> int:
        return int(self.now())

    def set(self, moment: float) -> None:
        if self._frozen is None:
            self._ahead = moment - time.time()
        else:
            self._frozen = moment

    def advance(self, seconds: float) -> None:
        self.set(self._reading() + seconds)

    def call_at(self, due: float, action: Callable[[], object]) -> None:
        heapq.heappush(self._due, (due, next(self._order), action))

    def after(self, delay: float, action: Callable[[], object]) -> None:
        """Run `action` when `delay` seconds have passed; at once when there is no delay."""
        if delay <= 0:
            action()
        else:
            self.call_at(self.now() + delay, action)

    def run_due(self) -> None:
        while self._due and self._due[0][0] <= self._reading():
            self._at, _, action = heapq.heappop(self._due)
            try:
                action()
            finally:
                self._at = None

    def _reading(self) -> float:
        return time.time() + self._ahead if self._frozen is None else self._frozen
