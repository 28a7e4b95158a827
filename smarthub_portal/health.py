"""Whether the portal lives and can work, for a supervisor, a load balancer and Prometheus."""

from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from notifications import silence
from sims.freshness import freshness
from smarthub_portal import metrics, state_figures
from smarthub_portal.celery import QUEUES, heartbeat_key
from smarthub_portal.hosts import is_loopback

OK = "ok"


@require_safe
@never_cache
@login_not_required
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": OK})


@require_safe
@never_cache
@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """200 when all checks are ok, else 503; each check by name, in words without addresses.

    `sync` tells how fresh the fleet is, `pushes` what is amiss with them, and both decide nothing: a portal with old
    data is still of use. A database that does not answer is asked once, for each question waits ten seconds for it.
    """
    database = _database()
    asked = {name: ask() if database == OK else answer for name, (ask, answer) in OF_DATABASE.items()}
    checks = {"database": database, "migrations": asked.pop("migrations"), "valkey": _valkey(), "workers": _workers()}
    is_ready = all(result == OK for result in checks.values())
    told = {"status": OK if is_ready else "not ready", "checks": checks, **asked}
    answer = JsonResponse(told, status=200 if is_ready else 503)
    # Django would log each of a load balancer's questions as an error.
    setattr(answer, "_has_been_logged", True)  # noqa: B010
    return answer


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, OSError) as error:
        return f"no answer ({type(error).__name__})"
    return OK


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, OSError) as error:
        return f"unknown ({type(error).__name__})"
    return f"{len(missing)} to run" if missing else OK


def _valkey() -> str:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as client:
            client.ping()
    except redis.RedisError as error:
        return f"no answer ({type(error).__name__})"
    return OK


def _workers() -> str:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as client:
            silent = [queue for queue in QUEUES if not client.exists(heartbeat_key(queue))]
    except redis.RedisError as error:
        return f"unknown ({type(error).__name__})"
    return f"nobody serves {', '.join(silent)}" if silent else OK


def _sync() -> dict[str, Any]:
    """When the last complete reading of the fleet ended, and how many seconds ago; None before the first."""
    try:
        read_at = freshness().read_at
    except (DatabaseError, OSError):
        read_at = None
    age_s = int((timezone.now() - read_at).total_seconds()) if read_at else None
    return {"last_complete_at": read_at, "age_s": age_s}


def _pushes() -> dict[str, Any]:
    """Kinds that went silent and a backlog, as warnings."""
    try:
        warnings, last_at = silence.warnings(silence.watch()), silence.last_push_at()
    except (DatabaseError, OSError) as error:
        warnings, last_at = [f"unknown ({type(error).__name__})"], None
    return {"warnings": warnings, "last_at": last_at}


# What is asked of the database, and what is told without it.
OF_DATABASE: dict[str, tuple[Callable[[], Any], Any]] = {
    "migrations": (_migrations, "unknown"),
    "sync": (_sync, {"last_complete_at": None, "age_s": None}),
    "pushes": (_pushes, {"warnings": ["unknown"], "last_at": None}),
}


@require_safe
@never_cache
@login_not_required
def prometheus(request: HttpRequest) -> HttpResponse:
    """Open to this machine alone; a proxy on it that names its caller is not this machine."""
    is_local = is_loopback(request.META.get("REMOTE_ADDR", "")) and "HTTP_X_FORWARDED_FOR" not in request.META
    if not is_local and not request.user.is_authenticated:
        return HttpResponseForbidden("Sign in, or ask from the machine itself.", content_type="text/plain")
    return HttpResponse(
        metrics.render() + state_figures.render(), content_type="text/plain; version=0.0.4; charset=utf-8"
    )
