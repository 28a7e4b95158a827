"""One payload of each kind, in the shape that the carrier is assumed to send (contract 9.2), for trying the way in."""

from __future__ import annotations

import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import requests
from django.conf import settings

from notifications.models import WebhookToken
from notifications.tokens import path_of
from stack.state import read_state

# No SIM has it, so a test push about it touches nothing of the fleet.
NO_SIM = "8900000000000000000"
LIMIT_S = 10
RULE = "Test push"


class NotTaken(Exception):
    """What became of a test push that was not taken, for the person who sent it."""


def send_test(slug: str, giccid: str, token: WebhookToken) -> str:
    """Deliver a push of this kind to our own intake over HTTP; its event id. Raises NotTaken."""
    payload = sample(slug, giccid or NO_SIM, datetime.now(UTC))
    body = json.dumps(payload).encode()
    address = read_state(settings.PORTAL_DATA_DIR).address or settings.PUBLIC_URL.rstrip("/")
    try:
        answer = requests.post(
            f"{address}{path_of(token)}{slug}/",
            data=body,
            headers=_headers(body),
            timeout=LIMIT_S,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise NotTaken(f"Our own address did not answer ({type(error).__name__}).") from None
    if answer.status_code != 200:
        raise NotTaken(f"Our own intake answered {answer.status_code}.{_why(answer.status_code)}")
    return str(payload["eventId"])


def sample(slug: str, giccid: str, now: datetime) -> dict[str, Any]:
    """A payload of the kind about this SIM."""
    common = {
        "eventId": f"test-{uuid4()}",
        "eventType": slug.replace("-", "_").upper(),
        "eventTime": _stamp(now),
        "ruleName": RULE,
        "giccid": giccid,
    }
    return {**common, **_FIELDS[slug](now)}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


_FIELDS: dict[str, Any] = {
    "mo-sms": lambda now: {
        "smsMsgId": f"test-{uuid4()}", "content": RULE, "encoding": "TEXT", "receiveTime": _stamp(now),
    },
    "mt-sms-report": lambda now: {"smsMsgId": f"test-{uuid4()}", "status": "DELIVERED", "finalTime": _stamp(now)},
    "cycle-usage": lambda now: {"usageType": "DATA", "threshold": 80.0, "currentUsage": 80.4},
    "imei-change": lambda now: {"oldImei": "356938035643809", "newImei": "490154203237518"},
    "no-session": lambda now: {"noSessionHours": 72, "lastSessionTime": _stamp(now - timedelta(hours=72))},
    "prepaid-expired": lambda now: {
        "servicePackageName": RULE, "endTime": _stamp(now + timedelta(days=7)), "remainingDays": 7,
    },
    "prepaid-traffic": lambda now: {
        "servicePackageName": RULE, "dataVolume": 100.0, "dataUsage": 90.2, "thresholdPercent": 90,
    },
    "sim-status": lambda now: {"oldStatus": "ACTIVATED", "newStatus": "DEACTIVATED", "reason": "SYSTEM"},
    "apn-status": lambda now: {"apnName": "iot.private", "oldApnStatus": "CLOSED", "newApnStatus": "OPEN"},
}  # fmt: skip


def _headers(body: bytes) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "User-Agent": "smarthub-portal test push"}
    if settings.PUSH_SIGNATURE_SECRET:
        at = str(int(time.time()))
        signed = hmac.new(settings.PUSH_SIGNATURE_SECRET.encode(), at.encode() + b"." + body, sha256).hexdigest()
        headers |= {"X-SmartHub-Timestamp": at, "X-SmartHub-Signature": f"sha256={signed}"}
    return headers


def _why(status: int) -> str:
    return " PUSH_ADDRESSES does not list this machine, which is no fault." if status == 403 else ""
