"""The pushes' line of health on home, and what of it needs a person."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.html import format_html

from estate.attention import Attention
from estate.health import Sign
from notifications.pushes.kinds import KINDS
from notifications.silence import Watch, last_push_at, watch
from toolkit.figures import plural, span
from toolkit.templatetags.look import age


def signs() -> Iterator[Sign]:
    seen = watch()
    yield _kinds(seen)
    yield _inbox(seen)


def _kinds(seen: Watch) -> Sign:
    last = max((kind.last_at for kind in seen.kinds if kind.last_at), default=None) or last_push_at()
    if seen.silent:
        word = f"{plural(len(seen.silent), 'kind', 'kinds')} silent"
        more = f"{len(KINDS) - len(seen.silent)} of {len(KINDS)} kinds on time"
        return Sign("Pushes", "warn", "clock", word, more, tuple(_silence(seen)))
    if last is None:
        return Sign("Pushes", "idle", "broken-ring", "None came yet", "changes are found by reading")
    return Sign("Pushes", "ok", "tick", "On time", format_html("last one {}", age(last, "ago")))


def _silence(seen: Watch) -> Iterator[Attention]:
    for kind in seen.silent:
        assert kind.last_at is not None
        others = "The other kinds are on time." if seen.others_are_on_time else "The other kinds are silent as well."
        yield Attention(
            "warn", "clock",
            f"No “{kind.slug.replace('-', ' ')}” push for {span(seen.now - kind.last_at)}",
            f"They usually come daily. Either nothing happened or the carrier stopped sending them. {others}",
            "Check pushes",
            reverse("notifications:inbox"),
        )  # fmt: skip


def _inbox(seen: Watch) -> Sign:
    if seen.is_behind:
        more = format_html("the oldest waits since {}", age(seen.oldest_waiting, "ago"))
        return Sign("Push inbox", "warn", "clock", "Behind", more)
    if seen.is_unread:
        more = format_html("the oldest waits for the carrier since {}", age(seen.oldest_unread, "ago"))
        return Sign("Push inbox", "warn", "clock", "Unread", more)
    return Sign("Push inbox", "ok", "tick", "Empty" if seen.oldest_waiting is None else "Keeps up")
