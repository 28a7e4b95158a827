"""Whether what feeds the portal is alive: reading, carrier, workers, and what apps above this one add."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.core.cache import cache
from django.db.models import Max
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from redis import RedisError

from enterprise.days import day_of
from enterprise.models import Source
from enterprise.sources import failing
from estate.attention import Attention
from sims.freshness import Freshness, freshness
from sims.sync.runs import next_due_at
from toolkit.carrier import server
from toolkit.templatetags.look import age, when

MANY = 4
KNOWN, KEPT_S = "home-health", 3600
WORKED = ("click", "push", "batch", "sync")


@dataclass(frozen=True, slots=True)
class Sign:
    """One line of health, and what of it needs a person."""

    name: str
    tone: str
    glyph: str
    word: str
    more: SafeString | str = ""
    attention: tuple[Attention, ...] = field(default=())

    @property
    def told(self) -> tuple[Attention, ...]:
        """What home says of it; many alike things are one, in the words of the sign."""
        if len(self.attention) < MANY:
            return self.attention
        first = self.attention[0]
        return (Attention(first.tone, first.glyph, f"{self.name}: {self.word}", self.more, first.link, first.url),)


# What an app above this one knows of: each answers signs when home is asked for.
SOURCES: list[Callable[[], Iterable[Sign]]] = []


def has_changed() -> bool:
    """Whether the signs, the progress of a run or the day are not what they were when this was asked last.

    Nothing announces that a worker is gone, that pushes stay away or that a reading grows old: somebody has to look.
    """
    fleet = freshness()
    found = signs(fleet, failed=len(failing()))
    said: list[object] = [[sign.name, sign.tone, sign.word, len(sign.attention)] for sign in found]
    said += [fleet.percent, fleet.is_stale(), day_of(timezone.now()).isoformat()]
    try:
        known = cache.get(KNOWN)
        cache.set(KNOWN, said, KEPT_S)
    except (RedisError, OSError):
        return False
    return bool(known != said)


def signs(fleet: Freshness, *, failed: int) -> list[Sign]:
    """Reading, carrier, what was added, workers; `failed` of the carrier's reads were not answered last time."""
    return [_sync(fleet), _carrier(failed), *(sign for source in SOURCES for sign in source()), _workers()]


def _sync(fleet: Freshness) -> Sign:
    if fleet.under_way:
        return Sign("Sync", "info", "arc", "Reading", f"{fleet.percent} % of the fleet")
    if fleet.failed:
        return Sign("Sync", "bad", "triangle", "Stopped", format_html("tried again {}", when(next_due_at(), "minute")))
    if fleet.read_at is None:
        return Sign("Sync", "idle", "broken-ring", "Not read yet", "the first run starts by itself")
    more = format_html("read {}, next {}", age(fleet.read_at, "ago"), when(next_due_at(), "minute"))
    return (
        Sign("Sync", "warn", "clock", "Late", more)
        if fleet.is_stale()
        else Sign("Sync", "ok", "tick", "Complete", more)
    )


def _carrier(failed: int) -> Sign:
    """By the answers to what was asked last; one query."""
    newest = Source.objects.aggregate(at=Max("read_at"))["at"]
    if failed:
        return Sign("Carrier", "warn", "triangle", "Answers in part", f"{failed} of its reads failed last time")
    if newest is None:
        return Sign("Carrier", "idle", "ring-question", "Not asked yet")
    return Sign("Carrier", "ok", "tick", "Answers", format_html("last read {}", age(newest, "ago")))


def _workers() -> Sign:
    try:
        alive = [
            name
            for name, beat in zip(WORKED, server().mget([f"worker:{name}" for name in WORKED]), strict=True)
            if beat
        ]
    except RedisError:
        return Sign("Workers", "bad", "triangle", "Queue away", "work waits; nothing is lost")
    if len(alive) == len(WORKED):
        return Sign("Workers", "ok", "tick", f"{len(alive)} of {len(WORKED)}", "every queue is served")
    idle = ", ".join(name for name in WORKED if name not in alive)
    return Sign("Workers", "warn", "triangle", f"{len(alive)} of {len(WORKED)}", f"nobody serves {idle}")
