"""Changes of single SIMs: the time from the click to `accepted`, part by part, and many of them under a worker that is
killed again and again.

`BENCH_CHANGES` and `BENCH_KILLS` make it smaller.
"""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests

from benchmarks.portal import portal, say
from benchmarks.whole_run import KEY, NO_LIMIT, simulator, whole_run

CHANGES = int(os.environ.get("BENCH_CHANGES", 10_000))
KILLS = int(os.environ.get("BENCH_KILLS", 10))
BETWEEN_KILLS = min(300, CHANGES // (KILLS + 1)) if KILLS else CHANGES
CLICKS = 60
FRAGMENT = {"HX-Request": "true", "HX-Target": "operation-notes"}
CELERY = (sys.executable, "-m", "celery", "-A", "smarthub_portal")
WORKER = (*CELERY, "worker", "-Q", "click,push", "-n", "quick@bench", "-P", "threads", "-c", "32", "-l", "WARNING",
          "--without-gossip", "--without-mingle", "--without-heartbeat")  # fmt: skip
BEAT = (*CELERY, "beat", "-S", "celery.beat:Scheduler", "-l", "WARNING")
# The note of a change that the carrier has said yes to.
SHOWN = re.compile(rb'data-operation="\d+" data-state="(accepted|done)"')
# The waiting that only makes it surer, which no figure needs: a worker's silence, and the horizon of a lost reply.
WAITED = "UPDATE sims_operation SET sent_at = sent_at - interval '6 minutes' WHERE state = '{}'"


class Process:
    """A worker or beat, started as in production."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.command = command
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def workers() -> Iterator[Process]:
    worker, beat = Process(WORKER), Process(BEAT)
    try:
        yield worker
    finally:
        worker.kill()
        beat.kill()


def clicks(fleet: list[tuple[Any, str]]) -> dict[str, Any]:
    """POST by POST, one at a time: what a person waits for, in milliseconds, as the sum of its parts."""
    rows = [_click(sim, verb) for sim, verb in fleet]
    return {part: round(statistics.median(row[part] for row in rows), 1) for part in rows[0]}


def _click(sim: Any, verb: str) -> dict[str, float]:
    """As a browser does it: the POST, the SIM's page it leads to, and unless that one shows the answer already, the
    fragment that the bell makes it ask for. Between them the queue and the carrier."""
    from sims.models import Operation

    browser = _browser()
    ear = Ear()
    began = time.time()
    answer = browser.post(f"/sims/{sim.giccid}/{verb}/", {"reason": "bench"})
    assert answer.status_code == 302, answer.content[:400]
    asked = time.time()
    page = browser.get(answer["Location"])
    loaded = time.time()
    operation = Operation.objects.filter(sim=sim).latest("id")
    heard = ear.hear(operation.pk)
    operation.refresh_from_db()
    fragment_s = _fragment_s(browser, sim)
    sent_at, answered_at = operation.sent_at.timestamp(), operation.answered_at.timestamp()
    is_there = bool(SHOWN.search(page.content))
    return {
        "web_ms": 1000 * (asked - began),
        "page_ms": 1000 * (loaded - asked),
        "queue_ms": 1000 * max(0.0, sent_at - asked),
        "carrier_ms": 1000 * (answered_at - sent_at),
        "bell_ms": 1000 * (heard - answered_at),
        "fragment_ms": 1000 * fragment_s,
        "click_to_accepted_ms": 1000 * ((loaded if is_there else max(heard, loaded) + fragment_s) - began),
    }


def _browser() -> Any:
    from django.test import Client

    from users.models import User

    browser = Client()
    browser.force_login(User.objects.get())
    return browser


def _fragment_s(browser: Any, sim: Any) -> float:
    began = time.perf_counter()
    answer = browser.get(f"/sims/{sim.giccid}/", headers=FRAGMENT)
    assert SHOWN.search(answer.content), answer.content[:400]
    return time.perf_counter() - began


class Ear:
    """Listens to the doorbell as a web process does."""

    def __init__(self) -> None:
        from toolkit.carrier import server
        from toolkit.live import STREAM

        self.server, self.stream = server(), STREAM
        self.last = self.server.xinfo_stream(STREAM)["last-generated-id"] if self.server.exists(STREAM) else "0"

    def hear(self, operation_id: int) -> float:
        """When the bell rang for the state after the answer."""
        from sims.models import Operation

        topic = f"operation:{operation_id}".encode()
        while True:
            for _, entries in self.server.xread({self.stream: self.last}, block=1000) or []:
                for self.last, entry in entries:
                    is_it = topic in entry.get(b"topics", b"").split()
                    if is_it and Operation.objects.filter(pk=operation_id, answered_at__isnull=False).exists():
                        return time.time()


def storm(fleet: list[tuple[Any, str]], worker: Process, carrier: str) -> dict[str, Any]:
    """Queue all of them by script while the worker works and is killed; then hold each against the carrier."""
    from sims.changes.operations import request_change
    from sims.models import Operation, Verb
    from users.models import User

    user = User.objects.get()
    first = Operation.objects.order_by("-id").values_list("id", flat=True).first() or 0
    mine = Operation.objects.filter(id__gt=first)
    began, kills, at_last_kill = time.perf_counter(), 0, 0
    for number, (sim, verb) in enumerate(fleet, start=1):
        request_change(sim=sim, verb=Verb(verb), wanted={}, user=user)
        if number % 50 == 0 and kills < KILLS:
            kills, at_last_kill = _kill_at(mine, worker, kills, at_last_kill)
    queued_s = time.perf_counter() - began
    while kills < KILLS:
        kills, at_last_kill = _kill_at(mine, worker, kills, at_last_kill)
        time.sleep(0.05)
    _finish(mine)
    return {
        "operations": len(fleet),
        "kills": kills,
        "at_least_between_kills": BETWEEN_KILLS,
        "queued_s": round(queued_s, 1),
        "all_s": round(time.perf_counter() - began, 1),
        **_compare(mine, carrier),
    }


def _kill_at(mine: Any, worker: Process, kills: int, at_last_kill: int) -> tuple[int, int]:
    done = mine.filter(answered_at__isnull=False).count()
    if done - at_last_kill < BETWEEN_KILLS:
        return kills, at_last_kill
    worker.kill()
    worker.start()
    say(f"killed the worker after {done} operations")
    return kills + 1, done


def _finish(mine: Any) -> None:
    """Until each has come to its end. What a dead worker held is waited for in quick motion."""
    from django.db import connection

    _until(lambda: not mine.filter(state__in=("queued", "accepted")).exists(), mine)
    for state in ("sending", "unknown"):
        with connection.cursor() as cursor:
            cursor.execute(WAITED.format(state))
            cursor.execute("UPDATE sims_operation SET next_read_at = now() WHERE state = 'unknown'")
        _until(lambda state=state: not mine.filter(state=state).exists(), mine)


def _until(is_so: Callable[[], bool], mine: Any) -> None:
    told = time.monotonic()
    while not is_so():
        time.sleep(0.2)
        if time.monotonic() - told > 10:
            told = time.monotonic()
            say(f"{Counter(mine.values_list('state', flat=True))}")


def _compare(mine: Any, carrier: str) -> dict[str, Any]:
    """Each operation against what the carrier carried out for its SIM."""
    root = carrier.removesuffix("/v1")
    changes = requests.get(f"{root}/_sim/requests?limit=1", headers={"X-API-Key": KEY}, timeout=60).json()["changes"]
    states = dict(mine.values_list("sim__giccid", "state"))
    times = {giccid: sum(changes.get(giccid, {}).values()) for giccid in states}
    return {
        "states": dict(Counter(states.values())),
        "lost": sum(states[giccid] not in ("done", "failed") for giccid in states),
        "told_wrongly": sum((states[giccid] == "done") != (times[giccid] == 1) for giccid in states),
        "carried_out_twice": sum(count > 1 for count in times.values()),
    }


def _fleet(base_url: str) -> list[tuple[Any, str]]:
    """SIMs that can be suspended or activated, in our copy as at the carrier."""
    from sims.models import Sim
    from users.models import User

    User.objects.create_user("bench", password=None, role="manager")
    whole_run(base_url)
    verbs = {"ACTIVATED": "suspend", "DEACTIVATED": "activate"}
    found = Sim.objects.filter(status__in=verbs).order_by("giccid")[: CHANGES + CLICKS]
    fleet = [(sim, verbs[sim.status]) for sim in found]
    assert len(fleet) == CHANGES + CLICKS, len(fleet)
    requests.post(f"{base_url.removesuffix('/v1')}/_sim/requests", json={}, timeout=60).raise_for_status()
    return fleet


def run() -> dict[str, Any]:
    from django.core.management import call_command

    with simulator(2 * CHANGES + 1000) as base_url:
        more = {"SMARTHUB_BASE_URL": base_url, "SMARTHUB_API_KEY": KEY, "SMARTHUB_RATE_PER_MINUTE": NO_LIMIT}
        with portal(PORTAL_ROLE="worker", PUBLIC_URL="http://testserver", **more):
            call_command("collectstatic", interactive=False, verbosity=0)
            fleet = _fleet(base_url)
            with workers() as worker:
                say("clicks")
                clicked = clicks(fleet[:CLICKS])
                say(f"{clicked}")
                stormed = storm(fleet[CLICKS:], worker, base_url)
            return {"click to accepted, medians": {**clicked, "goal_ms": 400}, "killed again and again": stormed}


if __name__ == "__main__":
    print(json.dumps(run()))
