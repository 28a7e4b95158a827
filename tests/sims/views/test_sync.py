import re
from datetime import timedelta

import pytest
from django.utils import timezone

from sims import tasks
from sims.models import SetAside, Sim, SyncPart, SyncRun
from tests.page import alerts, errors, htmx, text
from tests.sims.fleet import make_account, make_run, make_sim

URL = "/sync/"
RAW = '{"giccid":"8986011805021000004","currentCycleUsages":{"dataUsage":"12,4 <b>MB"},"status":"ACTIVATED"}'
REASON = "Data usage is the text “12,4 MB”, a number was expected."


@pytest.fixture
def running(db):
    run = make_run(
        state=SyncRun.State.RUNNING,
        phase=SyncRun.Phase.LISTING,
        started_at=timezone.now() - timedelta(seconds=20),
        finished_at=None,
        pages=32,
        pages_expected=50,
        read=3104,
        sims_expected=5000,
        changed=212,
        requests=40,
        repeats=1,
    )
    for number, (done, pages) in enumerate([(True, 20), (False, 12), (False, 0)]):
        SyncPart.objects.create(
            run=run,
            account=make_account(f"account {number}"),
            pages=pages,
            pages_expected=20,
            is_done=done,
            started_at=timezone.now() if pages else None,
        )
    return run


def set_aside(run: SyncRun, **fields) -> SetAside:
    values = {"giccid": "8986011805021000004", "field": "currentCycleUsages.dataUsage", "reason": REASON, "raw": RAW}
    return SetAside.objects.create(run=run, account=make_account(), page=14, place=61, **{**values, **fields})


def test_a_run_under_way_is_live(client, running):
    response = client.get(URL)
    words = text(response)
    assert 'hx-trigger="every 2s"' in response.content.decode()
    assert "Reading" in words and "32 of 50 pages" in words
    assert "1.6 pages a second" in words and "about 11 s left" in words
    assert "Read 3,104 of 5,000 SIMs" in words
    assert "Not seen so far 1,896" in words
    assert "Requests 40 32 pages, 1 repeat" in words
    assert "account 0 Complete 20 of 20 pages" in words
    assert "account 1 Reading 12 of 20 pages" in words
    assert "account 2 Queued 0 of 20 pages" in words


def test_the_fragment_stops_asking_when_the_run_has_ended(client, running):
    live = client.get(URL, headers=htmx("sync")).content.decode()
    assert "<html" not in live and "every 2s" in live
    SyncRun.objects.update(state=SyncRun.State.FINISHED, finished_at=timezone.now(), missing=0)
    ended = client.get(URL, headers=htmx("sync")).content.decode()
    assert "every 2s" not in ended
    # an answer still under way has its place
    assert '<div id="sync" hx-target="this" hx-swap="morph:outerHTML">' in ended
    assert "account 2 Not read 0 of 20 pages" in text(client.get(URL))


def test_what_was_kept_aside(client, running):
    set_aside(make_run(kept_aside=1))
    set_aside(running)
    response = client.get(URL)
    words = text(response)
    assert f"{REASON} The rest of its page is kept" in words
    assert "account, page 14, record 61" in words or "halden-dach, page 14, record 61" in words
    assert "seen in 2 runs" in words
    assert "1 record" in words
    assert "<mark>  &quot;currentCycleUsages&quot;" in response.content.decode()
    assert "12,4 <b>MB" not in response.content.decode()


def test_broken_characters_of_what_was_kept_aside_are_shown_as_such(client, db):
    set_aside(make_run(kept_aside=1), raw='{"giccid": "1", "status": "half \\ud800", "\\udfff": 1}')
    answer = client.get(URL)
    assert answer.status_code == 200 and "half ?" in text(answer)


def test_all_that_was_kept_aside_can_be_reached(client, db):
    run = make_run(kept_aside=45)
    kept = {set_aside(run, giccid=f"{number}").pk for number in range(45)}
    page, shown = client.get(URL), set()
    assert "20 of 45 records" in text(page)
    while True:
        shown |= {int(pk) for pk in re.findall(r'data-aside="(\d+)"', page.content.decode())}
        further = re.search(r'href="(\?aside=\d+)#aside"', page.content.decode())
        if not further:
            break
        page = client.get(f"/sync/runs/{run.pk}/{further[1]}")
    assert shown == kept
    assert "The address of these runs is damaged" in text(client.get(f"{URL}?aside=x"))


@pytest.mark.parametrize("raw", ["", "not json", "[1]", "\x01", "{" * 90, '{"a":' * 900, "x" * 300_000])
def test_any_record_can_be_shown(client, running, raw):
    set_aside(running, raw=raw, giccid="", field="")
    response = client.get(URL)
    assert "names no SIM" in text(response)
    assert len(response.content) < 200_000


