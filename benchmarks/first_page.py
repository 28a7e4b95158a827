"""From a clean clone to the first page with SIMs in it, as a newcomer meets it: install, start, first sync."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from benchmarks.portal import say

ROOT = Path(__file__).parent.parent
PASSWORD = "a-password-of-benchmarks"
LONGEST_S = 300


class Newcomer:
    """A clone, an empty home, and nothing set but the port and the password."""

    def __init__(self, folder: Path) -> None:
        self.clone, self.home = folder / "clone", folder / "home"
        self.home.mkdir()
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PORT": "0",
            "PORTAL_ADMIN_PASSWORD": PASSWORD,
        }

    def run(self, *command: str) -> None:
        subprocess.run(command, cwd=self.clone, env=self.environ, check=True, capture_output=True)

    def address(self) -> str:
        try:
            return str(json.loads((self.clone / "var" / "run" / "stack.json").read_text())["address"])
        except (OSError, KeyError, ValueError):
            return ""


def _total(session: requests.Session, address: str) -> int:
    found = re.search(r'data-total="(\d+)"', session.get(f"{address}/sims/", timeout=10).text)
    return int(found[1]) if found else 0


def _signed_in(address: str) -> requests.Session:
    session = requests.Session()
    session.get(f"{address}/login/", timeout=10)
    form = {"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    session.post(f"{address}/login/", data=form, timeout=10).raise_for_status()
    return session


def _until(is_so: Any, what: str) -> float:
    began = time.perf_counter()
    while True:
        try:
            if is_so():
                return time.perf_counter() - began
        except requests.RequestException:
            pass
        if time.perf_counter() - began > LONGEST_S:
            raise TimeoutError(what)
        time.sleep(0.1)


def _answers(newcomer: Newcomer) -> bool:
    return requests.get(f"{newcomer.address()}/login/", timeout=5).ok if newcomer.address() else False


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="newcomer-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        newcomer = Newcomer(folder)
        subprocess.run(["git", "clone", "-q", str(ROOT), str(newcomer.clone)], check=True)
        began = time.perf_counter()
        newcomer.run("make", "install")
        install_s = time.perf_counter() - began
        say(f"installed after {install_s:.1f} s")
        up = subprocess.Popen(
            ["make", "run"], cwd=newcomer.clone, env=newcomer.environ, stdout=subprocess.DEVNULL, start_new_session=True
        )
        try:
            start_s = _until(lambda: _answers(newcomer), "login page")
            session = _signed_in(newcomer.address())
            first_s = _until(lambda: _total(session, newcomer.address()) > 0, "first SIM")
            rest_s = _until(lambda: _total(session, newcomer.address()) == 5000, "whole fleet")
        finally:
            os.killpg(up.pid, signal.SIGTERM)
            up.wait(30)
    return {
        "install_s": round(install_s, 1),
        "start_to_login_page_s": round(start_s, 1),
        "first_page_with_sims_s": round(install_s + start_s + first_s, 1),
        "whole_fleet_of_5000_s": round(install_s + start_s + first_s + rest_s, 1),
        "goal_s": 120,
    }


if __name__ == "__main__":
    print(json.dumps(run()))
