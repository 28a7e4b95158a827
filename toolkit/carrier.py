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
# Requests of one process under way at once; the carrier's rate is kept by the governor, not by this.
PAGES_AT_ONCE = 4


class NoCarrier(Exception):
    """The settings name no carrier."""


@lru_cache(maxsize=4)
def carrier(lane: Lane) -> Client:
    """The client of this process for one lane; its requests keep to the rate that all processes share.

    A click waits at most two seconds for its turn and five for the answer; the others take as long as it takes.
    Raises NoCarrier.
    """
    if not settings.SMARTHUB_BASE_URL or not settings.SMARTHUB_API_KEY:
        raise NoCarrier
    is_click = lane is Lane.CLICK
    governor = Governor(
        server(),
        rate_per_minute=settings.SMARTHUB_RATE_PER_MINUTE,
        lane=lane,
        patience_s=CLICK_PATIENCE_S if is_click else None,
    )
    return Client(
        base_url=settings.SMARTHUB_BASE_URL,
        api_key=settings.SMARTHUB_API_KEY,
        governor=governor,
        pool_size=2 * PAGES_AT_ONCE,
        call_limit_s=CLICK_LIMIT_S if is_click else None,
        version=VERSION,
    )


@lru_cache(maxsize=1)
def server() -> redis.Redis:
    """The Valkey connection pool of this process."""
    once = Retry(NoBackoff(), 1)  # the governor has an answer of its own for a Valkey that is away
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2, retry=once)
