import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from enterprise.scope import limit_to
from journal.models import Event
from sims.changes.states import pass_on
from sims.models import OpenChange, Operation, Sim, Verb
from sims.operation_list import ROWS
from tests.page import alerts, errors, htmx, text, total
from tests.sims.fleet import NOW, make_account, make_sim
from users.models import AuditEntry

SEED = "8986011805021000004"
State = Operation.State
ROW = re.compile(r'<tr id="operation-\d+" data-operation="(\d+)"')


@pytest.fixture
def sim(db):
    return make_sim(account=make_account(), read_at=timezone.now(), package="Prepaid-Basic-100M")


@pytest.fixture
def make(sim, user):
    """An operation in a state, with the hold that belongs to it."""

    def make_one(state="done", verb=Verb.SUSPEND, *, of=None, **fields):
        now = timezone.now()
        values = {"username": "jonas", "requested_by": user, "created_at": now, "sent_at": now, "answered_at": now}
        if state in (State.DONE, State.REFUSED, State.FAILED, State.CANCELLED):
            values["finished_at"] = now
        operation = Operation.objects.create(sim=of or sim, verb=verb, state=state, **{**values, **fields})
        if state in Operation.HOLDING and not OpenChange.objects.filter(sim=operation.sim).exists():
            OpenChange.objects.create(sim=operation.sim, operation=operation, verb=verb)
        return operation

    return make_one


def ids(response):
    import re

    return [
        int(found) for found in re.findall(r'<tr id="operation-\d+" data-operation="(\d+)"', response.content.decode())
    ]


def test_what_needs_a_person_stands_first(client, make):
    long_ago = timezone.now() - timedelta(hours=1)
    unknown = make("unknown")
    stuck = make("queued", sent_at=None, created_at=long_ago)
    slow = make("accepted", answered_at=long_ago)
    usual = [make("done"), make("accepted"), make("refused")]
    page = client.get("/operations/")
    assert ids(page) == [slow.pk, stuck.pk, unknown.pk, *(each.pk for each in usual[::-1])]
    assert total(page) == "6"
    assert f'data-operation="{unknown.pk}" data-state="unknown"' in page.content.decode()
    assert "stuck" in text(page) and "slow" in text(page)


@pytest.mark.parametrize("urgent", [0, 3, ROWS, ROWS + 1, 2 * ROWS])
def test_pages_show_each_once_forwards_and_back(client, make, urgent):
    rows = [make("unknown") for _ in range(urgent)][::-1] + [make("done") for _ in range(2 * ROWS)][::-1]
    whole, url, pages = [], "/operations/", []
    while url:
        page = client.get(url)
        pages.append(ids(page))
        whole += pages[-1]
        url = link(page, "next")
    assert whole == [row.pk for row in rows]
    for shown in pages[-2::-1]:
        page = client.get(link(page, "prev"))
        assert ids(page) == shown
    assert link(page, "prev") == ""


def link(page, rel):
    found = re.search(rf'<a class="sp-plain" href="([^"]+)" rel="{rel}"', page.content.decode())
    return unescape(found[1]) if found else ""


def test_each_filter(client, make, django_user_model):
    other = make_sim("8986011805021000077")
    old = make("done", Verb.ACTIVATE, created_at=NOW - timedelta(days=9))
    theirs = make("refused", Verb.APN, username="mara", requested_by=django_user_model.objects.create_user("mara"))
    elsewhere = make("done", of=other)
    assert ids(client.get("/operations/?state=refused")) == [theirs.pk]
    assert ids(client.get("/operations/?state=refused&state=done")) == [elsewhere.pk, theirs.pk, old.pk]
    assert ids(client.get("/operations/?action=activate")) == [old.pk]
    assert ids(client.get("/operations/?user=mara")) == [theirs.pk]
    assert ids(client.get("/operations/?q=000077")) == [elsewhere.pk]
    day = (NOW - timedelta(days=9)).date().isoformat()
    assert ids(client.get(f"/operations/?until={day}")) == [old.pk]
    assert old.pk not in ids(client.get(f"/operations/?since={(NOW - timedelta(days=8)).date()}"))
    nothing = client.get("/operations/?user=mara&action=retire")
    assert "No operation matches these filters" in text(nothing) and total(nothing) == "0"


