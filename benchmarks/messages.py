"""Messages: what one costs the portal beside the carrier's answer, none lost and none twice; opening a conversation.

`own_ms` is the time of the loop less what it waited in the carrier's client, by the message, one at a time. Alone and
as a batch (dry run left out), to a simulated carrier without delay.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from typing import Any

from benchmarks.portal import portal, say
from tests.simulated import Simulated

MESSAGES = int(os.environ.get("BENCH_MESSAGES", 10_000))
CONVERSATION = int(os.environ.get("BENCH_CONVERSATION", 10_000))
OPENINGS = int(os.environ.get("BENCH_OPENINGS", 50))
PATIENCE_S = 600
SIM = "8986011805021000004"


def run() -> dict[str, Any]:
    with Simulated.started("--sims", str(MESSAGES * 2), "--quiet") as carrier:
        carrier.post("/_sim/knobs", {"sms_delay": 0})
        settings = {"SMARTHUB_BASE_URL": carrier.base_url, "SMARTHUB_API_KEY": carrier.key}
        with portal(**settings, SMARTHUB_RATE_PER_MINUTE="1000000", PORTAL_ROLE="worker"):
            _read_fleet(carrier)
            return {
                "messages": MESSAGES,
                "loop": _loop(carrier),
                "batch": _batch(carrier),
                "conversation": _conversation(),
                "own_goal_ms": 5,
                "open_p95_goal_ms": 150,
            }


class Timed:
    """The carrier's client, with the time spent in it."""

    def __init__(self, carrier: Simulated) -> None:
        from smarthub import Client

        self.client = Client(base_url=carrier.base_url, api_key=carrier.key)
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def send_sms(self, *arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return self.client.send_sms(*arguments, **named)
        finally:
            self.seconds += time.perf_counter() - started


def _read_fleet(carrier: Simulated) -> None:
    from sims.models import SyncRun
    from sims.sync import runs, work

    say("reading the fleet")
    run = runs.request_full(trigger=SyncRun.Trigger.COMMAND)
    while work.work_slice(run.pk, Timed(carrier).client):
        pass


def _at_the_carrier(carrier: Simulated) -> int:
    return int(carrier.get("/_sim/requests?limit=1")["counts"].get("M1", 0))


def _figures(seconds: float, timed: Timed, sent: int, at_carrier: int) -> dict[str, Any]:
    return {
        "per_s": round(sent / seconds),
        "own_ms": round((seconds - timed.seconds) / max(1, sent) * 1000, 2),
        "carrier_ms": round(timed.seconds / max(1, sent) * 1000, 2),
        "accepted": sent,
        "requests_at_the_carrier": at_carrier,
    }


def _loop(carrier: Simulated) -> dict[str, Any]:
    from sims.models import Sim
    from sms import loop
    from sms.models import Message, SendLoop

    say("sending one by one")
    sim = Sim.objects.get(giccid=SIM)
    row = {"direction": "mt", "state": "queued", "giccid": SIM, "sim": sim, "content": "STATUS", "is_bulk": True}
    Message.objects.bulk_create([Message(**row) for _ in range(MESSAGES)], batch_size=2000)
    timed, before, started = Timed(carrier), _at_the_carrier(carrier), time.perf_counter()
    while loop.work(SendLoop.Lane.MANY, timed, at_once=1):  # type: ignore[arg-type]
        pass
    seconds = time.perf_counter() - started
    accepted = Message.objects.filter(state="accepted").values("sms_id").distinct().count()
    return _figures(seconds, timed, accepted, _at_the_carrier(carrier) - before)


def _batch(carrier: Simulated) -> dict[str, Any]:
    from django.utils import timezone

    from batches import run, work
    from batches.models import Batch, BatchChunk
    from batches.plan import SelectionSpec, create_batch
    from sims.models import Sim
    from sms.models import Message
    from users.models import User

    say("sending as a batch")
    user = User.objects.create_user("bench")
    giccids = list(Sim.objects.filter(status="ACTIVATED").values_list("giccid", flat=True)[:MESSAGES])
    batch = create_batch(
        kind="sms", selection=SelectionSpec(giccids=giccids), wanted={"content": "STATUS"}, reason="", user=user
    )
    run.start(batch, user)
    timed, before, started = Timed(carrier), _at_the_carrier(carrier), time.perf_counter()
    while batch.items.filter(state__in=("planned", "sending")).exists():
        assert time.perf_counter() - started < PATIENCE_S, "the batch does not come to its end"
        Batch.objects.filter(pk=batch.pk).update(next_step_at=timezone.now())
        BatchChunk.objects.filter(batch=batch, next_step_at__isnull=False).update(next_step_at=timezone.now())
        work.work_slice(batch.pk, timed)  # type: ignore[arg-type]
    seconds = time.perf_counter() - started
    made = Message.objects.filter(batch_item_id__isnull=False, sms_id__gt="").count()
    return {"sims": len(giccids)} | _figures(seconds, timed, made, _at_the_carrier(carrier) - before)


def _conversation() -> dict[str, Any]:
    from datetime import timedelta

    from django.conf import settings
    from django.test import Client
    from django.utils import timezone

    from sims.models import Sim
    from sms.models import Message
    from users.models import User

    say("opening a conversation")
    sim, now = Sim.objects.exclude(giccid=SIM).earliest("giccid"), timezone.now()
    Message.objects.bulk_create(
        [_message(sim, number, now - timedelta(seconds=number)) for number in range(CONVERSATION)], batch_size=2000
    )
    # Hashed names need `collectstatic`, which has no part in this.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(User.objects.get(username="bench"))
    taken = sorted(_opened(browser, sim.giccid) for _ in range(OPENINGS))
    return {
        "messages": CONVERSATION,
        "p50_ms": round(statistics.median(taken), 1),
        "p95_ms": round(taken[int(len(taken) * 0.95) - 1], 1),
    }


def _message(sim: Any, number: int, at: Any) -> Any:
    from sms.models import Message

    is_mo = number % 2
    direction, state = ("mo", "received") if is_mo else ("mt", "delivered")
    content = f"T={number}" if is_mo else "STATUS"
    return Message(direction=direction, state=state, giccid=sim.giccid, sim=sim, content=content, at=at)


def _opened(browser: Any, giccid: str) -> float:
    started = time.perf_counter()
    assert browser.get(f"/sms/{giccid}/").status_code == 200
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    print(json.dumps(run()))
