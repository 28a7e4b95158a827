import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin

import requests

_ROOT = Path(__file__).parent.parent


@dataclass
class Simulated:
    """The simulated carrier in a process of its own."""

    base_url: str
    key: str = "sim-key-full"

    @classmethod
    @contextmanager
    def started(cls, *options: str) -> Iterator[Self]:
        """Start it on a free port, stop it at the end; `options` as `python -m simulator` takes them."""
        command = [sys.executable, "-m", "simulator", "--port", "0", *options]
        with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                line = process.stdout.readline()
                assert line.startswith("simulator ready on "), line
                yield cls(base_url=line.split()[-1])
            finally:
                process.terminate()

    def get(self, path: str, **options: Any) -> Any:
        return self._call("GET", path, **options)

    def post(self, path: str, json: Any = None) -> Any:
        return self._call("POST", path, json={} if json is None else json)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        url = urljoin(self.base_url, path)
        answer = requests.request(method, url, headers={"X-API-Key": self.key}, timeout=10, **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None
