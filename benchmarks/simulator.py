"""The simulated carrier: list pages of 100 a second on one core, start-up and memory at a million SIMs."""

import http.client
import json
import subprocess
import sys
import time
from typing import Any

import psutil

PAGES = 600


def run(sims: int = 1_000_000) -> dict[str, Any]:
    """Pages first read (no record rendered yet) and read again, per second of the simulator's own CPU time and of
    wall clock; seconds to the ready line; resident MB after serving."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "simulator", "--port", "0", "--sims", str(sims), "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = process.stdout.readline()
            start_s = time.perf_counter() - started
            return {"sims": sims, "start_s": round(start_s, 2), **_serve(process.pid, ready)}
        finally:
            process.terminate()


def _serve(pid: int, ready: str) -> dict[str, Any]:
    host, port = ready.split("//")[1].split("/")[0].split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    process = psutil.Process(pid)
    figures: dict[str, Any] = {}
    for lap in ("first", "again"):
        cpu, wall = _read_pages(connection, process)
        figures[f"pages_per_cpu_s_{lap}"] = round(PAGES / cpu)
        figures[f"pages_per_s_{lap}"] = round(PAGES / wall)
    connection.close()
    return {**figures, "rss_mb": round(process.memory_info().rss / 2**20)}


def _read_pages(connection: http.client.HTTPConnection, process: psutil.Process) -> tuple[float, float]:
    before, started = process.cpu_times(), time.perf_counter()
    for page in range(PAGES):
        path = f"/v1/global-sims?page={page}&size=100"
        connection.request("GET", path, headers={"X-API-Key": "sim-key-full"})
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
    after = process.cpu_times()
    cpu = after.user + after.system - before.user - before.system
    return cpu, time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
