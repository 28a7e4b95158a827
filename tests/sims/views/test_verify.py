import pytest
from django.utils import timezone

from sims.models import SyncRun
from tests.page import alerts, htmx, text
from tests.sims.fleet import make_run, make_sims

URL = "/sims/verify/"
HERE = {"HX-Current-URL": "http://testserver/sims/?status=RETIRED&after=9"}


@pytest.fixture
def sims(db):
    return make_sims(3)


@pytest.fixture
def run(db):
    return make_run(
        kind="named", giccids=["1", "2", "3"], sims_expected=3, state="running", started_at=timezone.now(), read=1
    )


def test_ticked_rows_are_read_again(client, sims, user):
    response = client.post(URL, {"sim": [sims[0].giccid, sims[2].giccid]})
    run = SyncRun.objects.get()
    assert response["Location"] == f"/sync/runs/{run.pk}/"
    assert (run.kind, run.giccids, run.requested_by) == ("named", [sims[0].giccid, sims[2].giccid], user)
    assert client.post(URL, {"sim": [sims[0].giccid, sims[2].giccid]})["Location"] == f"/sync/runs/{run.pk}/"
    assert SyncRun.objects.count() == 1


def test_everything_under_a_filter_is_read_again(client, sims):
    client.post(URL, {"everything": "1", "query": "status=ACTIVATED"})
    assert SyncRun.objects.get().sims_expected == 3


def test_htmx_stays_on_the_page(client, sims):
    response = client.post(URL, {"sim": sims[0].giccid}, headers={**htmx("verify"), **HERE})
    run = SyncRun.objects.get()
    html = response.content.decode()
    assert "<html" not in html and f'hx-get="{URL}{run.pk}/" hx-trigger="every 1s"' in html
    assert "Reading 1 SIM again 0 of 1 SIMs" in text(response)


def test_progress_until_the_list_is_shown_anew(client, run):
    words = text(client.get(f"{URL}{run.pk}/", headers={**htmx("verify"), **HERE}))
    assert "Reading 3 SIMs again 1 of 3 SIMs" in words
    SyncRun.objects.filter(pk=run.pk).update(state="finished", finished_at=timezone.now(), read=3, changed=2)
    response = client.get(f"{URL}{run.pk}/", headers={**htmx("verify"), **HERE})
    html = response.content.decode()
    assert "every 1s" not in html
    assert "3 SIMs read just now, 2 had changed." in alerts(response)[0]
    assert 'hx-get="/sims/?status=RETIRED&amp;after=9" hx-trigger="load" hx-target="#sim-table"' in html
    elsewhere = client.get(f"{URL}{run.pk}/", headers={**htmx("verify"), "HX-Current-URL": "http://evil.example/x"})
    assert "#sim-table" not in elsewhere.content.decode()


def test_a_run_that_stopped_says_why(client, run):
    SyncRun.objects.update(state="failed", note="The carrier refused the key (401).", finished_at=timezone.now())
    response = client.get(f"{URL}{run.pk}/", headers=htmx("verify"))
    assert "1 SIM read, then it stopped. The carrier refused the key (401)." in alerts(response)[0]


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({}, "No SIM was ticked, so nothing was changed."),
        ({"sim": "\x00"}, "No SIM was ticked, so nothing was changed."),
        ({"sim": "99999"}, "No SIM was chosen, so nothing was read."),
        ({"everything": "1", "query": "status=RETIRED"}, "No SIM was chosen, so nothing was read."),
        ({"everything": "1", "query": "account=nobody"}, "Account: There is no account “nobody”."),
    ],
)
def test_what_cannot_be_verified_says_so(client, sims, sent, message):
    there = client.post(URL, sent, headers=htmx("verify"))
    assert there.status_code == 422 and message in alerts(there)
    assert message in alerts(client.post(URL, sent, follow=True))
    assert not SyncRun.objects.exists()


def test_more_than_can_be_read_at_once(client, sims, monkeypatch):
    monkeypatch.setattr("sims.verify.MOST", 2)
    response = client.post(URL, {"everything": "1"}, headers=htmx("verify"))
    assert "At most 2 SIMs are read again at once, and these are more." in alerts(response)[0]


def test_without_htmx_progress_is_the_runs_page(client, run):
    assert client.get(f"{URL}{run.pk}/")["Location"] == f"/sync/runs/{run.pk}/"
    assert client.get(f"{URL}{make_run().pk}/").status_code == 404


def test_methods_and_people(client, anonymous, sims, run):
    assert client.get(URL).status_code == 405
    assert client.post(f"{URL}{run.pk}/").status_code == 405
    assert anonymous.post(URL, {"sim": sims[0].giccid})["Location"].startswith("/login/")
    assert anonymous.get(f"{URL}{run.pk}/")["Location"].startswith("/login/")
    assert SyncRun.objects.count() == 1
