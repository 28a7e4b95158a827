from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from django.test import Client
from django.utils import timezone

from journal.models import Event
from journal.story import tell
from notifications.models import Push, PushDay, PushKey, Untaken
from sims.models import OpenChange, Operation, Sim, SimIdentifier
from sms.models import Message
from tests.notifications.requests import address, ask, push, run
from tests.page import text, text_of
from tests.simulated import Simulated
from users.models import User

SEED = "8986011805021000004"
OTHER = "8986011805021000005"
Work = Callable[[], None]


def payload(slug: str, **fields: Any) -> dict[str, Any]:
    common = {"eventId": f"evt-{slug}", "eventTime": "2026-11-20T08:00:00+0000", "giccid": SEED}
    return {**common, **fields}


def at_the_carrier(carrier: Simulated, verb: str) -> None:
    url = f"{carrier.base_url}/global-sims/{SEED}/{verb}"
    requests.post(url, headers={"X-API-Key": carrier.key}, timeout=10).raise_for_status()


def waiting_operation(sim: Sim) -> Operation:
    """Taken by the carrier, and looked at again in nine minutes."""
    now = timezone.now()
    due = now + timedelta(minutes=9)
    operation = Operation.objects.create(
        sim=sim, verb="suspend", username="mara", state="accepted", sent_at=now, answered_at=now, next_read_at=due
    )
    OpenChange.objects.create(sim=sim, operation=operation, verb="suspend")
    return operation


def events() -> list[tuple[str, str, dict[str, Any]]]:
    return [(event.kind, event.subject_key, event.data) for event in Event.objects.order_by("id")]


def states() -> list[tuple[str, str]]:
    found = Push.objects.order_by("received_at", "delivery_id", "place")
    return [(each.state, each.note) for each in found]


def asked(carrier: Simulated) -> int:
    return sum(carrier.get("/_sim/requests")["counts"].values())


def test_a_change_that_reading_shows_is_told_once_with_the_push_as_its_cause(carrier: Simulated, work: Work) -> None:
    carrier.post("/_sim/imei", {"giccid": SEED, "imei": "490154203237518"})
    push(payload("imei-change", oldImei="356938035643809", newImei="490154203237518"), "imei-change")

    work()

    found, event = Push.objects.get(), Event.objects.get()
    assert (event.kind, event.cause_kind, event.cause_id) == ("sim.imei", "push", found.delivery_id)
    assert (found.state, found.note, found.journal_ids) == ("handled", "IMEI changed", [event.id])
    assert found.handled_at is not None and found.read_at is not None and found.read_at >= found.received_at
    assert found.sim_id == Sim.objects.get(giccid=SEED).pk
    assert not Untaken.objects.exists()
    [entry] = tell([event])
    assert text_of(entry.sentence) == "IMEI changed from 356938035643809 to 490154203237518 (another device?)"
    assert f"/events/inbox/{found.label}/" in entry.more


def test_a_change_that_reading_does_not_show_is_told_in_words(carrier: Simulated, work: Work) -> None:
    push(payload("imei-change", oldImei="1", newImei="490154203237518"), "imei-change")
    push(payload("sim-status", oldStatus="ACTIVATED", newStatus="DEACTIVATED"), "sim-status")
    push(payload("apn-status", apnName="iot.private", newApnStatus="NEVER"), "apn-status")

    work()

    assert [kind for kind, _, _ in events()] == ["push.imei", "push.status", "push.apn"]
    assert Sim.objects.get(giccid=SEED).status == "ACTIVATED"
    assert asked(carrier) == 1