@pytest.mark.parametrize("query", ["state=x", "action=x", "since=x", "until=31.12.", "after=x", f"before={'9' * 40}"])
def test_a_damaged_filter_is_named_and_left_out(client, make, query):
    make()
    page = client.get(f"/operations/?{query}")
    assert page.status_code == 200 and len(errors(page)) == 1 and len(ids(page)) == 1


def test_the_list_alone_for_htmx_and_nothing_yet(client, sim):
    assert "Nothing has been changed here yet" in text(client.get("/operations/"))
    html = client.get("/operations/", headers=htmx("operations")).content.decode()
    assert "<html" not in html and 'id="operations"' in html


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_the_list(client, make, django_assert_num_queries, count):
    for _ in range(count):
        make("unknown")
        make("done")
    # session, user, what they may see, the two parts, total, people, freshness, counts of the side bar
    with django_assert_num_queries(9):
        assert len(ids(client.get("/operations/"))) == 2 * count


def test_one_of_them_with_all_that_is_known(client, make):
    operation = make("refused", note="Not from its present status.", reply={"status": 422}, request={"method": "POST"})
    page = client.get(f"/operations/{operation.pk}/")
    assert "Not from its present status." in text(page) and '"status": 422' in text(page).replace("&quot;", '"')
    assert f'data-operation="{operation.pk}" data-state="refused"' in page.content.decode()
    assert client.get("/operations/999999999/").status_code == 404


def test_a_queued_one_is_cancelled_once(client, make):
    operation = make("queued", sent_at=None)
    url = f"/operations/{operation.pk}/cancel/"
    assert client.get(url).status_code == 200
    assert Operation.objects.get().state == "queued"
    assert client.post(url)["Location"] == f"/operations/{operation.pk}/"
    assert Operation.objects.get().state == "cancelled" and not OpenChange.objects.exists()
    again = client.post(url)
    assert again.status_code == 409 and any("It is cancelled." in said for said in alerts(again))
    assert "asked to suspend this SIM" in text(client.get(f"/sims/{SEED}/"))


def test_cancelled_from_the_sims_page_in_place(client, make):
    operation = make("queued", sent_at=None)
    url = f"/operations/{operation.pk}/cancel/"
    response = client.post(url, {"sim": "1"}, headers=htmx("sim"))
    assert 'id="sim"' in response.content.decode() and "<html" not in response.content.decode()
    assert any("Cancelled." in said for said in alerts(response))


def test_an_answer_closes_what_reading_cannot(client, make, user):
    operation = make("unknown", Verb.ADD_PACKAGE, wanted={"package": "Addon-50M"}, needs_person=True)
    url = f"/operations/{operation.pk}/resolve/"
    assert "Say what happened" in text(client.get(f"/sims/{SEED}/"))
    assert "Reading cannot tell" in text(client.get(url))
    for fields in ({}, {"outcome": "done"}, {"reason": "x"}, {"outcome": "perhaps", "reason": "x"}):
        refused = client.post(url, fields)
        assert refused.status_code == 422 and errors(refused)
    response = client.post(url, {"outcome": "done", "reason": "the console shows it"})
    assert response["Location"] == f"/operations/{operation.pk}/"
    operation.refresh_from_db()
    assert (operation.state, operation.resolved_by, operation.resolved_reason) == ("done", user, "the console shows it")
    assert AuditEntry.objects.filter(action="sim.operation.resolve").count() == 1
    assert client.post(url, {"outcome": "failed", "reason": "x"}).status_code == 409
    story = text(client.get(f"/sims/{SEED}/"))
    assert "Jonas Berg added the package Addon-50M" in story and "closed as done by Jonas Berg" in story


def test_undo_is_a_change_like_any_other(client, make, sim):
    operation = make("done", Verb.SUSPEND)
    url = f"/operations/{operation.pk}/undo/"
    Sim.objects.update(status="DEACTIVATED")
    assert "Undo…" in text(client.get("/operations/"))
    page = client.get(url)
    assert "Activate" in text(page) and Operation.objects.count() == 1
    assert client.post(url, {"reason": "paid"})["Location"] == f"/sims/{SEED}/"
    undo = Operation.objects.latest("pk")
    assert (undo.verb, undo.undo_of, undo.reason, undo.state) == ("activate", operation, "paid", "queued")
    assert client.post(url).status_code == 409
    assert f"takes back operation {operation.pk}" in text(client.get(f"/operations/{undo.pk}/"))


