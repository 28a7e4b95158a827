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
    """The state of the pushes as a whole; `oldest_waiting` is when the oldest came that nobody has taken apart."""

    kinds: tuple[KindSeen, ...]
    oldest_waiting: datetime | None
    now: datetime

    @property
    def silent(self) -> list[KindSeen]:
        return [kind for kind in self.kinds if kind.is_silent]

    @property
    def others_are_on_time(self) -> bool:
        return any(kind.last_at and not kind.is_silent and kind.is_daily for kind in self.kinds)

    @property
    def is_behind(self) -> bool:
        return self.oldest_waiting is not None and self.now - self.oldest_waiting > BACKLOG


def watch(now: datetime | None = None) -> Watch:
    """Read now; three small queries."""
    now = now or timezone.now()
    seen = PushDay.objects.filter(slug__in=KINDS, day__gte=(now - LOOKED_BACK).date())
    days: dict[str, list[tuple[datetime, object]]] = defaultdict(list)
    for slug, day, last_at in seen.values_list("slug", "day", "last_at"):
        days[slug].append((last_at, day))
    return Watch(tuple(_seen(slug, days[slug], now) for slug in KINDS), _oldest_waiting(), now)


def warnings(seen: Watch) -> list[str]:
    """What is wrong, in words for pages and for who asks after our health."""
    words = [f"No {kind.slug} push for {span(seen.now - kind.last_at)}." for kind in seen.silent if kind.last_at]
    if seen.oldest_waiting and seen.is_behind:
        words.append(f"The oldest push waits since {span(seen.now - seen.oldest_waiting)}.")
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


def _oldest_waiting() -> datetime | None:
    """Pushes that wait for a carrier that does not answer are no backlog of ours: they have a time to be due."""
    untaken = Untaken.objects.aggregate(oldest=Min("received_at"))["oldest"]
    waiting = Push.objects.filter(state=Push.State.RECEIVED, due_at=None)
    asked = [push.asked_at for push in waiting.order_by("received_at", "delivery_id", "place")[:1]]
    return min([at for at in (untaken, *asked) if at], default=None)


def last_push_at() -> datetime | None:
    """When the last push of any kind came."""
    found: datetime | None = PushDay.objects.aggregate(last=Max("last_at"))["last"]
    return found
