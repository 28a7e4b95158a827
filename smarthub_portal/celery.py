"""Celery: four queues, two workers, a beat table in the settings.

The workers run their tasks in threads: the work waits on the carrier and on PostgreSQL, one process has one
connection pool and one set of imports, and it is ready a second earlier than a pool of forked processes.
"""

import os
import threading
import time

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_ready, worker_shutting_down
from kombu import Queue

from stack.gate import pass_gate
from toolkit.memory import keep_what_is_loaded
from toolkit.stopping import tell_to_stop, wait_for_stop

QUEUES = ("click", "push", "batch", "sync")
WORKERS: dict[str, tuple[str, ...]] = {"quick": ("click", "push"), "long": ("batch", "sync")}
HEARTBEAT_S = 5
HEARTBEAT_TTL_S = 20

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarthub_portal.settings")

app = Celery("smarthub_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue(name, routing_key=name) for name in QUEUES]
app.autodiscover_tasks()


def heartbeat_key(queue: str) -> str:
    return f"worker:{queue}"


@setup_logging.connect
def _keep_our_logging(**kwargs: object) -> None:
    """Celery leaves logging alone when somebody listens here; the settings have set it up."""


@worker_init.connect
def _wait_for_tables(**kwargs: object) -> None:
    """All tasks are imported by now, and none is taken yet."""
    pass_gate()
    keep_what_is_loaded()


@worker_ready.connect
def _start_heartbeat(sender: object, **kwargs: object) -> None:
    """Say every few seconds which queues are served, for /health/ready."""
    queues = [queue.name for queue in app.amqp.queues.consume_from.values()]
    threading.Thread(target=_beat, args=(queues,), daemon=True, name="heartbeat").start()


@worker_ready.connect
def _take_over(**kwargs: object) -> None:
    """What the worker before held, if it was killed, goes on at once."""
    threading.Thread(target=_give_back, daemon=True, name="take-over").start()


def _give_back() -> None:
    from django.db import DatabaseError, connection

    from toolkit import lease

    while True:
        try:
            lease.give_back_of_the_dead()
            return
        except DatabaseError:
            if wait_for_stop(1):
                return
        finally:
            connection.close()


@worker_shutting_down.connect
def _end_slices(**kwargs: object) -> None:
    """Long work hands its row back now, well before the supervisor would kill it."""
    tell_to_stop()


def _beat(queues: list[str]) -> None:
    import redis
    from django.conf import settings

    connection = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5)
    while True:
        try:
            for queue in queues:
                connection.set(heartbeat_key(queue), int(time.time()), ex=HEARTBEAT_TTL_S)
        except redis.RedisError:
            connection.close()
        if wait_for_stop(HEARTBEAT_S):
            return
