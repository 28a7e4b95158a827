"""The carrier's nine pushes in any order, doubled and delayed, end in one copy and one set of journal events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.models import Event
from journal.record import Cause
from notifications.intake.app import Intake
from notifications.models import Push
from notifications.pushes.kinds import KINDS
from sims.copy import Answer, write_copy
from sims.models import Sim
from smarthub import Client
from sms.models import Message
from tests.notifications.requests import address, ask, run
from tests.simulated import Simulated

Work = Callable[[], None]
Delivery = tuple[str, dict[str, Any]]
TABLES = (
    "notifications_delivery, notifications_untaken, notifications_push, notifications_pushkey, notifications_pushday, "
    "journal_event, sims_sim, sims_simidentifier, sims_usageday, sms_message, sms_earlyreport"
)
SIM = "8986011805021000004"
SENT_TO = "8986011805021000009"


@pytest.fixture
def nine(carrier: Simulated) -> list[Delivery]:
    """The nine pushes as the carrier makes them, about three SIMs whose state at the carrier has changed for good."""
    carrier.post("/_sim/imei", {"giccid": SIM, "imei": "490154203237518"})
    carrier.post("/_sim/usage", {"giccid": "8986011805021000005", "dataUsage": 12})
    carrier.post("/_sim/mo-sms", {"giccid": SIM, "content": "T=21.5"})
    client = Client(base_url=carrier.base_url, api_key=carrier.key, sleep=lambda seconds: None)
    client.suspend(SIM)
    client.set_apn_status(SIM, "iot.private", "OPEN")
    client.close()
    for slug, fields in (
        ("mt-sms-report", {"smsMsgId": "sms-1", "status": "DELIVERED"}),
        ("no-session", {"noSessionHours": 72, "lastSessionTime": None}),
        ("prepaid-expired", {"endTime": "2099-01-01T00:00:00+0000", "remainingDays": 7}),
    ):
        carrier.post("/_sim/push", {"slug": slug, "giccid": SENT_TO, "fields": fields})
    found = [(each["slug"], each["payload"]) for each in carrier.get("/_sim/deliveries")["deliveries"]]
    assert {slug for slug, _ in found} == set(KINDS)
    return found


@pytest.fixture
def before(carrier: Simulated) -> list[Answer]:
    """What the carrier showed before any of it happened."""
    client = Client(base_url=carrier.base_url, api_key=carrier.key, sleep=lambda seconds: None)
    pages = [client.list_sims_raw(account_name=name) for name in ("example_account", "lab account")]
    client.close()
    return [Answer(page.records, page.reply.asked_at) for page in pages]


def end_of(parts: list[list[Delivery]], before: list[Answer], work: Work) -> tuple[Any, ...]:
    """Deliver the parts, working between them; copy, messages, journal and the states of the pushes at the end."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")
    write_copy(before, cause=Cause(Event.Cause.READ))
    sim = Sim.objects.get(giccid=SENT_TO)
    Message.objects.create(direction="mt", state="accepted", giccid=SENT_TO, sim=sim, sms_id="sms-1", content="go on")

    async def deliver(intake: Intake, part: list[Delivery]) -> None:
        await asyncio.gather(*(ask(intake, json.dumps(body).encode(), path=address(slug)) for slug, body in part))

    for part in parts:
        run(lambda intake, part=part: deliver(intake, part))
        work()
    copy = list(Sim.objects.order_by("giccid").values_list("giccid", "status", "apns", "devices", "data_usage_mb"))
    events = sorted(
        json.dumps([event.kind, event.subject_key, event.data if event.kind[:3] != "sms" else None], sort_keys=True)
        for event in Event.objects.all()
    )
    messages = list(Message.objects.order_by("sms_id").values_list("direction", "state", "giccid", "content", "sms_id"))
    return copy, messages, events, set(Push.objects.values_list("slug", "event_key", "state").exclude(state="ignored"))


def test_order_repeats_and_delay_do_not_matter(before: list[Answer], nine: list[Delivery], work: Work) -> None:
    expected = end_of([[each] for each in nine], before, work)
    _, messages, events, pushes = expected
    assert sorted(message[:4] for message in messages) == [
        ("mo", "received", SIM, "T=21.5"),
        ("mt", "delivered", SENT_TO, "go on"),
    ]
    assert len(events) >= len(KINDS) - 1  # that a message arrived is its state, and no event
    assert {(slug, state) for slug, _, state in pushes} == {(slug, "handled") for slug in KINDS}

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        doubled = nine + data.draw(st.lists(st.sampled_from(nine), max_size=6))
        order = data.draw(st.permutations(doubled))
        cuts = sorted(data.draw(st.lists(st.integers(1, len(order) - 1), max_size=3, unique=True)))
        parts = [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]
        assert end_of(parts, before, work) == expected

    check()
