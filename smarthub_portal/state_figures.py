"""How the queues and the copy stand, as figures for Prometheus."""

import redis
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from sims.freshness import freshness
from smarthub_portal.celery import QUEUES, heartbeat_key


def render() -> bytes:
    """What cannot be asked at the moment is left out rather than guessed."""
    return generate_latest(_queue_figures()) + generate_latest(_sync_figures())


def _queue_figures() -> CollectorRegistry:
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
