"""Builds the carrier's client for whoever needs it, and owns the governor."""

from __future__ import annotations

from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from smarthub import Client
from toolkit.governor import Governor, Lane
from toolkit.version import VERSION

# The explicit "read again now" has five seconds in all (a person waits).
CLICK_PATIENCE_S = 2.0
CLICK_LIMIT_S = 5.0
# A change waits a little longer for its turn, and once it has left for the answer: a lost one has to be found out.
CHANGE_PATIENCE_S = 5.0
CHANGE_LIMIT_S = 40.0
# Requests of one process under way at once; the carrier's rate is kept by the governor, not by this.
PAGES_AT_ONCE = 4
# One for each thread of the worker that sends changes (smarthub_portal/programs.py), so that none that is claimed waits
# for a connection that another holds.
CHANGES_AT_ONCE = 32


class NoCarrier(Exception):
    """The settings name no carrier."""


@lru_cache(maxsize=4)
def carrier(lane: Lane) -> Client:
    """The client of this process for one lane; its requests keep to the rate that all processes share.

    A click waits at most two seconds for its turn and five for the answer; the others take as long as it takes.
    Raises NoCarrier.
    """
    if lane is Lane.CLICK:
        return _client(lane, CLICK_PATIENCE_S, CLICK_LIMIT_S)
    return _client(lane, None, None)


@lru_cache(maxsize=1)
def changing_carrier() -> Client:
    """The client that sends changes of single SIMs: as urgent as a click, with the time that an answer may take.

    Raises NoCarrier.
    """
    return _client(Lane.CLICK, CHANGE_PATIENCE_S, CHANGE_LIMIT_S, pool_size=CHANGES_AT_ONCE)


def _client(
    lane: Lane, patience_s: float | None, limit_s: float | None, *, pool_size: int = 2 * PAGES_AT_ONCE
) -> Client:
    if not settings.SMARTHUB_BASE_URL or not settings.SMARTHUB_API_KEY:
        raise NoCarrier
    rate = settings.SMARTHUB_RATE_PER_MINUTE
    return Client(
        base_url=settings.SMARTHUB_BASE_URL,
        api_key=settings.SMARTHUB_API_KEY,
        governor=Governor(server(), rate_per_minute=rate, lane=lane, patience_s=patience_s),
        pool_size=pool_size,
        call_limit_s=limit_s,
        version=VERSION,
    )


@lru_cache(maxsize=1)
def server() -> redis.Redis:
    """The Valkey connection pool of this process."""
    once = Retry(NoBackoff(), 1)  # the governor has an answer of its own for a Valkey that is away
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2, retry=once)
