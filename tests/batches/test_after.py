"""Retry and undo: each a new dry run, for those it is meant for only."""

from __future__ import annotations

import pytest

from batches import after, run
from batches.models import BatchItem
from batches.plan import CannotPlan
from sims.models import Sim
from tests.batches.conftest import states

REFUSING = "8986011805021000010"


def test_the_failed_are_planned_again_and_nothing_else(carrier, fleet, plan, work, user):
    batch = plan([*fleet[:3], REFUSING])
    run.start(batch, user)
    work(batch)
    assert states(batch) == {"done": 3, "failed": 1} and after.can_retry(batch) == 1

    again = after.retry(batch, user)

    assert (again.parent, again.link, again.kind) == (batch, "retry", "suspend")
    assert [item.giccid for item in again.items.all()] == [REFUSING]
    assert again.items.get().verdict == "will_change"
    assert again.reason == f"Retry of batch {batch.pk}: why"


def test_what_is_unknown_cannot_be_tried_again(fleet, plan, work, user):
    batch = plan(fleet[:2])
    batch.items.update(state=BatchItem.State.UNKNOWN)
    with pytest.raises(CannotPlan, match="What is unknown cannot be tried again"):
        after.retry(batch, user)


def test_undo_takes_back_what_is_as_the_batch_left_it(carrier, fleet, plan, work, user):
    batch = plan(fleet[:3])
    run.start(batch, user)
    work(batch)
    Sim.objects.filter(pk=fleet[0].pk).update(status="RETIRED")

    undoing = after.undo(batch, user)

    assert (undoing.kind, undoing.link, undoing.parent) == ("activate", "undo", batch)
    assert [item.verdict for item in undoing.items.order_by("place")] == ["illegal", "will_change", "will_change"]
    assert undoing.items.get(place=1).why == "It has changed since: it is Retired now."
    run.start(undoing, user)
    work(undoing)
    assert states(undoing) == {"done": 2}
    assert Sim.objects.get(pk=fleet[1].pk).status == "ACTIVATED"


def test_undo_of_a_plan_gives_each_sim_its_own_plan_back(carrier, fleet, plan, work, user):
    account = fleet[0].account_id
    on = {}
    for sim in fleet:
        if sim.account_id == account and sim.package != "Prepaid-Basic-500M":
            on.setdefault(sim.package, sim)
    sims = list(on.values())[:2]
    assert len(sims) == 2
    batch = plan(sims, "change-plan", package="Prepaid-Basic-500M")
    run.start(batch, user)
    work(batch)
    assert states(batch) == {"done": 2}

    undoing = after.undo(batch, user)
    run.start(undoing, user)
    work(undoing)

    assert states(undoing) == {"done": 2} and undoing.chunks.count() == 2
    assert {Sim.objects.get(pk=sim.pk).package for sim in sims} == {sim.package for sim in sims}


def test_undo_of_texts_and_of_an_apn(carrier, client, fleet, plan, work, user):
    client.set_custom_fields(fleet[0].giccid, {"custom1": "old", "custom2": "stays"})
    texts = plan(fleet[:1], "custom-fields", custom1="new")
    run.start(texts, user)
    work(texts)
    undoing = after.undo(texts, user)
    run.start(undoing, user)
    work(undoing)
    assert states(undoing) == {"done": 1}
    assert client.custom_fields(fleet[0].giccid).value.custom1 == "old"

    apn = plan(fleet[:1], "apn", apn="iot.public", apn_status="CLOSED")
    run.start(apn, user)
    work(apn)
    undoing = after.undo(apn, user)
    assert undoing.wanted == {"apn": "iot.public", "apn_status": "OPEN"}
    assert undoing.items.get().verdict == "will_change"


def test_what_was_never_suspended_cannot_go_back(carrier, fleet, plan, work, user):
    inventory = Sim.objects.filter(status="INVENTORY").first()
    batch = plan([inventory], "activate")
    run.start(batch, user)
    work(batch)

    undoing = after.undo(batch, user)
    assert undoing.items.get().why.startswith("It was Inventory before")


@pytest.mark.parametrize("kind", ["retire", "add-package"])
def test_what_has_no_inverse_says_so(fleet, plan, user, kind):
    batch = plan(fleet[:1], kind, **({"package": "Addon-50M"} if kind == "add-package" else {}))
    assert after.can_undo(batch) == 0
    with pytest.raises(CannotPlan, match="cannot be taken back"):
        after.undo(batch, user)