@pytest.mark.parametrize(
    ("verb", "state", "fields", "words"),
    [
        (Verb.ADD_PACKAGE, "done", {"wanted": {"package": "Addon-50M"}}, "The carrier has no way back"),
        (Verb.RETIRE, "done", {}, "The carrier has no way back"),
        (Verb.SUSPEND, "refused", {}, "Only what is done can be undone; it is refused."),
    ],
)
def test_what_cannot_be_undone_says_why(client, make, verb, state, fields, words):
    operation = make(state, verb, **fields)
    response = client.post(f"/operations/{operation.pk}/undo/")
    assert response.status_code == 409 and any(words in said for said in alerts(response))
    assert "Undo…" not in text(client.get("/operations/"))


def test_undo_obeys_the_same_checks(client, make, sim):
    operation = make("done", Verb.ACTIVATE)
    Sim.objects.update(status="RETIRED")
    response = client.post(f"/operations/{operation.pk}/undo/")
    assert response.status_code == 409
    assert any("It is retired, and that is final." in said for said in alerts(response))


def test_the_unknown_is_violet_and_has_two_ways(client, make):
    make("unknown", note="The carrier’s reply did not come.", last_read_at=timezone.now(), reads=3)
    html = client.get(f"/sims/{SEED}/").content.decode()
    assert 'class="sp-note sp-tone-unknown"' in html
    assert "Look again" in html and "Say what happened…" in html and "Read 3 times" in html
    assert 'class="sp-doubt"' in html and "sp-count-unknown" in html


def test_the_unknown_says_when_it_will_be_decided(client, make):
    soon, now = timezone.now() + timedelta(seconds=40), timezone.now()
    make("unknown", answered_at=None, sent_at=now - timedelta(minutes=1), next_read_at=soon)
    words = text(client.get(f"/sims/{SEED}/"))
    by = (now + timedelta(minutes=4)).strftime("%H:%M:%S")
    assert f"If the carrier does not show it by {by} , it counts as failed." in words
    Operation.objects.update(sent_at=now - timedelta(minutes=6))
    assert "The first read that does not show it settles it as failed." in text(client.get(f"/sims/{SEED}/"))
    Operation.objects.update(state="accepted", answered_at=now - timedelta(minutes=20))
    assert "a person has to say." in text(client.get(f"/sims/{SEED}/"))


def test_the_story_has_who_why_and_how_long(client, make, sim):
    operation = make("sending", reason="unpaid invoice", answered_at=None)
    pass_on(operation, from_=["sending"], to="unknown", note="No reply.")
    pass_on(operation, from_=["unknown"], to="done")
    page = text(client.get(f"/sims/{SEED}/"))
    assert "Jonas Berg asked to suspend this SIM “unpaid invoice”" in page
    assert "no clear reply, outcome unknown" in page
    assert "Jonas Berg suspended it “unpaid invoice”" in page
    assert "confirmed by its answer after" in page
    assert Event.objects.count() == 2
    assert "asked to suspend" in text(client.get(f"/sims/{SEED}/?kind=change"))


def test_people_and_methods(client, anonymous, make):
    operation = make("unknown")
    for path in ("", "cancel/", "undo/", "resolve/"):
        url = f"/operations/{operation.pk}/{path}"
        assert anonymous.get(url)["Location"].startswith("/login/")
        assert client.delete(url).status_code == 405
        assert client.get(url).status_code == 200
    assert client.post("/operations/").status_code == 405
    assert Operation.objects.get().state == "unknown"


def test_what_lies_outside_ones_accounts_is_not_there(client, make, sim, user):
    limit_to(user, [make_account("other")], by=user)
    operation = make("queued", sent_at=None)
    assert ids(client.get("/operations/")) == [] and total(client.get("/operations/")) == "0"
    for url in (f"/sims/{SEED}/", f"/sims/{SEED}/suspend/", f"/operations/{operation.pk}/"):
        assert client.get(url).status_code == 404
    for url in (f"/sims/{SEED}/suspend/", f"/sims/{SEED}/protect/", f"/sims/{SEED}/refresh/"):
        assert client.post(url).status_code == 404
    assert client.post(f"/operations/{operation.pk}/cancel/").status_code == 404
    limit_to(user, [sim.account], by=user)
    assert ids(client.get("/operations/")) == [operation.pk]
    assert client.get(f"/sims/{SEED}/").status_code == 200