def test_a_failed_run_says_why(client, db):
    run = make_run(state=SyncRun.State.FAILED, note="Page 31 did not answer in three tries.", missing=None)
    words = text(client.get(f"/sync/runs/{run.pk}/"))
    assert "Page 31 did not answer in three tries. What was read is kept; nothing was called missing." in words
    assert "Stopped" in words and "Missing —" in words


def test_runs_in_pages(client, db):
    runs = [make_run(missing=0) for _ in range(12)]
    first = client.get(URL).content.decode()
    assert first.count("<tr data-run=") == 10
    assert f'href="?after={runs[2].pk}"' in first
    second = client.get(URL, {"after": runs[2].pk}).content.decode()
    assert second.count("<tr data-run=") == 2
    assert f'href="?before={runs[1].pk}"' in second


@pytest.mark.parametrize("after", ["x", "-1", "\x00", "9" * 30])
def test_a_damaged_page_of_runs(client, db, after):
    make_run()
    response = client.get(URL, {"after": after})
    assert errors(response) == ["The address of these runs is damaged, so the newest stand here."]
    assert "<tr data-run=" in response.content.decode()


def test_runs_of_every_kind(client, user):
    make_run(kind=SyncRun.Kind.NAMED, giccids=["1", "2"], trigger=SyncRun.Trigger.PERSON, requested_by=user)
    make_run(kind=SyncRun.Kind.ACCOUNT, account=make_account())
    words = text(client.get(URL))
    assert "2 SIMs re-read" in words and "Jonas Berg" in words and "halden-dach re-read" in words


def test_before_the_first_run(client, db):
    response = client.get(URL)
    assert "The fleet has not been read yet" in text(response)
    assert "every 2s" in response.content.decode()
    assert client.get("/sync/runs/1/").status_code == 404


def test_read_now_starts_one_run(client, user):
    assert client.post("/sync/start/")["Location"] == URL
    run = SyncRun.objects.get()
    assert (run.kind, run.trigger, run.requested_by) == ("full", "person", user)
    again = client.post("/sync/start/", headers=htmx("sync"))
    assert SyncRun.objects.count() == 1
    assert "<html" not in again.content.decode() and "Queued" in text(again)
    assert 'hx-get="/sync/" hx-trigger="every 2s"' in again.content.decode()


def test_read_now_does_not_wait_for_beat(client, db, monkeypatch, django_capture_on_commit_callbacks):
    queued: list[int] = []
    monkeypatch.setattr(tasks.work_sync, "delay", queued.append)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post("/sync/start/").status_code == 302
    assert queued == [SyncRun.objects.get(state=SyncRun.State.QUEUED).pk]


def test_a_record_that_names_no_sim_says_nothing_of_our_copy(client, db):
    set_aside(make_run(), giccid="", reason="The record is null, an object was expected.", raw="null", field="")
    words = text(client.get(URL))
    assert "names no SIM" in words
    assert "an object was expected. The rest of its page is kept, and the next run asks for it again." in words
    assert "Read this SIM now" not in words


def test_a_record_kept_aside_can_be_read_now(client, db, carrier):
    aside = set_aside(make_run())
    response = client.post(f"/sync/set-aside/{aside.pk}/read/")
    assert response["Location"] == "/sims/8986011805021000004/"
    assert Sim.objects.filter(giccid="8986011805021000004").exists()
    for giccid in ("", "../x", "９８", "9" * 33):
        nameless = set_aside(make_run(), giccid=giccid)
        back = client.post(f"/sync/set-aside/{nameless.pk}/read/", follow=True)
        assert "This record names no SIM that could be asked for." in alerts(back)
    assert client.post("/sync/set-aside/999999/read/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(client, db, django_assert_num_queries, count):
    for _ in range(count):
        run = make_run(kept_aside=1)
        set_aside(run, giccid=f"{run.pk}")
    make_sim()
    # session, user, freshness, runs, parts, kept aside, seen in runs, total
    with django_assert_num_queries(8):
        assert client.get(URL).content.decode().count("<tr data-run=") == count


def test_methods_and_people(client, anonymous, db):
    assert client.post(URL).status_code == 405
    assert client.get("/sync/start/").status_code == 405
    assert client.get("/sync/set-aside/1/read/").status_code == 405
    for path in (URL, "/sync/runs/1/"):
        assert anonymous.get(path)["Location"].startswith("/login/")
    assert anonymous.post("/sync/start/")["Location"].startswith("/login/")
    assert not SyncRun.objects.exists()
