"""Raw SIM records as the carrier sends them, for tests of what becomes of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from enterprise.models import Account
from journal.models import Event
from journal.record import Cause
from sims.copy import Answer, CopyResult, write_copy

NOON = datetime(2025, 8, 13, 12, 0, tzinfo=UTC)
CAUSE = Cause(Event.Cause.RUN, 1)


def giccid(number: int) -> str:
    return f"89860118050210{number:05}"


def record(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A healthy SIM; `fields` replace the carrier's, None included."""
    return {
        "giccid": giccid(number),
        "deviceInfo": [
            {"imei": f"35693803564{number:04}", "imsi": f"46006{number:010}", "msisdn": f"86145{number:08}"}
        ],
        "status": "ACTIVATED",
        "sellTime": "2025-01-15T08:00:00+0000",
        "activatedTime": "2025-02-01T09:30:00+0000",
        "currentCycleUsages": {"dataUsage": 41.25, "smsUsage": 3, "voiceUsage": 0},
        "currentCycleAPNUsagesList": [{"apn": "iot.public", "dataUsage": 40.0}],
        "currentBasicServicePackage": {
            "name": "Prepaid-Basic-100M",
            "startTime": "2025-08-01T00:00:00+0000",
            "endTime": "2025-09-01T00:00:00+0000",
        },
        "apnList": [{"apnName": "iot.public", "apnStatus": "OPEN"}],
    } | fields


def raw(value: Any) -> bytes:
    return json.dumps(value).encode()


def account(name: str = "halden-dach") -> Account:
    return Account.objects.get_or_create(name=name, defaults={"read_at": NOON})[0]


def page(*records: Any, after_s: float = 0, of: Account | None = None) -> Answer:
    """A list page of `of`, asked for `after_s` seconds after noon."""
    asked_at = NOON + timedelta(seconds=after_s)
    return Answer([raw(item) for item in records], asked_at, account_id=(of or account()).pk)


def named(*records: Any, after_s: float = 0) -> Answer:
    """The answer to a question by ICCID."""
    return Answer([raw(item) for item in records], NOON + timedelta(seconds=after_s), is_targeted=True)


def write(*answers: Answer, **options: Any) -> CopyResult:
    return write_copy(list(answers), cause=CAUSE, **options)


def told() -> list[tuple[str, Any, Any]]:
    """The journal so far: kind, old, new."""
    return [(event.kind, event.data.get("old"), event.data.get("new")) for event in Event.objects.order_by("id")]
