"""Figures for Prometheus. Web processes share theirs through files where PROMETHEUS_MULTIPROC_DIR is set."""

import os

import redis
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from smarthub_portal.celery import QUEUES, heartbeat_key

_REQUESTS = Counter("portal_http_requests_total", "Requests answered", ["method", "status"])
_SECONDS = Histogram("portal_http_request_seconds", "Time to the end of the answer", buckets=(0.01, 0.05, 0.2, 1, 5))
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})


def count_request(method: str, status: int, elapsed_s: float) -> None:
    _REQUESTS.labels(method if method in _METHODS else "other", str(status)).inc()
    _SECONDS.observe(elapsed_s)


def render() -> bytes:
    """All figures as text; what cannot be asked at the moment is left out rather than guessed."""
    return _request_figures() + generate_latest(_state_figures()) + generate_latest(_sync_figures())


def _request_figures() -> bytes:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)


def _state_figures() -> CollectorRegistry:
    registry = CollectorRegistry()
    Gauge("portal_simulated", "1 where the carrier is the simulated one", registry=registry).set(settings.IS_SIMULATED)
    served = Gauge("portal_queue_served", "1 where a worker serves the queue", ["queue"], registry=registry)
    waiting = Gauge("portal_queue_waiting", "Tasks that no worker has taken yet", ["queue"], registry=registry)
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as connection:
            for queue in QUEUES:
                served.labels(queue).set(connection.exists(heartbeat_key(queue)))
                waiting.labels(queue).set(connection.llen(queue))
    except redis.RedisError:
        return CollectorRegistry()
    return registry


def _sync_figures() -> CollectorRegistry:
    # Here, because what counts requests is imported before Django has set its models up.
    from sims.freshness import freshness

    registry = CollectorRegistry()
    try:
        fleet = freshness()
    except DatabaseError:
        return registry
    under_way = Gauge("portal_sync_under_way", "1 while the fleet is being read", registry=registry)
    under_way.set(fleet.under_way is not None)
    failed = Gauge("portal_sync_failed", "1 where the newest run that ended did not get to its end", registry=registry)
    failed.set(fleet.failed is not None)
    if fleet.read_at:
        age = Gauge("portal_sync_age_seconds", "Since the last complete reading of the fleet", registry=registry)
        age.set((timezone.now() - fleet.read_at).total_seconds())
    return registry
