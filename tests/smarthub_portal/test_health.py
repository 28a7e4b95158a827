import os
import re
import time
from datetime import timedelta

import pytest
import redis
from django.db import OperationalError
from django.test import Client, override_settings
from django.utils import timezone

from smarthub_portal.celery import QUEUES, heartbeat_key
from tests.sims.fleet import make_run

pytestmark = pytest.mark.django_db
NOBODY_THERE = "unix:///nowhere/valkey.sock"


def serve(*queues: str) -> None:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        for queue in queues:
            client.set(heartbeat_key(queue), int(time.time()), ex=60)


def test_live_asks_nobody(client: Client) -> None:
    with override_settings(REDIS_URL=NOBODY_THERE):
        assert client.get("/health/live").json() == {"status": "ok"}


def test_ready_when_every_part_is(client: Client) -> None:
    serve(*QUEUES)

    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json()["checks"] == {"database": "ok", "migrations": "ok", "valkey": "ok", "workers": "ok"}


def test_not_ready_while_a_queue_has_no_worker(client: Client) -> None:
    serve("click", "push", "batch")

    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"]["workers"] == "nobody serves sync"


def test_not_ready_without_valkey_and_no_address_is_told(client: Client) -> None:
    with override_settings(REDIS_URL=NOBODY_THERE):
        answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"]["valkey"] == "no answer (ConnectionError)"
    assert "nowhere" not in answer.text


def test_not_ready_without_the_database_which_is_asked_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def gone() -> None:
        asked.append(1)
        raise OperationalError("connection to server at 10.1.2.3 failed")

    monkeypatch.setattr("smarthub_portal.health.connection.cursor", gone)
    answer = client.get("/health/ready")

    assert answer.status_code == 503
    told = answer.json()
    assert told["checks"] | {"valkey": "", "workers": ""} == {
        "database": "no answer (OperationalError)", "migrations": "unknown", "valkey": "", "workers": "",
    }  # fmt: skip
    assert (told["sync"]["age_s"], told["pushes"]["warnings"]) == (None, ["unknown"])
    assert "10.1.2.3" not in answer.text
    assert len(asked) == 1


def test_metrics_are_for_this_machine(client: Client) -> None:
    serve("click")

    text = client.get("/metrics").text

    assert 'portal_queue_served{queue="click"} 1.0' in text
    assert 'portal_queue_served{queue="sync"} 0.0' in text
    assert 'portal_queue_waiting{queue="sync"} 0.0' in text


def test_age_of_the_fleet_is_told_and_fails_nothing(client: Client) -> None:
    serve(*QUEUES)
    assert client.get("/health/ready").json()["sync"] == {"last_complete_at": None, "age_s": None}
    assert "portal_sync_age_seconds" not in client.get("/metrics").text

    ended_at = timezone.now() - timedelta(days=3)
    make_run(finished_at=ended_at)
    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert 0 <= answer.json()["sync"]["age_s"] - 3 * 24 * 3600 < 60
    text = client.get("/metrics").text
    assert re.search(r"^portal_sync_age_seconds 2592\d\d\.", text, re.M)
    assert "portal_sync_under_way 0.0" in text and "portal_sync_failed 0.0" in text


def test_run_that_stopped_and_run_under_way_are_figures(client: Client) -> None:
    make_run(state="failed")
    make_run(state="running", finished_at=None)

    text = client.get("/metrics").text

    assert "portal_sync_under_way 1.0" in text and "portal_sync_failed 1.0" in text


@pytest.mark.parametrize("caller", [{"REMOTE_ADDR": "10.0.0.9"}, {"headers": {"X-Forwarded-For": "10.0.0.9"}}])
def test_metrics_are_closed_to_others(client: Client, caller: dict[str, object]) -> None:
    assert client.get("/metrics", **caller).status_code == 403


def test_metrics_open_to_who_is_signed_in(client: Client, django_user_model: type) -> None:
    client.force_login(django_user_model.objects.create_user("ada"))

    assert client.get("/metrics", REMOTE_ADDR="10.0.0.9").status_code == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_they_only_answer_questions(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