@pytest.mark.parametrize(
    ("slug", "fields", "kind", "data"),
    [
        (
            "cycle-usage",
            {"threshold": 80.0, "currentUsage": "80.4", "ruleName": "80 MB", "usageType": "DATA"},
            "push.usage",
            {"unit": " MB", "usage": "80.4", "threshold": "80.0", "rule": "80 MB"},
        ),
        (
            "no-session",
            {"noSessionHours": 72, "lastSessionTime": "2026-11-17T09:00:00+0000"},
            "push.no_session",
            {"hours": "72", "last_at": "2026-11-17T09:00:00Z"},
        ),
        ("prepaid-expired", {"endTime": "2099-01-01T00:00:00+0000", "remainingDays": 7}, "push.plan_ending",
         {"ends_at": "2099-01-01T00:00:00Z", "days": 7}),
        ("prepaid-expired", {"endTime": "2026-01-01T00:00:00+0000", "remainingDays": 7}, "push.plan_ended",
         {"ends_at": "2026-01-01T00:00:00Z", "days": 7}),
        ("prepaid-traffic", {"dataVolume": 100, "dataUsage": 90.2, "thresholdPercent": 90}, "push.traffic",
         {"usage": "90.2", "volume": "100", "percent": "90"}),
        ("no-session", {}, "push.no_session", {}),
        ("cycle-usage", {}, "push.usage", {"unit": " MB"}),
    ],
)  # fmt: skip
def test_what_no_read_can_say_is_an_event_of_its_own(
    carrier: Simulated, work: Work, slug: str, fields: dict[str, Any], kind: str, data: dict[str, Any]
) -> None:
    push(payload(slug, **fields), slug)

    work()

    event = Event.objects.get()
    assert (event.kind, event.subject_key, event.data) == (kind, SEED, data)
    assert event.happened_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert [state for state, _ in states()] == ["handled"]


def test_a_time_ahead_of_ours_is_not_believed(carrier: Simulated, work: Work) -> None:
    push(payload("no-session", eventTime="2099-01-01T00:00:00+0000"), "no-session")

    work()

    assert Event.objects.get().happened_at == Push.objects.get().received_at


def test_fifty_pushes_of_one_sim_read_it_once(carrier: Simulated, work: Work) -> None:
    async def burst(intake: Any) -> None:
        for number in range(50):
            body = json.dumps(payload("sim-status", eventId=f"evt-{number}", newStatus="ACTIVATED")).encode()
            await ask(intake, body)

    run(burst)
    work()

    assert asked(carrier) == 1
    assert [state for state, _ in states()] == ["handled"] * 50


def test_sims_are_read_a_hundred_a_request(carrier: Simulated, work: Work) -> None:
    giccids = [f"8986011805021{number:06}" for number in range(1, 11)]
    push([payload("sim-status", eventId=giccid, giccid=giccid, newStatus="X") for giccid in giccids])

    work()

    assert asked(carrier) == 1


def test_repeats_are_counted_and_ignored(carrier: Simulated, work: Work) -> None:
    for _ in range(3):
        push(payload("no-session", noSessionHours=72), "no-session")
    push([payload("no-session", noSessionHours=72)] * 2, "no-session")

    work()

    assert len(events()) == 1
    assert [state for state, _ in states()] == ["handled", *["ignored"] * 4]
    assert list(Push.objects.order_by("received_at", "place").values_list("number", flat=True)) == [1, 2, 3, 4, 5]
    assert PushKey.objects.get().times == 5


def test_without_an_id_the_same_body_is_the_same_event_for_half_an_hour(carrier: Simulated, work: Work) -> None:
    body = {"giccid": SEED, "newStatus": "RETIRED"}
    push(body)
    push(body)
    work()
    assert [state for state, _ in states()] == ["handled", "ignored"]
    assert len(events()) == 1

    PushKey.objects.update(received_at=datetime.now(UTC) - timedelta(minutes=31))
    push(body)
    work()
    assert len(events()) == 2


@pytest.mark.parametrize(
    ("slug", "body", "words"),
    [
        ("sim-status", b"", "empty"),
        ("sim-status", b'{"giccid": "89860', "no JSON"),
        ("sim-status", b"\xff\xfe{", "no JSON"),
        ("sim-status", b"[" * 100_000, "nested too deeply"),
        ("sim-status", b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "nested too deeply"),
        ("sim-status", b"null", "a JSON object was expected"),
        ("sim-status", b"[]", "The list is empty"),
        ("sim-status", b"[1]", "a JSON object was expected"),
        ("sim-status", b'{"newStatus": "X"}', "names no SIM"),
        ("sim-status", b'{"giccid": "89/../86"}', "names no SIM"),
        ("sim-status", b'{"giccid": "8986\\u0000"}', "NUL"),
        ("sim-status", b'{"giccid": "\\ud800"}', "broken characters"),
        ("sim-status", b'{"giccid": ["89"]}', "giccid is a list, a text was expected"),
        ("prepaid-traffic", b'{"giccid": "8986011805021000004", "thresholdPercent": "90 %"}', "90 %"),
        ("cycle-usage", b'{"giccid": "8986011805021000004", "threshold": 1e999999}', "a number of reasonable size"),
        ("cycle-usage", b'{"giccid": "8986011805021000004", "threshold": ' + b"9" * 9000 + b"}", "number"),
        ("no-session", b'{"giccid": "8986011805021000004", "lastSessionTime": "yesterday"}', "a time was expected"),
        ("a-kind-of-tomorrow", b'{"giccid": "8986011805021000004"}', "No kind of push is called a-kind-of-tomorrow"),
        ("mo-sms", b'{"content": "T=21.5"}', "neither a SIM nor a phone number"),
        ("mt-sms-report", b'{"status": "DELIVERED"}', "names no message"),
    ],
)
def test_what_cannot_be_read_is_failed_with_a_reason(
    carrier: Simulated, work: Work, slug: str, body: bytes, words: str
) -> None:
    assert push(body, slug).status == 200

    work()

    ((state, note),) = states()
    assert state == "failed" and words in note
    assert Push.objects.get().traceback
    assert events() == []


