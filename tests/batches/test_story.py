"""A batch on the journal of its SIMs, in words."""

from __future__ import annotations

from batches import run
from journal.models import Event
from journal.story import tell


def told(sim) -> list[str]:
    events = Event.objects.filter(sim_id=sim.pk, cause_kind="batch-item").order_by("id")
    return [f"{entry.sentence} {entry.more}" for entry in tell(events)]


def test_what_was_done_names_person_batch_and_reason(fleet, plan, work, user):
    batch = plan(fleet[:1], reason="winter storage")
    run.start(batch, user)
    work(batch)

    (line,) = told(fleet[0])
    assert line.startswith("<b>jonas</b> suspended it")
    assert f"/batches/{batch.uuid}/" in line and f"Batch {batch.pk}" in line
    entry = tell(Event.objects.filter(sim_id=fleet[0].pk, cause_kind="batch-item"))[0]
    assert entry.reason == "winter storage"
    assert [str(step.words).split()[0] for step in entry.steps] == ["sent", "accepted", "seen"]


def test_what_failed_and_what_is_not_known(carrier, fleet, plan, work, user):
    carrier.post("/_sim/fault", {"operation": "B2", "kind": "timeout"})
    batch = plan(fleet[:1])
    run.start(batch, user)
    work(batch, times=4)

    (line,) = told(fleet[0])
    assert "asked to suspend this SIM" in line and "whether it happened is not known yet" in line


def test_what_is_left_out_at_its_turn(fleet, plan, work, user):
    batch = plan(fleet[:1], reason="winter storage")
    fleet[0].package = "Another"
    fleet[0].save()
    run.start(batch, user)
    work(batch)

    (line,) = told(fleet[0])
    assert "asked to suspend this SIM; <b>it was left out</b>" in line
    assert "It has changed since the dry run: its plan is Another now." in line


def test_events_of_all_items_take_as_many_queries_as_one(fleet, plan, work, user, django_assert_num_queries):
    batch = plan(fleet[:3])
    run.start(batch, user)
    work(batch)
    events = list(Event.objects.filter(cause_kind="batch-item"))

    # the items, the pushes beside them
    with django_assert_num_queries(2):
        assert len(tell(events)) == 3
