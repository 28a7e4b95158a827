"""Telling the simulated carrier where to push, when the token it was started with is revoked."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urljoin

import requests
from django.conf import settings

from notifications.models import WebhookToken
from notifications.tokens import path_of
from stack.state import read_state

LIMIT_S = 2


def aim_at(token: WebhookToken) -> None:
    """Have it push to this token's addresses; where it does not answer, it does at the next start."""
    address = read_state(settings.PORTAL_DATA_DIR).address
    if not settings.IS_SIMULATED or not address or not settings.SMARTHUB_BASE_URL:
        return
    target = {"url": f"{address}{path_of(token)}", "secret": settings.PUSH_SIGNATURE_SECRET or ""}
    with suppress(requests.RequestException):
        requests.post(
            urljoin(str(settings.SMARTHUB_BASE_URL), "/_sim/push-target"),
            json=target,
            headers={"X-API-Key": settings.SMARTHUB_API_KEY},
            timeout=LIMIT_S,
        )
