"""The command line: flags reach the knobs, real time runs, and a running fleet changes by itself."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import psutil
import pytest
import requests

from tests.simulator.carrier import HEALTHY, Carrier, Receiver


@pytest.fixture
def start() -> Iterator[Callable[..., Carrier]]:
    running: list[Carrier] = []

    def begin(*flags: str, **options: object) -> Carrier:
        running.append(Carrier(*flags, **options))
        return running[-1]

    yield begin
    for carrier in running:
        carrier.close()


def test_flags_set_the_knobs(start: Callable[..., Carrier]) -> None:
    flags = ["--job-delay", "9", "--max-size", "5", "--strict-put", "--wrap-detail", "--rate-limit", "500"]
    carrier = start(*flags, "--bare-arrays", "--extra-fields", "--not-found-as-422", "--sms-delay", "0")
    expected = {
        "job_delay": 9.0,
        "action_delay": 0.0,
        "sms_delay": 0.0,
        "push_timeout": 5.0,
        "latency": 0.0,
        "max_size": 5,
        "rate_limit": 500,
        "rate_burst": 20,
        "shift": 0,
        "strict_put": True,
        "extra_fields": True,
        "wrap_detail": True,
        "bare_arrays": True,
        "not_found_as_422": True,
    }
    assert carrier.panel("knobs") == expected
    carrier.control("knobs", max_size=50)
    carrier.control("reset")
    assert carrier.panel("knobs") == expected


def test_a_small_fleet_is_the_first_seeds(start: Callable[..., Carrier]) -> None:
    assert start(sims=4).get("/global-sims")["total"] == 4


def test_a_push_target_and_a_time_zone(start: Callable[..., Carrier], receiver: Receiver) -> None:
    carrier = start("--push-url", receiver.url, "--push-secret", "invented", "--cycle-tz", "Europe/Berlin")
    carrier.control("mo-sms", giccid=HEALTHY, content="x")
    assert carrier.deliveries()[0]["state"] == "delivered"
    assert "X-SmartHub-Signature" in receiver.taken[0][1]
    assert carrier.sim(HEALTHY)["currentBasicServicePackage"]["startTime"] == "2025-07-31T22:00:00+0000"


def test_real_time_and_a_fleet_that_changes_by_itself(start: Callable[..., Carrier]) -> None:
    carrier = start(now=None, sims=500)
    date = parsedate_to_datetime(carrier.call("GET", "/enterprise").headers["Date"])
    assert abs((date - datetime.now(UTC)).total_seconds()) < 600
    assert not carrier.panel("clock")["frozen"]
    carrier.control("knobs", job_delay=0.2)
    carrier.advance(2 * 86_400)
    kinds = {row["changeType"] for row in carrier.get("/global-sims/changeLogs", size=100)["data"]}
    assert kinds == {"STATUS_CHANGE", "IMEI_CHANGE"}


def test_quiet_keeps_a_fleet_in_real_time_as_it_is(start: Callable[..., Carrier]) -> None:
    carrier = start("--quiet", now=None, sims=500)
    carrier.advance(86_400)
    assert carrier.get("/global-sims/changeLogs")["total"] == 0


def test_a_million_sims_fit_into_two_gigabytes(start: Callable[..., Carrier]) -> None:
    """A tenth of them, read from one end to the other on two days."""

    def used(sims: int) -> int:
        carrier = start(sims=sims)
        for _ in range(2):
            for page in range(0, sims // 100, 10):
                assert carrier.get("/global-sims", page=page, size=100)["data"]
            carrier.advance(86_400)
        return psutil.Process(carrier.process.pid).memory_info().rss

    assert used(10) + 10 * (used(100_000) - used(10)) < 2 * 2**30


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--push-url", "http://192.0.2.7/"], "simulator: pushes go to http addresses on loopback only"),
        (["--max-size", "-1"], "simulator: max_size is not negative"),
        (["--cycle-tz", "Mars/Base"], "simulator: .*Mars/Base"),
        (["--now", "noon"], ".*argument --now"),
    ],
)
def test_bad_flags_end_with_one_line(flags: list[str], message: str) -> None:
    command = [sys.executable, "-m", "simulator", "--port", "0", "--sims", "10", *flags]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode != 0
    assert re.match(message, ended.stderr.strip().splitlines()[-1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_while_a_request_hangs(number: int) -> None:
    command = [sys.executable, "-m", "simulator", "--port", "0", "--sims", "10"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        base = process.stdout.readline().split()[-1]
        panel = f"{base.removesuffix('/v1')}/_sim"
        requests.post(f"{panel}/fault", json={"kind": "timeout"}, timeout=10)
        with socket.create_connection(base.split("/")[2].split(":"), timeout=10) as waiting:
            waiting.sendall(b"GET /v1/enterprise HTTP/1.1\r\nHost: x\r\nX-API-Key: sim-key-full\r\n\r\n")
            while "E1" not in requests.get(f"{panel}/requests", timeout=10).json()["counts"]:
                pass
            process.send_signal(number)
            assert "Traceback" not in process.communicate(timeout=20)[1]
            assert waiting.recv(100) == b""


def test_a_taken_port(carrier: Carrier) -> None:
    port = carrier.root.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "simulator", "--port", port, "--sims", "10"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
