"""Whether what feeds the portal is alive: reading, carrier, workers, and what apps above this one add."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db.models import Max
from django.utils.html import format_html
from django.utils.safestring import SafeString
from redis import RedisError

from enterprise.models import Source
from estate.attention import Attention
from sims.freshness import Freshness
from sims.sync.runs import next_due_at
from toolkit.carrier import server
from toolkit.templatetags.look import age, when

MANY = 4
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


def signs(fleet: Freshness, *, failing: int) -> list[Sign]:
    """Reading, carrier, what was added, workers; `failing` of the carrier's reads were not answered last time."""
    return [_sync(fleet), _carrier(failing), *(sign for source in SOURCES for sign in source()), _workers()]


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


def _carrier(failing: int) -> Sign:
    """By the answers to what was asked last; one query."""
    newest = Source.objects.aggregate(at=Max("read_at"))["at"]
    if failing:
        return Sign("Carrier", "warn", "triangle", "Answers in part", f"{failing} of its reads failed last time")
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
