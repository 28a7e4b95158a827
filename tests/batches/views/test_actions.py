from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from batches.models import Batch
from sims.models import Sim
from tests.batches.views.made import change, iccid, plan, started, url_of
from tests.page import alerts, errors, text
from tests.sims.fleet import make_sims
from users.models import AuditEntry

State = Batch.State


@pytest.fixture(autouse=True)
def fleet(db) -> list[Sim]:
    return make_sims(3, read_at=timezone.now())


def act(client, batch: Batch, verb: str, **fields):
    response = client.post(url_of(batch, f"{verb}/"), fields)
    batch.refresh_from_db()
    return response


def test_start(client, user):
    batch = plan(user, reason="first")
    response = act(client, batch, "start", canary="2", canary_percent="10", abort="20", reason="second")
    assert (response.status_code, response["Location"]) == (302, url_of(batch))
    assert (batch.state, batch.started_by, batch.reason) == (State.RUNNING, "jonas", "second")
    assert (batch.canary_size, batch.canary_percent, batch.abort_percent) == (2, 10, 20)
    again = act(client, batch, "start", reason="third")
    assert again.status_code == 409 and alerts(again)[0].startswith("It is running")
    assert batch.reason == "second"


def test_a_script_that_gives_no_reason_leaves_it(client, user):
    batch = plan(user, reason="first")
    assert act(client, batch, "start").status_code == 302
    assert (batch.state, batch.reason) == (State.RUNNING, "first")


@pytest.mark.parametrize("typed", ["3", " 3 ", "0,003"])
def test_what_is_final_takes_the_count(client, user, typed):
    Sim.objects.update(status="DEACTIVATED")
    batch = plan(user, kind="retire")
    for wrong in ("", "2", "three", "9" * 20, "-3"):
        response = act(client, batch, "start", count=wrong)
        assert response.status_code == 422 and errors(response)[0].startswith("Type the number of SIMs")
        assert batch.state == State.PLANNED
    assert act(client, batch, "start", count=typed).status_code == 302
    assert batch.state == State.RUNNING


@pytest.mark.parametrize(
    ("asked", "hour"),
    [({"at": "{day} 18:00"}, 18), ({"at": "{day}T18:00", "offset": "120"}, 16), ({"at": "{day}T18:00:00+03:00"}, 15)],
)
def test_start_later(client, user, asked, hour):
    batch, day = plan(user), timezone.now() + timedelta(days=3)
    fields = {name: value.format(day=day.strftime("%Y-%m-%d")) for name, value in asked.items()}
    assert act(client, batch, "start", **fields).status_code == 302
    assert (batch.state, batch.due_at) == (
        State.SCHEDULED,
        datetime(day.year, day.month, day.day, hour, tzinfo=UTC),
    )
    assert "It starts by itself on" in text(client.get(url_of(batch)))


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"at": "tomorrow"}, "Write a date and a time"),
        ({"at": "2020-01-01 10:00"}, "The start has to lie ahead"),
        ({"canary": "0"}, "greater than or equal to 1"),
        ({"canary": "many"}, "Enter a whole number."),
        ({"abort": "101"}, "less than or equal to 100"),
        ({"canary_percent": "x"}, "Enter a number."),
        ({"reason": "x" * 501}, "At most 500 characters fit"),
    ],
)
def test_what_cannot_be_a_start(client, user, asked, why):
    batch = plan(user)
    response = act(client, batch, "start", **asked)
    assert response.status_code == 422 and why in errors(response)[0]
    assert batch.state == State.PLANNED


def test_pause_resume_cancel(client, user):
    batch = started(user, "done", "planned", "planned")
    assert act(client, batch, "pause").status_code == 302 and batch.state == State.PAUSED
    page = text(client.get(url_of(batch)))
    assert "Resume" in page and "Cancel the 2 not sent" in page
    assert act(client, batch, "resume").status_code == 302 and batch.state == State.RUNNING
    assert act(client, batch, "cancel").status_code == 302 and batch.state == State.CANCELLED
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["batch.plan", "batch.pause", "batch.resume", "batch.cancel"]


def test_a_dry_run_is_discarded(client, user):
    batch = plan(user)
    assert act(client, batch, "cancel").status_code == 302
    page = text(client.get(url_of(batch)))
    assert batch.state == State.CANCELLED and "Discarded" in page and "Exactly this plan" not in page


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_what_comes_too_late_changes_nothing(client, user, verb):
    batch = started(user, "done", state="finished", chunk="done")
    response = act(client, batch, verb)
    assert response.status_code == 409
    assert alerts(response)[0].startswith("Nothing was changed: the batch is finished.")


def test_retry_and_undo_lead_to_new_dry_runs(client, user):
    batch = started(user, "done", "failed", "unknown", state="finished")
    Sim.objects.filter(giccid=iccid(1)).update(status="DEACTIVATED")
    for verb, kind, count in (("retry", "suspend", 1), ("undo", "activate", 1)):
        response = act(client, batch, verb)
        made = Batch.objects.latest("pk")
        assert response["Location"] == url_of(made)
        assert (made.parent, made.link, made.kind, made.items.count()) == (batch, verb, kind, count)


def test_nothing_to_retry_or_undo(client, user):
    batch = started(user, "unknown", state="finished", chunk="unknown")
    retried, undone = act(client, batch, "retry"), act(client, batch, "undo")
    assert retried.status_code == 409 and "nothing to try again" in alerts(retried)[0]
    assert undone.status_code == 409 and "nothing to take back" in alerts(undone)[0]
    assert Batch.objects.count() == 1


def test_a_person_closes_what_reading_cannot_settle(client, user):
    batch = started(user, "done", "unknown", state="finished", chunk="unknown")
    part = "chunks/1/close"
    for fields, why in (
        ({}, "Say whether it happened."),
        ({"outcome": "done"}, "Say how you know."),
        ({"outcome": "maybe", "reason": "x"}, "It is done or failed."),
    ):
        response = act(client, batch, part, **fields)
        assert response.status_code == 422 and why in errors(response)
    assert act(client, batch, part, outcome="failed", reason="The carrier’s desk says no.").status_code == 302
    item = batch.items.get(place=2)
    assert item.state == "failed" and "The carrier’s desk says no." in item.message
    page = text(client.get(url_of(batch)))
    assert "Closed by Jonas Berg" in page and "We do not know yet" not in page
    again = act(client, batch, part, outcome="done", reason="x")
    assert again.status_code == 409 and "none of its SIMs is unknown any more" in alerts(again)[0]
    assert act(client, batch, "chunks/9/close", outcome="done", reason="x").status_code == 404


@pytest.mark.parametrize("verb", ["start", "pause", "resume", "cancel", "retry", "undo", "chunks/1/close"])
def test_methods_and_people(client, anonymous, user, verb):
    batch = change(plan(user))
    assert client.get(url_of(batch, f"{verb}/")).status_code == 405
    assert anonymous.post(url_of(batch, f"{verb}/"))["Location"].startswith("/login/")
    assert client.post(f"/batches/0b0e7a4e-5d0c-4b57-9d0b-3f3b8f2f6a11/{verb}/").status_code == 404
