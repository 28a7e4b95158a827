"""A simulator in a process of its own, and a receiver for its pushes."""

import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parents[2]
NOW = "2025-08-13T06:00:00+0000"
S = {number: f"89860118050210000{number:02d}" for number in range(1, 11)}
UNKNOWN = "8986011805029999999"
TEST_READY, ACTIVATE_READY, INVENTORY, HEALTHY, NEAR_LIMIT = S[1], S[2], S[3], S[4], S[5]
POOLED, SUSPENDED, RETIRED, TWO_DEVICES, REFUSED = S[6], S[7], S[8], S[9], S[10]


class Carrier:
    def __init__(self, *flags: str, now: str | None = NOW, sims: int = 10) -> None:
        clock = ["--now", now] if now else []
        command = [sys.executable, "-m", "simulator", "--port", "0", "--sims", str(sims), *clock, *flags]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.ready_line = self.process.stdout.readline().strip()
        self.base = self.ready_line.rsplit(" ", 1)[-1]
        self.root = self.base.removesuffix("/v1")
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["X-API-Key"] = "sim-key-full"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.base + path, timeout=10, allow_redirects=False, **options)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.call("POST", path, json=body)

    def put(self, path: str, body: Any = None) -> requests.Response:
        return self.call("PUT", path, json=body)

    def sim(self, giccid: str) -> Any:
        return self.get(f"/global-sims/{giccid}")

    def control(self, name: str, **body: Any) -> Any:
        answer = self.session.post(f"{self.root}/_sim/{name}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def panel(self, name: str, **query: Any) -> Any:
        answer = self.session.get(f"{self.root}/_sim/{name}", params=query, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def advance(self, seconds: float) -> None:
        self.control("clock", advanceSeconds=seconds)

    def deliveries(self, slug: str | None = None) -> Any:
        query = {"wait": 5} | ({"slug": slug} if slug else {})
        return self.panel("deliveries", **query)["deliveries"]

    def payloads(self, slug: str) -> list[dict[str, Any]]:
        return [delivery["payload"] for delivery in self.deliveries(slug)]

    def close(self) -> None:
        self.session.close()
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


def refused(answer: requests.Response, field: str, code: str) -> None:
    """The answer is a 422 with one error."""
    assert answer.status_code == 422, answer.text
    body = answer.json()
    assert (body["title"], body["status"]) == ("Validation Failed", 422)
    assert [(error["field"], error["code"]) for error in body["errors"]] == [(field, code)]


@dataclass
class Receiver:
    """Takes pushes on loopback and answers each with the next of `answers`, then 200."""

    answers: list[int] = field(default_factory=list)
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def start(self) -> "Receiver":
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append((self.path, dict(self.headers), body))
                status = receiver.answers.pop(0) if receiver.answers else 200
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere/")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/webhooks/smarthub/token/"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
