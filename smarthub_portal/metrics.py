"""What was asked of us, counted. Web processes share their figures through files where PROMETHEUS_MULTIPROC_DIR is set.

It counts from the first request on, so it is imported before Django is set up.
"""

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_REQUESTS = Counter("portal_http_requests_total", "Requests answered", ["method", "status"])
_SECONDS = Histogram("portal_http_request_seconds", "Time to the end of the answer", buckets=(0.01, 0.05, 0.2, 1, 5))
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})


def count_request(method: str, status: int, elapsed_s: float) -> None:
    _REQUESTS.labels(method if method in _METHODS else "other", str(status)).inc()
    _SECONDS.observe(elapsed_s)


def render() -> bytes:
    """These figures as Prometheus text."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)