def test_duplicate_keys_odd_names_and_packed_bodies_are_understood(carrier: Simulated, work: Work) -> None:
    push(b'{"eventId": "1", "giccid": "8986011805021000005", "giccid": "8986011805021000004"}', "no-session")
    push(b'\xef\xbb\xbf {"eventId": 2, "iccid": 8986011805021000004, "hours": "72.50"}', "no-session")
    packed = gzip.compress(json.dumps(payload("no-session")).encode())
    push(packed, "no-session", headers=[(b"content-encoding", b"gzip")])
    push(packed[:-4], "no-session", headers=[(b"content-encoding", b"gzip")])

    work()

    assert [state for state, _ in states()] == ["handled"] * 3 + ["failed"]
    assert {giccid for _, giccid, _ in events()} == {SEED}
    assert events()[1][2] == {"hours": "72.50"}


def test_an_event_wrapped_as_answers_may_be_is_understood(carrier: Simulated, work: Work) -> None:
    inner = {"giccid": SEED, "noSessionHours": 72}
    push(json.dumps({"eventId": "w1", "data": inner}).encode(), "no-session")
    push(json.dumps({"eventId": "w1", "data": inner, "try": 2}).encode(), "no-session")
    push(json.dumps({"eventId": "w2", "data": "of no use", "giccid": SEED}).encode(), "no-session")

    work()

    assert [state for state, _ in states()] == ["handled", "ignored", "handled"]
    assert events()[0] == ("push.no_session", SEED, {"hours": "72"})


@pytest.mark.parametrize(
    ("sent", "kept"), [("a\x00b", "a␀b"), ("a\ud800b", "a\ufffdb"), ("\u202e<b>\x07", "\u202e<b>\x07")]
)
def test_a_message_is_kept_whatever_its_text_holds(carrier: Simulated, work: Work, sent: str, kept: str) -> None:
    push(payload("mo-sms", content=sent), "mo-sms")
    work()
    assert [state for state, _ in states()] == ["handled"]
    assert Message.objects.get().content == kept


def test_a_sim_that_is_not_ours_is_looked_for_at_the_carrier(carrier: Simulated, work: Work) -> None:
    push(payload("sim-status", giccid="8986011805029999999", newStatus="X"))
    push(payload("no-session", giccid="8986011805029999998"), "no-session")

    work()

    assert states() == [("handled", "Not in our copy of the fleet. Read at the carrier: does not exist")] * 2
    assert events() == []


@pytest.mark.parametrize("slug", ["sim-status", "no-session"])
def test_a_sim_that_the_carrier_has_and_our_copy_has_not_is_read_into_it(
    carrier: Simulated, work: Work, slug: str
) -> None:
    Event.objects.all().delete()
    SimIdentifier.objects.filter(sim__giccid=SEED).delete()
    Sim.objects.filter(giccid=SEED).delete()
    push(payload(slug, newStatus="ACTIVATED", noSessionHours=72), slug)

    work()

    sim, found = Sim.objects.get(giccid=SEED), Push.objects.get()
    assert (found.state, found.sim_id, sim.status) == ("handled", sim.pk, "ACTIVATED")
    assert [kind for kind, _, _ in events()] == (["push.no_session"] if slug == "no-session" else [])


