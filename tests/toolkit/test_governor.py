from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from toolkit import governor
from toolkit.governor import Governor, Lane, NoToken


class Clock:
    """Sleeps by turning Valkey's bucket back in time, so that no test waits."""

    def __init__(self, server: redis.Redis) -> None:
        self.server, self.slept = server, 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        for name in (b"at", b"blocked", b"shared_at"):
            value = self.server.hget(governor.KEY, name)
            if value is not None:
                self.server.hset(governor.KEY, name, float(value) - seconds)


@pytest.fixture
def server() -> redis.Redis:
    return redis.Redis.from_url(os.environ["REDIS_URL"])


@pytest.fixture
def clock(server: redis.Redis) -> Clock:
    return Clock(server)


Make = Callable[..., Governor]


@pytest.fixture
def make(server: redis.Redis, clock: Clock) -> Make:
    def build(lane: Lane = Lane.CLICK, rate: int = 600, **options: object) -> Governor:
        return Governor(server, rate_per_minute=rate, lane=lane, sleep=clock.sleep, **options)

    return build


def _taken(one: Governor, most: int = 1000) -> int:
    """How many requests leave before one would have to wait."""
    return next(count for count in range(most) if one._wait_s() > 0)


def test_burst_and_refill_together_keep_to_the_rate_in_any_minute(make: Make, clock: Clock) -> None:
    one = make()
    sent, began = 0, time.monotonic()
    while clock.slept < 60:
        one.acquire()
        sent += 1
    elapsed = clock.slept + time.monotonic() - began
    assert 590 <= sent <= one.capacity + one.refill * elapsed + 1
    assert one.capacity + one.refill * 60 <= 600


def test_all_processes_share_one_bucket(make: Make) -> None:
    assert _taken(make()) == 20
    assert _taken(make()) == 0


@pytest.mark.parametrize(("lane", "taken"), [(Lane.CLICK, 20), (Lane.BATCH, 17), (Lane.SYNC, 12)])
def test_each_lane_leaves_the_reserve_of_those_more_urgent(make: Make, lane: Lane, taken: int) -> None:
    assert _taken(make(lane)) == taken
    assert _taken(make(Lane.CLICK)) == 20 - taken


def test_429_stops_everybody_for_as_long_as_the_carrier_asked(make: Make, clock: Clock) -> None:
    make(Lane.SYNC).throttled(7)
    make(Lane.CLICK).acquire()
    assert 6.9 <= clock.slept < 8


def test_429_makes_everybody_slower_for_a_while(make: Make, clock: Clock) -> None:
    make().throttled(0)
    slowed = _seconds_for(make(), clock, 100)
    clock.sleep(governor.RECOVERY_S)
    _taken(make())
    assert slowed > 1.3 * _seconds_for(make(), clock, 100)


def test_however_often_429_came_a_tenth_of_the_rate_is_left(make: Make) -> None:
    for _ in range(50):
        make().throttled(0)
    assert make()._wait_s() < 1.1 * 10 / make().refill


def _seconds_for(one: Governor, clock: Clock, requests: int) -> float:
    before = clock.slept
    for _ in range(requests):
        one.acquire()
    return clock.slept - before


def test_caller_without_patience_is_told(make: Make) -> None:
    make().throttled(60)
    with pytest.raises(NoToken):
        make(patience_s=1).acquire()


def test_clock_of_valkey_going_back_gives_nothing_and_blocks_nobody(make: Make, server: redis.Redis) -> None:
    _taken(make())
    server.hset(governor.KEY, "at", 9e12)
    assert 0 < make()._wait_s() < 1


def test_clock_of_valkey_going_back_makes_no_wait_longer(make: Make, clock: Clock) -> None:
    make().throttled(7)
    clock.sleep(-3600)
    clock.slept = 0
    make().acquire()
    assert clock.slept < 8
    clock.sleep(governor.RECOVERY_S)
    _taken(make())
    assert _seconds_for(make(), clock, 100) < 1.1 * 100 / make().refill


def test_without_valkey_it_goes_on_alone_and_slower() -> None:
    gone = redis.Redis(unix_socket_path="/nonexistent/socket", retry=Retry(NoBackoff(), 0))
    slept: list[float] = []
    one = Governor(gone, rate_per_minute=600, lane=Lane.SYNC, sleep=slept.append)
    one.acquire()
    assert one._wait_s() > 0.1
    one.throttled(30)
    assert one._wait_s() > 29


@pytest.mark.parametrize("rate", [1, 60, 600, 1_000_000])
def test_any_rate_lets_every_lane_through(make: Make, clock: Clock, rate: int) -> None:
    for lane in Lane:
        make(lane, rate=rate).acquire()
