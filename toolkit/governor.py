"""The one rate limiter of all processes: a token bucket in Valkey, with a reserve for who is in a hurry."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum

import redis
import structlog

log = structlog.get_logger(__name__)

KEY = "governor"
# The bucket holds this share of a minute; its refill is lowered by as much, so that no minute exceeds the rate.
BURST_SHARE = 1 / 30
SMALLEST_BURST = 5
# After a 429 the rate falls to this share of itself, and climbs back to the whole in this time.
SLOWER_BY = 0.7
RECOVERY_S = 300
LONGEST_NAP_S = 0.5
# Without Valkey each process keeps to this share of the rate by itself.
LONELY_SHARE = 0.25


class Lane(Enum):
    """Who asks, and the share of the bucket that must stay for those more urgent."""

    CLICK = 0.0
    BATCH = 0.15
    SYNC = 0.40


class NoToken(Exception):
    """The rate limit left no request for this caller within its patience."""


# KEYS: bucket. ARGV: capacity, refill a second, reserve, recovery seconds. Answers milliseconds to wait, 0 = taken.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1e6
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'blocked', 'share', 'shared_at')
local capacity, refill, reserve, recovery = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local at, blocked, shared_at = tonumber(bucket[2]) or now, tonumber(bucket[3]) or 0, tonumber(bucket[5]) or now
if at > now then -- the clock went back, and what was to come goes back with it
    at, blocked, shared_at = now, blocked - (at - now), shared_at - (at - now)
    redis.call('HSET', KEYS[1], 'at', at, 'blocked', blocked, 'shared_at', shared_at)
end
if blocked > now then return math.ceil((blocked - now) * 1000) end
local share = math.min(1, (tonumber(bucket[4]) or 1) + math.max(0, now - shared_at) / recovery)
local tokens = math.min(capacity, (tonumber(bucket[1]) or capacity) + (now - at) * refill * share)
local short = 1 + reserve * capacity - tokens
if short <= 0 then tokens = tokens - 1 end
redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', now)
redis.call('EXPIRE', KEYS[1], 3600)
if short <= 0 then return 0 end
return math.ceil(short / (refill * share) * 1000)
"""

# KEYS: bucket. ARGV: seconds to stand still, factor, recovery seconds.
THROTTLE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1e6
local bucket = redis.call('HMGET', KEYS[1], 'blocked', 'share', 'shared_at')
local until_ = math.max(tonumber(bucket[1]) or 0, now + tonumber(ARGV[1]))
local rested = math.max(0, now - (tonumber(bucket[3]) or now)) / tonumber(ARGV[3])
local share = math.min(1, (tonumber(bucket[2]) or 1) + rested)
redis.call('HSET', KEYS[1], 'tokens', 0, 'at', now, 'blocked', until_, 'shared_at', now)
redis.call('HSET', KEYS[1], 'share', math.max(0.1, share * tonumber(ARGV[2])))
redis.call('EXPIRE', KEYS[1], 3600)
return 0
"""


class Governor:
    """Lets one request at a time leave; safe to share between threads.

    `patience_s` None waits as long as it takes; else NoToken is raised after it. Without Valkey it goes on at a
    quarter of the rate, kept within this process.
    """

    def __init__(
        self,
        server: redis.Redis,
        *,
        rate_per_minute: int,
        lane: Lane,
        patience_s: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.capacity = max(SMALLEST_BURST, rate_per_minute * BURST_SHARE)
        self.refill = max(rate_per_minute - self.capacity, rate_per_minute / 2) / 60
        self.lane, self.patience_s, self._sleep = lane, patience_s, sleep
        self._take, self._throttle = server.register_script(TAKE), server.register_script(THROTTLE)
        self._lonely = _LonelyPace(LONELY_SHARE * rate_per_minute / 60)

    def acquire(self) -> None:
        """Wait until one request may leave."""
        deadline = None if self.patience_s is None else time.monotonic() + self.patience_s
        while wait_s := self._wait_s():
            if deadline is not None and time.monotonic() + wait_s > deadline:
                raise NoToken
            self._sleep(min(wait_s, LONGEST_NAP_S))

    def throttled(self, retry_after_s: float) -> None:
        """The carrier answered 429: stand still for `retry_after_s` seconds, everybody, and go slower after."""
        try:
            self._throttle(keys=[KEY], args=[retry_after_s, SLOWER_BY, RECOVERY_S])
        except redis.RedisError:
            self._lonely.stand_still(retry_after_s)

    def _wait_s(self) -> float:
        try:
            args = [self.capacity, self.refill, self.lane.value, RECOVERY_S]
            return float(self._take(keys=[KEY], args=args)) / 1000
        except redis.RedisError as error:
            log.warning("governor_alone", error=type(error).__name__)
            return self._lonely.wait_s()


class _LonelyPace:
    """Evenly spaced requests of one process, for as long as Valkey is away."""

    def __init__(self, rate_per_s: float) -> None:
        self._gap_s, self._next, self._lock = 1 / rate_per_s, 0.0, threading.Lock()

    def wait_s(self) -> float:
        with self._lock:
            now = time.monotonic()
            if self._next > now:
                return self._next - now
            self._next = now + self._gap_s
            return 0.0

    def stand_still(self, seconds: float) -> None:
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)
