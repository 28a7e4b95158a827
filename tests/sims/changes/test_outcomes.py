"""What the carrier's answers, refusals and silences make of an operation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from journal.models import Event
from sims.changes import sending
from sims.changes.sending import send
from sims.models import OpenChange, Operation, ScheduledPlan, Sim
from smarthub import Client, errors
from smarthub.models import ErrorItem
from tests.sims.changes.conftest import ACTIVE, INVENTORY, RETIRED, SUSPENDED, done_at_carrier
from toolkit import carrier as toolkit_carrier
from toolkit.governor import NoToken

pytestmark = pytest.mark.django_db
CASES = {
    "activate": (INVENTORY, {}, "activate"),
    "suspend": (ACTIVE, {}, "suspend"),
    "retire": (SUSPENDED, {}, "retire"),
    "change-plan": (ACTIVE, {"package": "Prepaid-Basic-500M"}, "change_basic"),
    "add-package": (ACTIVE, {"package": "Addon-50M"}, "add_supplementary"),
    "apn": (ACTIVE, {"apn": "iot.private", "apn_status": "OPEN"}, "apn_status"),
    "custom-fields": (ACTIVE, {"custom2": "meter-7"}, "custom_field"),
}
CALLS = {
    "activate": "S6", "suspend": "S7", "retire": "S8", "change-plan": "S10", "add-package": "S9", "apn": "S11",
    "custom-fields": "S5",
}  # fmt: skip
REPEATED = ("apn", "custom-fields")


@pytest.fixture
def begin(ask):
    def begun(verb: str) -> Operation:
        giccid, wanted, _ = CASES[verb]
        return ask(giccid, verb, **wanted)

    return begun


def after(operation: Operation) -> Operation:
    return Operation.objects.get(pk=operation.pk)


def sent(operation: Operation) -> Operation:
    send(operation.pk)
    return after(operation)


def age(operation: Operation, **length: float) -> None:
    """Let the request have left that long ago."""
    Operation.objects.filter(pk=operation.pk).update(sent_at=timezone.now() - timedelta(**length))


def fault(carrier, verb: str, kind: str, **more) -> None:
    carrier.post("/_sim/fault", {"operation": CALLS[verb], "kind": kind, "times": None, **more})


def clear(carrier) -> None:
    carrier.post("/_sim/fault", {"clear": True})


@pytest.mark.parametrize(("verb", "kind"), [*((verb, "reset_after") for verb in CASES), ("suspend", "timeout_after")])
def test_a_lost_reply_is_unknown_and_found_out_by_reading(begin, carrier, settle, verb, kind):
    fault(carrier, verb, kind)
    operation = sent(begin(verb))
    assert operation.state == "unknown"
    assert "may have been" in operation.note and "not sent again" in operation.note
    assert OpenChange.objects.get().operation == operation

    settle()

    operation = after(operation)
    assert (operation.state, operation.needs_person) == ("done", False)
    assert not OpenChange.objects.exists()
    done = done_at_carrier(carrier, operation.sim.giccid)
    assert done == {CASES[verb][2]: 3 if verb == "custom-fields" else 1}


@pytest.mark.parametrize("verb", [verb for verb in CASES if verb != "add-package"])
def test_a_request_that_never_arrived_is_disproved_in_time_and_not_before(begin, carrier, settle, verb):
    fault(carrier, verb, "503")
    operation = sent(begin(verb))
    clear(carrier)
    assert operation.state == "unknown"
    age(operation, minutes=4)
    settle()
    assert after(operation).state == "unknown"
    age(operation, minutes=31)
    settle()
    operation = after(operation)
    assert (operation.state, OpenChange.objects.exists()) == ("failed", False)
    assert operation.note == (
        "Its reply was lost, and 31 minutes later the carrier still does not show it. Nothing was changed."
    )
    assert done_at_carrier(carrier, operation.sim.giccid) == {}


def test_a_plan_is_disproved_later_than_a_status(begin, carrier, settle):
    fault(carrier, "change-plan", "503")
    operation = sent(begin("change-plan"))
    age(operation, minutes=29)
    settle()
    assert after(operation).state == "unknown"


def test_a_purchase_that_no_history_shows_asks_a_person(begin, carrier, settle):
    fault(carrier, "add-package", "timeout")
    operation = sent(begin("add-package"))
    assert not operation.needs_person
    age(operation, days=3)
    settle()
    operation = after(operation)
    assert (operation.state, operation.needs_person) == ("unknown", True)
    assert "Ask the carrier" in operation.note
    assert done_at_carrier(carrier, ACTIVE) == {}


def test_a_plan_of_the_next_cycle_whose_reply_was_lost_asks_a_person(ask, carrier, settle):
    fault(carrier, "change-plan", "timeout_after")
    operation = sent(ask(ACTIVE, "change-plan", package="Prepaid-Basic-500M", effective="next-cycle"))
    age(operation, days=3)
    settle()
    operation = after(operation)
    assert (operation.state, operation.needs_person) == ("unknown", True)
    assert "until the next cycle" in operation.note


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        *((verb, kind) for verb in CASES for kind in ("empty", "wrongtype")),
        ("suspend", "huge"),
        ("add-package", "huge"),
    ],
)
def test_a_success_with_any_body_is_a_success(begin, carrier, settle, verb, kind):
    fault(carrier, verb, kind)
    operation = sent(begin(verb))
    assert operation.state == ("done" if verb == "add-package" else "accepted")
    settle()
    assert after(operation).state == "done"


@pytest.mark.parametrize("verb", ["suspend", "change-plan", "custom-fields"])
@pytest.mark.parametrize(
    ("kind", "words"), [("401", "Check SMARTHUB_API_KEY. Nothing was"), ("403", "no right to this (403). Ask the")]
)
def test_a_key_without_the_right_is_refused_with_what_to_do(begin, carrier, verb, kind, words):
    fault(carrier, verb, kind)
    operation = sent(begin(verb))
    assert (operation.state, OpenChange.objects.exists()) == ("refused", False)
    assert words in operation.note and "Nothing was changed." in operation.note


def test_an_illegal_status_shows_the_real_one(begin, carrier):
    operation = begin("suspend")
    carrier.post("/_sim/sims", {"set": {ACTIVE: {"status": "DEACTIVATED"}}})
    operation = sent(operation)
    assert operation.state == "refused"
    assert operation.note == (
        "The carrier refused: it shows the SIM as Suspended. It is suspended already. Nothing was changed."
    )
    assert Sim.objects.get(giccid=ACTIVE).status == "DEACTIVATED"
    found = Event.objects.get(kind="sim.status")
    assert found.cause_kind == "read"


def test_a_refusal_that_the_table_does_not_explain_says_so(begin, monkeypatch):
    def refused(*arguments: object) -> None:
        raise errors.IllegalStatus("sim_suspend", status=422)

    operation = begin("suspend")
    monkeypatch.setattr(sending, "send_request", refused)
    assert sent(operation).note == (
        "The carrier refused: it shows the SIM as Active. As far as this portal knows it takes the change from there, "
        "so ask the carrier why. Nothing was changed."
    )


@pytest.mark.parametrize(
    ("code", "field", "words"),
    [
        ("missing", "apnName", "Read the SIM again"),
        ("already_exists", "servicePackageName", "Read the SIM again"),
        ("missing", "giccid", "Ask the carrier"),
        ("missing", "somethingNew", "tell whoever runs this portal"),
        ("invalid", "somethingNew", "tell whoever runs this portal"),
        ("invalid", "custom2", "at most 100 plain characters"),
        ("missing_field", "giccid", "tell whoever runs this portal"),
        ("fraud_lock", "status", "The carrier refused: Locked by risk control. Ask the carrier"),
    ],
)
def test_each_code_says_what_to_do(ask, monkeypatch, code, field, words):
    def refused(*arguments: object) -> None:
        item = ErrorItem(resource="globalSim", field=field, code=code, message="Locked by risk control.")
        raise errors.ValidationFailed("custom_field_put", status=422, errors=(item,))

    operation = ask(ACTIVE, "custom-fields", custom2="meter-7")
    monkeypatch.setattr(sending, "send_request", refused)
    operation = sent(operation)
    assert operation.state == "refused"
    assert words in operation.note and operation.note.endswith("Nothing was changed.")


@pytest.mark.parametrize("verb", CASES)
@pytest.mark.parametrize("is_422", [False, True])
def test_a_sim_that_the_carrier_no_longer_knows(begin, carrier, verb, is_422):
    operation = begin(verb)
    carrier.post("/_sim/knobs", {"not_found_as_422": is_422})
    carrier.post("/_sim/sims", {"remove": [operation.sim.giccid]})
    operation = sent(operation)
    carrier.post("/_sim/knobs", {"not_found_as_422": False})
    assert operation.state == "refused"
    assert operation.note.startswith("The carrier does not know this SIM any more")
    assert operation.note.endswith("Nothing was changed.")


@pytest.mark.parametrize(("status", "words"), [(405, "does not take the request (405). Its API may have changed")])
def test_a_request_that_the_carrier_does_not_take(begin, monkeypatch, status, words):
    def refused(*arguments: object) -> None:
        raise errors.ValidationFailed("sim_suspend", status=status)

    operation = begin("suspend")
    monkeypatch.setattr(sending, "send_request", refused)
    assert words in sent(operation).note


def test_an_address_that_the_carrier_does_not_know_is_not_laid_to_the_sim(begin, monkeypatch):
    def not_found(*arguments: object) -> None:
        raise errors.NotFound("sim_suspend", status=404)

    operation = begin("suspend")
    monkeypatch.setattr(sending, "send_request", not_found)
    assert sent(operation).note == (
        "The carrier shows this SIM but does not know the request (404). Its API may have changed; tell whoever runs "
        "this portal. Nothing was changed."
    )


def test_a_time_out_on_the_way_is_unknown(begin, monkeypatch):
    def timed_out(*arguments: object) -> None:
        raise errors.ValidationFailed("sim_suspend", status=408)

    operation = begin("suspend")
    monkeypatch.setattr(sending, "send_request", timed_out)
    assert sent(operation).state == "unknown"


def test_a_package_that_vanished(ask, carrier):
    operation = sent(ask(ACTIVE, "add-package", package="Gone-1G"))
    assert operation.state == "refused"
    assert operation.note == (
        "The carrier does not offer the package Gone-1G to this account any more. Choose another. Nothing was changed."
    )


def test_a_package_of_the_other_kind(ask):
    operation = sent(ask(ACTIVE, "add-package", package="Prepaid-Basic-500M"))
    assert "does not take the package Prepaid-Basic-500M for this" in operation.note


def test_an_account_without_money(ask, carrier):
    carrier.post("/_sim/accounts", {"balance": {"example_account": 0}})
    operation = sent(ask(ACTIVE, "add-package", package="Addon-50M"))
    assert operation.state == "refused"
    assert "The balance of the account does not cover Addon-50M. Top it up" in operation.note


def test_a_plan_that_it_has_already_is_done_when_a_read_shows_it(begin, carrier, settle):
    operation = begin("change-plan")
    carrier.post("/_sim/sims", {"set": {ACTIVE: {"package": "Prepaid-Basic-500M"}}})
    operation = sent(operation)
    assert (operation.state, operation.reply["errors"][0]["code"]) == ("accepted", "already_exists")
    settle()
    assert after(operation).state == "done"


def test_a_plan_that_it_is_said_to_have_but_does_not_show_is_refused(begin, carrier, settle):
    operation = begin("change-plan")
    carrier.post("/_sim/sims", {"set": {ACTIVE: {"package": "Prepaid-Basic-500M"}}})
    operation = sent(operation)
    carrier.post("/_sim/sims", {"set": {ACTIVE: {"package": "Prepaid-Basic-100M"}}})
    settle()
    operation = after(operation)
    assert (operation.state, "shows another one" in operation.note) == ("refused", True)


@pytest.mark.parametrize("verb", CASES)
def test_a_carrier_that_wants_peace_gets_it_later_and_is_asked_five_times(begin, carrier, verb):
    fault(carrier, verb, "429", retryAfter=7)
    operation = begin(verb)
    for attempt in range(1, 5):
        operation = sent(operation)
        assert (operation.state, operation.attempts, operation.sent_at) == ("queued", attempt, None)
        assert operation.note == "The carrier takes no more requests at the moment. It is sent in about 7 s."
        assert operation.next_read_at > timezone.now()
        assert OpenChange.objects.get().operation == operation
    operation = sent(operation)
    assert (operation.state, OpenChange.objects.exists()) == ("failed", False)
    assert operation.note.endswith("Try again in a few minutes. Nothing was changed.")


def test_no_turn_within_the_rate_is_not_an_attempt_at_the_carrier(begin, client, carrier, monkeypatch):
    def no_turn(*arguments: object) -> None:
        raise NoToken

    monkeypatch.setattr(client._transport.governor, "acquire", no_turn)
    assert sent(begin("suspend")).state == "queued"


@pytest.mark.parametrize("verb", CASES)
def test_a_carrier_out_of_reach_means_that_nothing_was_sent(begin, monkeypatch, verb):
    operation = begin(verb)
    nobody = Client(base_url="http://127.0.0.1:9/v1", api_key="x", sleep=lambda seconds: None)
    monkeypatch.setattr(sending, "changing_carrier", lambda: nobody)
    operation = sent(operation)
    assert (operation.state, OpenChange.objects.exists()) == ("failed", False)
    assert "nothing was sent" in operation.note.lower()


def test_no_carrier_is_set_up(begin, monkeypatch):
    operation = begin("suspend")
    monkeypatch.setattr(sending, "changing_carrier", toolkit_carrier.changing_carrier.__wrapped__)
    with override_settings(SMARTHUB_BASE_URL=None, SMARTHUB_API_KEY=None):
        operation = sent(operation)
    assert operation.state == "failed"
    assert operation.note.startswith("No carrier is set up. Set SMARTHUB_BASE_URL")


def test_the_texts_that_could_not_be_read_first(begin, carrier):
    carrier.post("/_sim/fault", {"operation": "S4", "kind": "500", "times": None})
    operation = sent(begin("custom-fields"))
    assert operation.state == "failed"
    assert operation.note == (
        "Its present texts could not be read first. The carrier has trouble of its own (500). Nothing was sent."
    )
    assert operation.sent_at is None


@pytest.mark.parametrize("is_strict", [False, True])
def test_custom_fields_are_merged_and_sent_all_five(ask, carrier, client, settle, is_strict):
    carrier.post("/_sim/knobs", {"strict_put": is_strict})
    client.set_custom_fields(ACTIVE, {"custom1": "Berlin depot", "custom5": "x"})
    operation = sent(ask(ACTIVE, "custom-fields", custom2="meter-7", custom5=""))
    settle()
    operation = after(operation)
    assert operation.state == "done"
    assert list(operation.before["fields"].values()) == ["Berlin depot", "meter-0042", "", "", "x"]
    assert list(operation.after["fields"].values()) == ["Berlin depot", "meter-7", "", "", ""]
    assert Sim.objects.get(giccid=ACTIVE).custom_fields.custom2 == "meter-7"
    told = Event.objects.get(kind="sim.operation")
    assert told.data["state"] == "done"
    carrier.post("/_sim/knobs", {"strict_put": False})


def test_texts_that_are_there_already_are_not_sent(ask, client, carrier):
    client.set_custom_fields(ACTIVE, {"custom2": "meter-7"})
    operation = sent(ask(ACTIVE, "custom-fields", custom2="meter-7"))
    assert (operation.state, operation.note) == ("done", "The carrier has these texts already. Nothing was sent.")
    assert not OpenChange.objects.exists()
    assert done_at_carrier(carrier, ACTIVE) == {"custom_field": 1}


def test_a_plan_of_the_next_cycle_is_scheduled_and_holds_only_plans(ask, carrier, settle):
    operation = sent(ask(ACTIVE, "change-plan", package="Prepaid-Basic-500M", effective="next-cycle"))
    assert operation.state == "scheduled"
    plan = ScheduledPlan.objects.get()
    assert (plan.operation, plan.package, plan.effective_at) == (
        operation, "Prepaid-Basic-500M", operation.effective_at,
    )  # fmt: skip
    assert abs(operation.next_read_at - operation.effective_at) < timedelta(seconds=5)
    assert not OpenChange.objects.exists()
    assert sent(ask(ACTIVE, "suspend")).state == "accepted"
    settle()
    assert after(operation).state == "scheduled"

    carrier.post("/_sim/sims", {"set": {ACTIVE: {"package": "Prepaid-Basic-500M"}}})
    settle()

    assert after(operation).state == "done"
    assert not ScheduledPlan.objects.exists()
    cause = Event.objects.get(kind="sim.package")
    assert (cause.cause_kind, cause.cause_id) == ("operation", operation.pk)


@pytest.mark.parametrize("kind", ["empty", "huge"])
def test_a_plan_of_the_next_cycle_is_scheduled_by_the_wish_where_the_reply_does_not_tell(ask, carrier, kind):
    fault(carrier, "change-plan", kind)
    operation = sent(ask(ACTIVE, "change-plan", package="Prepaid-Basic-500M", effective="next-cycle"))
    assert operation.state == "scheduled"
    assert (operation.effective_at.day, operation.effective_at.hour) == (1, 0)
    assert timezone.now() < operation.effective_at < timezone.now() + timedelta(days=32)


def test_a_scheduled_plan_that_never_comes_fails_a_day_later(ask, settle):
    operation = sent(ask(ACTIVE, "change-plan", package="Prepaid-Basic-500M", effective="next-cycle"))
    long_ago = timezone.now() - timedelta(days=2)
    Operation.objects.filter(pk=operation.pk).update(
        effective_at=long_ago, sent_at=long_ago - timedelta(days=20), created_at=long_ago - timedelta(days=20)
    )
    settle()
    operation = after(operation)
    assert (operation.state, ScheduledPlan.objects.exists()) == ("failed", False)
    assert "still shows another plan" in operation.note


def test_accepted_and_never_shown_is_read_on_and_asks_a_person_after_a_day(begin, carrier, settle):
    carrier.post("/_sim/knobs", {"action_delay": 3600})
    operation = sent(begin("suspend"))
    carrier.post("/_sim/knobs", {"action_delay": 0})
    for reads in (1, 2, 3):
        settle()
        assert (after(operation).state, after(operation).reads) == ("accepted", reads)
    age(operation, hours=25)
    settle()
    operation = after(operation)
    assert (operation.state, operation.needs_person) == ("unknown", True)
    age(operation, days=9)
    settle()
    assert after(operation).state == "unknown"


def test_work_that_is_refused_by_our_own_copy_never_leaves(ask):
    from sims.changes.operations import Refused

    with pytest.raises(Refused, match="final"):
        ask(RETIRED, "activate")
    assert not Operation.objects.exists()