def test_a_change_that_an_operation_waits_for_settles_it_at_once(carrier: Simulated, work: Work) -> None:
    operation = waiting_operation(Sim.objects.get(giccid=SEED))
    at_the_carrier(carrier, "deactivate")
    push(payload("sim-status", oldStatus="ACTIVATED", newStatus="DEACTIVATED"), "sim-status")

    work()

    operation.refresh_from_db()
    found, event = Push.objects.get(), Event.objects.get()
    assert operation.state == "done"
    assert (event.kind, event.cause_kind, event.cause_id) == ("sim.status", "operation", operation.pk)
    assert found.journal_ids == [event.id]


def test_an_operation_that_the_push_does_not_show_is_read_again_soon(carrier: Simulated, work: Work) -> None:
    operation = waiting_operation(Sim.objects.get(giccid=SEED))
    push(payload("sim-status", newStatus="DEACTIVATED"), "sim-status")

    work()

    operation.refresh_from_db()
    assert operation.state == "accepted"
    assert operation.next_read_at <= datetime.now(UTC)


def test_items_of_a_batch_are_read_again_soon(carrier: Simulated, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[list[int]] = []
    monkeypatch.setattr("batches.settle.nudge", heard.append)
    push(payload("no-session"), "no-session")
    push(payload("sim-status", giccid=OTHER, newStatus="X"), "sim-status")

    work()

    assert heard == [[Sim.objects.get(giccid=OTHER).pk]]


def test_the_push_that_confirmed_an_operation_is_shown_as_its_evidence(
    carrier: Simulated, work: Work, client: Client
) -> None:
    client.force_login(User.objects.create_user("ada"))
    waiting_operation(Sim.objects.get(giccid=SEED))
    at_the_carrier(carrier, "deactivate")
    push(payload("sim-status", newStatus="DEACTIVATED"), "sim-status")
    work()
    link = f'confirmed by a <a href="/events/inbox/{Push.objects.get().label}/">push</a>'

    assert link in client.get(f"/sims/{SEED}/").content.decode()
    assert link in client.get("/events/").content.decode()
    opened = text(client.get(f"/events/{Event.objects.get().id}/"))
    assert "Raw push" in opened and "evt-sim-status" in opened and "What was recorded" in opened


def test_a_carrier_that_does_not_answer_is_asked_again_later(carrier: Simulated, work: Work) -> None:
    carrier.post("/_sim/fault", {"operation": "*", "kind": "500", "times": 10})
    push(payload("sim-status", newStatus="X"))
    work()
    found = Push.objects.get()
    assert (found.state, found.tries) == ("received", 1)
    assert "trouble" in found.note and found.due_at > datetime.now(UTC)

    carrier.post("/_sim/fault", {"clear": True})
    work()
    assert Push.objects.get().state == "received"
    Push.objects.update(due_at=datetime.now(UTC) - timedelta(seconds=1))
    work()
    assert Push.objects.get().state == "handled"


def test_an_array_of_a_thousand(carrier: Simulated, work: Work) -> None:
    push([payload("no-session", eventId=f"evt-{number}") for number in range(1000)], "no-session")

    work()

    assert Push.objects.filter(state="handled").count() == 1000
    assert PushDay.objects.get().count == 1000
    assert {event.cause_id for event in Event.objects.all()} == {Push.objects.first().delivery_id}


def test_a_handler_that_breaks_fails_its_own_push_alone(
    carrier: Simulated, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("notifications.pushes.settle.FINDERS", {"sim-status": broken})
    push(payload("sim-status", newStatus="X"))
    push(payload("mo-sms", content="T=21.5", smsMsgId="mo-1"), "mo-sms")

    work()

    assert sorted(state for state, _ in states()) == ["failed", "handled"]
    assert "a mistake of ours" in Push.objects.get(slug="sim-status").traceback


def test_work_that_runs_twice_does_nothing_twice(carrier: Simulated, work: Work) -> None:
    push(payload("no-session"), "no-session")
    work()
    work()
    assert len(events()) == 1


def test_messages_go_where_messages_are(carrier: Simulated, work: Work) -> None:
    from sms.models import Message

    push(payload("mo-sms", content="T=21.5", smsMsgId="mo-51c2", fromMsisdn="8614500000004"), "mo-sms")
    push(payload("mt-sms-report", smsMsgId="sms-1", status="DELIVERED"), "mt-sms-report")

    work()

    assert Message.objects.get().sms_id == "mo-51c2"
    assert states() == [
        ("handled", "SMS received"),
        ("handled", "Delivered; no message of ours is known by this number yet"),
    ]


def test_the_path_of_a_test_is_its_own() -> None:
    assert address("x", "t") == "/webhooks/smarthub/t/x/"
