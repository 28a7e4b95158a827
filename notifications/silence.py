"""The dead-man switch: which kinds of push have gone silent, and whether what came is worked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import Max, Min
from django.utils import timezone
from redis import RedisError

from notifications.models import Push, PushDay, Untaken
from notifications.pushes.kinds import KINDS
from toolkit.figures import span

# A kind comes daily when it came on so many of the days up to its last.
DAYS, DAILY = 7, 5
LOOKED_BACK = timedelta(days=60)
BACKLOG = timedelta(minutes=1)
WARNINGS, KEPT_S = "push-warnings", 120


@dataclass(frozen=True, slots=True)
class KindSeen:
    slug: str
    last_at: datetime | None
    is_daily: bool
    is_silent: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """The state of the pushes as a whole.

    `oldest_waiting` is since when the oldest waits for us; `oldest_unread` the same where the carrier was asked for its
    SIM and did not answer.
    """

    kinds: tuple[KindSeen, ...]
    oldest_waiting: datetime | None
    oldest_unread: datetime | None
    now: datetime

    @property
    def silent(self) -> list[KindSeen]:
        return [kind for kind in self.kinds if kind.is_silent]

    @property
    def others_are_on_time(self) -> bool:
        return any(kind.last_at and not kind.is_silent and kind.is_daily for kind in self.kinds)

    @property
    def is_behind(self) -> bool:
        return self._is_long(self.oldest_waiting)

    @property
    def is_unread(self) -> bool:
        return self._is_long(self.oldest_unread)

    def _is_long(self, since: datetime | None) -> bool:
        return since is not None and self.now - since > BACKLOG


def watch(now: datetime | None = None) -> Watch:
    """Read now; three small queries."""
    now = now or timezone.now()
    seen = PushDay.objects.filter(slug__in=KINDS, day__gte=(now - LOOKED_BACK).date())
    days: dict[str, list[tuple[datetime, object]]] = defaultdict(list)
    for slug, day, last_at in seen.values_list("slug", "day", "last_at"):
        days[slug].append((last_at, day))
    return Watch(tuple(_seen(slug, days[slug], now) for slug in KINDS), *_oldest(), now)


def warnings(seen: Watch) -> list[str]:
    """What is wrong, in words for pages and for who asks after our health."""
    words = [f"No {kind.slug} push for {span(seen.now - kind.last_at)}." for kind in seen.silent if kind.last_at]
    if seen.oldest_waiting and seen.is_behind:
        words.append(f"The oldest push waits since {span(seen.now - seen.oldest_waiting)}.")
    if seen.oldest_unread and seen.is_unread:
        waits = span(seen.now - seen.oldest_unread)
        words.append(f"The carrier does not answer: the oldest push waits since {waits} for its SIM to be read.")
    return words


def note_warnings() -> None:
    """Keep what every page tells where a page asks no database for it."""
    cache.set(WARNINGS, warnings(watch()), KEPT_S)


def noted_warnings() -> list[str]:
    """What was noted last; nothing where nobody has for a while, or the cache is away."""
    try:
        return list(cache.get(WARNINGS) or [])
    except (RedisError, OSError):
        return []


def _seen(slug: str, days: Iterable[tuple[datetime, object]], now: datetime) -> KindSeen:
    arrived = sorted(last_at for last_at, _ in days)
    if not arrived:
        return KindSeen(slug, None, False, False)
    last = arrived[-1]
    is_daily = sum(last - at < timedelta(days=DAYS) for at in arrived) >= DAILY
    return KindSeen(slug, last, is_daily, is_daily and now - last > timedelta(hours=settings.PUSH_SILENCE_HOURS))


def _oldest() -> tuple[datetime | None, datetime | None]:
    """Since when the oldest waits for us, and for a carrier that does not answer: then it has a time to be due."""
    untaken = Untaken.objects.aggregate(oldest=Min("received_at"))["oldest"]
    received = Push.objects.filter(state=Push.State.RECEIVED)
    ours, carriers = (
        received.filter(due_at__isnull=is_ours).order_by("received_at", "delivery_id", "place")[:1]
        for is_ours in (True, False)
    )
    found = list(ours.union(carriers, all=True))
    waiting = [push.asked_at for push in found if push.due_at is None]
    unread = [push.asked_at for push in found if push.due_at is not None]
    return min([at for at in (untaken, *waiting) if at], default=None), min(unread, default=None)


def last_push_at() -> datetime | None:
    """When the last push of any kind came."""
    found: datetime | None = PushDay.objects.aggregate(last=Max("last_at"))["last"]
    return found
