"""What a page asks the stream for: topics to be rung for, and which rows of the journal it shows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import QueryDict

from journal.feed import FeedFilter

MOST_TOPICS = 300
MOST_SIMS = 200
LONGEST_ID = 19
TOPIC = re.compile(r"[a-z]{1,16}(:[A-Za-z0-9._-]{1,64})?")


class BadQuery(Exception):
    """The address asks for something that cannot be; the text says what."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`rows` is None for a page that shows none; `after` is the newest event it has."""

    topics: frozenset[str]
    rows: FeedFilter | None = None
    after: int | None = None


def read_query(query: bytes, last_event_id: str) -> Asked:
    """`?topics=a b&feed=kind%3D…&after=88412`; the header Last-Event-ID wins over `after`. Raises BadQuery.

    Who names neither topics nor a feed, as a script may, gets the whole journal.
    """
    fields = QueryDict(query, encoding="utf-8")
    feed = fields.get("feed", None if "topics" in fields else "")
    return Asked(
        topics=_topics(fields.get("topics", "")),
        rows=None if feed is None else read_feed(feed),
        after=_number(last_event_id or fields.get("after", "")),
    )


def read_feed(text: str) -> FeedFilter:
    """The filter that a page wrote into its `data-feed`."""
    fields = QueryDict(text)
    sims = fields.getlist("sim")
    if len(sims) > MOST_SIMS:
        raise BadQuery(f"At most {MOST_SIMS} SIMs.")
    return FeedFilter(
        kinds=frozenset(fields.getlist("kind")),
        severities=frozenset(fields.getlist("severity")),
        accounts=frozenset(_numbers(fields.getlist("account"))),
        sims=frozenset(_numbers(sims)) if sims else None,
    )


def _topics(text: str) -> frozenset[str]:
    topics = frozenset(re.split(r"[\s,]+", text.strip())) - {""}
    if len(topics) > MOST_TOPICS:
        raise BadQuery(f"At most {MOST_TOPICS} topics.")
    if not all(map(TOPIC.fullmatch, topics)):
        raise BadQuery("A topic is a word, or a word, a colon and a name.")
    return topics


def _numbers(texts: list[str]) -> list[int]:
    numbers = [_number(text) for text in texts]
    return [number for number in numbers if number is not None]


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_ID):
        raise BadQuery("An id is a whole number.")
    return min(int(text), 2**63 - 1)
