"""Who is on either side of the portal while parts of it are killed."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import requests

from tests.live import PASSWORD, USERNAME, LiveStack


class Person:
    """Somebody at a browser who clicks again when nothing comes."""

    def __init__(self, stack: LiveStack) -> None:
        self.stack, self.session = stack, requests.Session()
        self._post("/login/", username=USERNAME, password=PASSWORD)

    def suspend(self, giccid: str) -> None:
        """Until the portal has answered, whatever it says: a second time it says that it was asked for already."""
        while True:
            with suppress(requests.RequestException):
                answer = self._post(f"/sims/{giccid}/suspend/", reason="lost pallet")
                if answer.status_code < 500:
                    return
            time.sleep(0.2)

    def send_sms(self, giccid: str, content: str, **fields: str) -> None:
        assert self.sends(giccid, content, **fields).status_code == 302

    def sends(self, giccid: str, content: str, **fields: str) -> requests.Response:
        return self._post(f"/sms/{giccid}/send/", **{"content": content, "encoding": "text", **fields})

    def get(self, path: str) -> requests.Response:
        return self.session.get(f"{self.stack.url}{path}", timeout=30)

    def _post(self, path: str, **fields: str) -> requests.Response:
        url = f"{self.stack.url}{path}"
        if "csrftoken" not in self.session.cookies:
            self.session.get(f"{self.stack.url}/login/", timeout=30)
        token = self.session.cookies["csrftoken"]
        fields = {**fields, "csrfmiddlewaretoken": token}
        return self.session.post(url, fields, headers={"Referer": url}, timeout=30, allow_redirects=False)


class Carrier:
    """The control panel of the stack's simulated carrier."""

    def __init__(self, stack: LiveStack) -> None:
        self.address = stack.state["carrier_url"].removesuffix("/v1")

    def turn(self, **knobs: float) -> None:
        requests.post(f"{self.address}/_sim/knobs", json=knobs, timeout=30).raise_for_status()

    def fault(self, **fault: Any) -> None:
        requests.post(f"{self.address}/_sim/fault", json=fault, timeout=30).raise_for_status()

    def hear(self, giccid: str, content: str) -> None:
        """The SIM's device sends a message, which the carrier pushes."""
        message = {"giccid": giccid, "content": content}
        requests.post(f"{self.address}/_sim/mo-sms", json=message, timeout=30).raise_for_status()

    def forget(self) -> None:
        """Count from here on."""
        requests.post(f"{self.address}/_sim/requests", json={}, timeout=30).raise_for_status()

    def counts(self) -> dict[str, int]:
        return self._requests()["counts"]

    def changes(self) -> dict[str, dict[str, int]]:
        return self._requests()["changes"]

    def _requests(self) -> Any:
        return requests.get(f"{self.address}/_sim/requests?limit=1", timeout=30).json()
