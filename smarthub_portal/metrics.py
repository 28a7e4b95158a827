"""Figures for Prometheus. Web processes share theirs through files where PROMETHEUS_MULTIPROC_DIR is set."""

import os

import redis
from django.conf import settings
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
    return _request_figures() + generate_latest(_state_figures())


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
