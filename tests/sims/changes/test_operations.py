"""Asking, cancelling, resolving, undoing, protecting: what a person does with operations."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from enterprise.scope import limit_to
from journal.models import Event
from sims.changes import operations
from sims.changes.locks import holders, let_go_of_items, take_for_items
from sims.changes.operations import Refused, cancel, protect, request_change, resolve, undo_wanted, unprotect
from sims.changes.sending import send
from sims.models import OpenChange, Operation, Protection, ScheduledPlan, Sim, Verb
from tests.sims.changes.conftest import ACTIVE, INVENTORY, SUSPENDED, done_at_carrier
from tests.sims.fleet import make_account, make_package, make_sim
from users.models import AuditEntry, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def sim():
    account = make_account()
    make_package(account, "Prepaid-Basic-500M")
    return make_sim(account=account, apns=[{"name": "iot.public", "status": "OPEN"}])


def change(sim: Sim, verb: str, user: User, **wanted: object) -> Operation:
    return request_change(sim=sim, verb=Verb(verb), wanted=wanted, user=user)


def audited() -> list[str]:
    return [entry.action for entry in AuditEntry.objects.order_by("id")]


def test_the_intent_has_who_what_why_and_what_was_before(sim, user):
    operation = request_change(sim=sim, verb=Verb.SUSPEND, wanted={"x": 1}, user=user, reason="  lost pallet ")
    assert (operation.state, operation.username, operation.reason) == ("queued", "mara", "lost pallet")
    assert (operation.wanted, operation.before["status"]) == ({}, "ACTIVATED")
    assert holders([sim.pk])[sim.pk].operation_id == operation.pk
    detail = AuditEntry.objects.get().detail
    assert (detail["operation"], detail["reason"]) == (operation.pk, "  lost pallet ")


@pytest.mark.parametrize(
    ("verb", "wanted", "words"),
    [
        ("activate", {}, "It is active already."),
        ("retire", {}, "Suspend it first."),
        ("change-plan", {}, "Choose a package first."),
        ("change-plan", {"package": "Prepaid-Basic-100M"}, "offers no plan Prepaid-Basic-100M to the account halden"),
        ("change-plan", {"package": "Prepaid-Basic-500M", "effective": "soon"}, "now, or with the next cycle"),
        ("add-package", {"package": "Gone"}, "offers no supplementary package Gone"),
        ("apn", {}, "Choose an APN first."),
        ("apn", {"apn": "iot.private", "apn_status": "OPEN"}, "The APN iot.private is not on this SIM."),
        ("apn", {"apn": "iot.public", "apn_status": "half"}, "An APN is opened or closed."),
        ("apn", {"apn": "iot.public", "apn_status": "OPEN"}, "The APN iot.public is open already."),
        ("custom-fields", {}, "No custom field was changed."),
        ("custom-fields", {"custom3": "x" * 101}, "Custom3 has 101 characters; the carrier takes at most 100."),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(sim, user, verb, wanted, words):
    with pytest.raises(Refused) as caught:
        change(sim, verb, user, **wanted)
    assert words in caught.value.why and caught.value.holder is None
    assert not (Operation.objects.exists() or OpenChange.objects.exists() or AuditEntry.objects.exists())


def test_an_account_of_others_is_left_alone(sim, user):
    limit_to(user, [make_account("somebody else")], by=user)
    with pytest.raises(Refused, match="not yours to change"):
        change(sim, "suspend", user)
    limit_to(user, [sim.account], by=user)
    assert change(sim, "suspend", user).state == "queued"


def test_whatever_is_done_to_the_sims_of_others_is_refused(sim, user):
    operation = change(sim, "suspend", user)
    limit_to(user, [make_account("somebody else")], by=user)
    before = AuditEntry.objects.count()
    acts = (
        lambda: cancel(operation, user),
        lambda: resolve(operation, outcome="done", reason="x", user=user),
        lambda: protect(sim, user),
        lambda: unprotect(sim, user),
    )
    for act in acts:
        with pytest.raises(Refused, match="not yours to change"):
            act()
    operation.refresh_from_db()
    assert (operation.state, Protection.objects.exists(), AuditEntry.objects.count()) == ("queued", False, before)


def test_a_wish_that_does_not_know_of_the_last_change_is_refused(sim, user):
    first = change(sim, "apn", user, apn="iot.public", apn_status="CLOSED")
    wish = {"sim": sim, "verb": Verb.SUSPEND, "wanted": {}, "user": user}
    OpenChange.objects.all().delete()
    Operation.objects.update(state="done")
    with pytest.raises(Refused, match="in the meantime") as caught:
        request_change(**wish, seen=0)
    assert caught.value.holder.operation_id == first.pk
    assert Operation.objects.count() == 1
    assert request_change(**wish, seen=first.pk).state == "queued"


def test_the_plan_it_has_is_refused(sim, user):
    make_package(sim.account)
    with pytest.raises(Refused, match="It has the plan Prepaid-Basic-100M already"):
        change(sim, "change-plan", user, package="Prepaid-Basic-100M")


def test_the_status_counts_that_the_copy_has_now_and_not_the_one_on_the_page(sim, user):
    Sim.objects.filter(pk=sim.pk).update(status="DEACTIVATED")
    with pytest.raises(Refused, match="suspended already"):
        change(sim, "suspend", user)


def test_a_second_change_is_refused_with_the_first(sim, user):
    first = change(sim, "suspend", user)
    with pytest.raises(Refused) as caught:
        change(sim, "apn", user, apn="iot.public", apn_status="CLOSED")
    assert caught.value.why == "Another change of this SIM is open (suspend). Wait until it is done."
    assert caught.value.holder.operation_id == first.pk
    assert audited() == ["sim.suspend"]


def test_a_batch_that_holds_the_sim_is_named(sim, user):
    batch = uuid4()
    assert take_for_items({sim.pk: 7}, batch_uuid=batch, verb=Verb.SUSPEND) == {sim.pk}
    with pytest.raises(Refused, match="A batch is changing this SIM") as caught:
        change(sim, "suspend", user)
    assert caught.value.holder.batch_uuid == batch
    assert take_for_items({sim.pk: 8}, batch_uuid=uuid4(), verb=Verb.SUSPEND) == set()
    let_go_of_items([7], batch_uuid=batch)
    assert change(sim, "suspend", user).state == "queued"


def test_a_scheduled_plan_is_in_the_way_of_plans_only(sim, user):
    ScheduledPlan.objects.create(sim=sim, package="Prepaid-Basic-500M", effective_at=timezone.now())
    with pytest.raises(Refused, match="scheduled for the next cycle") as caught:
        change(sim, "change-plan", user, package="Prepaid-Basic-500M")
    assert caught.value.holder.is_scheduled
    assert take_for_items({sim.pk: 7}, batch_uuid=uuid4(), verb=Verb.CHANGE_PLAN) == set()
    assert not OpenChange.objects.exists()
    assert change(sim, "suspend", user).state == "queued"


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_comes_first(user):
    sim, begin, came, refused = make_sim(), threading.Barrier(8), [], []

    def click() -> None:
        try:
            begin.wait()
            came.append(change(sim, "suspend", user))
        except Refused as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(came), len(refused), Operation.objects.count()) == (1, 7, 1)
    assert {error.holder.operation_id for error in refused} == {came[0].pk}


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_sends(ask, carrier):
    operation, begin = ask(ACTIVE, "suspend"), threading.Barrier(6)

    def work() -> None:
        begin.wait()
        send(operation.pk)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    operation.refresh_from_db()
    assert (operation.state, operation.attempts) == ("accepted", 1)
    assert done_at_carrier(carrier, ACTIVE) == {"suspend": 1}


def test_a_queued_one_can_be_cancelled_and_is_never_sent(ask, carrier, user):
    operation = ask(ACTIVE, "suspend")
    assert cancel(operation, user) and not cancel(operation, user)
    send(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.attempts) == ("cancelled", 0)
    assert (OpenChange.objects.exists(), done_at_carrier(carrier, ACTIVE)) == (False, {})
    assert audited() == ["sim.suspend", "sim.operation.cancel"]
    assert Event.objects.get().data["state"] == "cancelled"


def test_what_has_left_cannot_be_cancelled(ask, user):
    operation = ask(ACTIVE, "suspend")
    send(operation.pk)
    assert not cancel(operation, user)
    operation.refresh_from_db()
    assert operation.state == "accepted"


@pytest.mark.parametrize("outcome", ["done", "failed"])
def test_a_person_answers_what_no_read_can(sim, user, outcome):
    operation = change(sim, "suspend", user)
    assert not resolve(operation, outcome=outcome, reason="asked", user=user)
    Operation.objects.filter(pk=operation.pk).update(state="unknown", needs_person=True)
    assert resolve(operation, outcome=outcome, reason="asked the carrier", user=user)
    assert not resolve(operation, outcome="failed", reason="again", user=user)
    operation.refresh_from_db()
    assert (operation.state, operation.needs_person, operation.resolved_by) == (outcome, False, user)
    assert not OpenChange.objects.exists()
    assert audited() == ["sim.suspend", "sim.operation.resolve"]
    assert Event.objects.get().data["reason"] == "asked the carrier"


def test_an_outcome_is_done_or_failed(sim, user):
    with pytest.raises(ValueError, match="done, failed"):
        resolve(change(sim, "suspend", user), outcome="maybe", reason="x", user=user)


@pytest.mark.parametrize(
    ("giccid", "verb", "wanted", "undo"),
    [
        (ACTIVE, "suspend", {}, (Verb.ACTIVATE, {})),
        (SUSPENDED, "activate", {}, (Verb.SUSPEND, {})),
        (SUSPENDED, "retire", {}, None),
        (ACTIVE, "add-package", {"package": "Addon-50M"}, None),
        (
            ACTIVE,
            "change-plan",
            {"package": "Prepaid-Basic-500M"},
            (Verb.CHANGE_PLAN, {"package": "Prepaid-Basic-100M", "effective": "now"}),
        ),
        (INVENTORY, "change-plan", {"package": "Prepaid-Basic-500M"}, None),
        (
            ACTIVE,
            "apn",
            {"apn": "iot.private", "apn_status": "OPEN"},
            (Verb.APN, {"apn": "iot.private", "apn_status": "CLOSED"}),
        ),
        (ACTIVE, "custom-fields", {"custom2": "b"}, (Verb.CUSTOM_FIELDS, {"custom2": "meter-0042"})),
    ],
)
def test_the_inverse_is_a_change_of_its_own(ask, settle, user, client, giccid, verb, wanted, undo):
    client.set_custom_fields(ACTIVE, {"custom2": "meter-0042"})
    operation = ask(giccid, verb, **wanted)
    assert undo_wanted(operation) is None
    send(operation.pk)
    settle()
    operation.refresh_from_db()
    assert undo_wanted(operation) == undo
    if undo:
        back = request_change(sim=operation.sim, verb=undo[0], wanted=undo[1], user=user, undo_of=operation)
        send(back.pk)
        settle()
        back.refresh_from_db()
        assert (back.state, back.undo_of) == ("done", operation)


def test_a_protected_sim_is_neither_suspended_nor_retired(sim, user):
    assert protect(sim, user, "dialysis machine") and not protect(sim, user, "again")
    with pytest.raises(Refused, match=r"mara protects this SIM .*: dialysis machine. Lift the protection first."):
        change(sim, "suspend", user)
    assert change(sim, "apn", user, apn="iot.public", apn_status="CLOSED").state == "queued"
    OpenChange.objects.all().delete()
    assert unprotect(sim, user) and not unprotect(sim, user)
    assert change(sim, "suspend", user).state == "queued"
    assert audited() == ["sim.protect", "sim.apn", "sim.unprotect", "sim.suspend"]
    assert [event.data["protected"] for event in Event.objects.filter(kind="sim.protection").order_by("id")] == [
        True,
        False,
    ]
    assert not Protection.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_protection_and_a_change_at_once_follow_one_another(user):
    sim, is_in = make_sim(), threading.Event()

    def protecting() -> None:
        with transaction.atomic():
            protect(sim, user)
            is_in.set()
            outcome.append(len(refused))
        connection.close()

    refused: list[Refused] = []
    outcome: list[int] = []
    thread = threading.Thread(target=protecting)
    thread.start()
    is_in.wait()
    try:
        change(sim, "suspend", user)
    except Refused as error:
        refused.append(error)
    thread.join()
    assert len(refused) == 1


def test_without_a_queue_the_intent_stands(sim, user, monkeypatch, settings, django_capture_on_commit_callbacks):
    from celery import current_app
    from kombu.exceptions import OperationalError

    def away(*arguments: object, **options: object) -> None:
        raise OperationalError

    monkeypatch.setattr(current_app, "send_task", away)
    with django_capture_on_commit_callbacks(execute=True):
        operation = change(sim, "suspend", user)
    assert Operation.objects.get() == operation
    assert operations.held_words(holders([sim.pk])[sim.pk])
