from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches.models import Batch, BatchCount
from enterprise.days import DAY, start_of
from enterprise.models import Source
from enterprise.scope import limit_to
from enterprise.sources import note_failure
from estate.health import has_changed
from estate.models import CountDay, EndingDay, UsageMoment
from estate.tasks import watch_home
from estate.today import today_of
from journal.models import Event
from journal.record import Cause, NewEvent, record
from notifications.models import PushDay
from sims.models import Operation, SetAside, SyncRun
from sims.sync.runs import begin, fail, finish
from sms.models import Message
from tests.estate.rows import make_account, make_pool, make_readings, today
from tests.estate.test_enterprise import sheet
from tests.page import htmx, text, total
from tests.sims.fleet import NOW, make_run, make_sim, make_sims

QUERIES = 24


def test_a_quiet_day(client):
    make_sims(3)
    make_run(finished_at=timezone.now(), missing=0)
    response = client.get("/")
    assert "Nothing needs attention" in text(response)
    assert total(response) == "3"
    assert 'href="/sims/?status=ACTIVATED"' in response.content.decode()
    assert "Active 3 100 %" in text(response)


def test_attention_comes_first(client):
    make_sim("1", missing_since=NOW)
    make_run(finished_at=timezone.now() - timedelta(hours=9))
    failed = make_run(state=SyncRun.State.FAILED, note="The carrier refused the key (401).", kept_aside=1)
    SetAside.objects.create(run=failed, giccid="2", reason="x", raw="{}")
    words = text(client.get("/"))
    assert "Four things need attention" in words
    assert f"Sync run {failed.pk} stopped The carrier refused the key (401)." in words
    assert "The whole fleet was last read 9 h ago" in words
    assert "1 SIM is missing at the carrier" in words
    assert f"1 record of run {failed.pk} could not be read" in words


def test_a_failure_that_a_complete_run_followed_is_over(client):
    make_run(state=SyncRun.State.FAILED, note="x")
    make_run(finished_at=timezone.now())
    assert "stopped" not in text(client.get("/"))


def test_the_first_minutes(client):
    assert "The fleet has not been read yet" in text(client.get("/"))
    make_run(state=SyncRun.State.RUNNING, finished_at=None, read=1900, sims_expected=5000)
    assert "1,900 of 5,000 SIMs" in text(client.get("/"))


def test_alike_events_fold(client):
    sims = make_sims(3)
    events = [
        NewEvent(kind="sim.missing", subject_kind="sim", subject_key=sim.giccid, happened_at=NOW, sim_id=sim.pk)
        for sim in sims
    ]
    record(events, cause=Cause(Event.Cause.RUN, 7))
    words = text(client.get("/"))
    assert f"{sims[-1].giccid[:-6]} {sims[-1].giccid[-6:]} and 2 more Sync found it missing" in words
    assert words.count("Sync found it missing") == 1


def test_an_unknown_status_has_its_tile(client):
    make_sim("1", status="FROZEN 2&")
    assert 'href="/sims/?status=FROZEN+2%26"' in client.get("/").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(client, django_assert_num_queries, count):
    sims = make_sims(count)
    make_run(finished_at=timezone.now())
    events = [
        NewEvent(kind="sim.missing", subject_kind="sim", subject_key=sim.giccid, happened_at=NOW, sim_id=sim.pk)
        for sim in sims
    ]
    record(events, cause=Cause(Event.Cause.RUN, 7))
    # session, user, scope, freshness; counts, those before; what waits; use, pools, endings; runs; events; the frame
    with django_assert_num_queries(QUERIES):
        client.get("/")


def test_methods_and_people(client):
    assert client.post("/").status_code == 405
    assert Client().get("/")["Location"] == "/login/?next=/"


def test_the_tiles_tell_the_change_since_the_day_before(client):
    make_sims(3)
    CountDay.objects.create(day=today() - DAY, account_id=0, status="ACTIVATED", n=1)
    CountDay.objects.create(day=today() - DAY, account_id=0, status="RETIRED", n=2)
    words = text(client.get("/"))
    assert "Active 3 +2" in words
    assert "Retired 0 −2" in words


def test_a_pool_that_will_not_last_is_told_first(client):
    make_run(finished_at=timezone.now())
    make_readings(make_pool("EU-Pool-50G", used="940"), per_day=40)
    calm = make_pool("Calm", used="100", account_name="x")
    make_readings(calm, per_day=1)
    words = text(client.get("/"))
    assert "One thing needs attention" in words
    assert "EU-Pool-50G runs out on " in words
    assert "94 % of 1,000.00 MB used by 3 SIMs, 40.00 MB a day (± 0.00 MB)." in words
    assert "hardly used at present" in words


def test_a_pool_that_will_not_last_is_told_among_many_fuller_ones(client):
    make_run(finished_at=timezone.now())
    for number in range(25):
        make_pool(f"fuller-{number}", used="79", total="100", account_name="x", cycle_ends_at=timezone.now() + DAY)
    short = make_pool("Short", used="500", is_shortfall_told=True)
    make_readings(short, per_day=50)
    assert "Short runs out on " in text(client.get("/"))


def test_many_pools_near_their_end_leave_room_for_the_rest(client):
    make_run(finished_at=timezone.now())
    for number in range(6):
        make_readings(make_pool(f"full-{number}", used="100", total="100", account_name="x"), per_day=10)
    words = text(client.get("/"))
    assert "Four things need attention" in words
    assert words.count(" is empty ") == 3
    assert "3 more share pools are near their end" in words


def test_when_no_kind_of_push_comes_that_is_one_thing(client):
    make_run(finished_at=timezone.now())
    for slug in ("no-session", "mo-sms", "sim-status", "imei-change", "apn-status"):
        for back in range(2, 9):
            at = timezone.now() - back * DAY
            PushDay.objects.create(slug=slug, day=at.date(), count=1, last_at=at)
    words = text(client.get("/"))
    assert "Pushes: " in words
    assert words.count("They usually come daily.") == 0


def test_an_account_that_disappeared_is_told_for_a_week(client):
    make_run(finished_at=timezone.now())
    gone = make_account("O'Neill & <b>Sons</b>", gone_at=timezone.now() - DAY)
    make_account("long ago", gone_at=timezone.now() - 8 * DAY)
    make_sims(2, account=gone)
    response = client.get("/")
    assert "The carrier has not named O'Neill & <b>Sons</b> since" in text(response)
    assert "2 SIMs stay here as last read." in text(response)
    assert f'href="/enterprise/accounts/{gone.pk}/"' in response.content.decode()
    assert "long ago" not in text(response)


def test_what_waits_for_a_person_is_told(client):
    make_run(finished_at=timezone.now())
    sim = make_sim("1")
    Operation.objects.create(sim=sim, verb="activate", state="unknown", needs_person=True, username="jonas")
    Message.objects.create(giccid="1", direction="mt", state="unknown", content="x", at=timezone.now())
    words = text(client.get("/"))
    assert "1 operation ended without an answer and cannot be settled by reading" in words
    assert "Of 1 message it is not known whether the carrier took it" in words
    assert "1 open operation" in words


def test_batches_under_way_and_those_that_ended_badly(client):
    now = timezone.now()
    running = Batch.objects.create(kind="suspend", state="running", chosen="giccids", username="jonas")
    ended = Batch.objects.create(
        kind="retire", state="finished", chosen="giccids", username="jonas", finished_at=now - timedelta(hours=1)
    )
    old = Batch.objects.create(
        kind="retire", state="finished", chosen="giccids", username="jonas", finished_at=now - timedelta(days=3)
    )
    for batch in (running, ended, old):
        for state, n in (("done", 5), ("failed", 2), ("planned", 3)):
            BatchCount.objects.create(batch=batch, verdict="will_change", state=state, is_stale=False, n=n)
    words = text(client.get("/"))
    assert f"Batch {ended.pk} finished with 2 failures out of 10" in words
    assert f"Batch {old.pk}" not in words
    assert f"Batch {running.pk} Suspend, 10 SIMs Running 5 done, 2 failed" in words


def test_use_of_today_against_the_usual(client):
    for back in range(1, 4):
        for hour, mb in ((6, 20), (12, 40), (18, 60)):
            moment(back, hour, mb)
    moment(0, 0, 0)
    found = today_of(start_of(today()) + timedelta(hours=12, minutes=1))
    assert found.difference == ""
    UsageMoment.objects.create(day=today(), at=start_of(today()) + timedelta(hours=12), used_mb=50)
    found = today_of(start_of(today()) + timedelta(hours=12, minutes=1))
    assert (found.used_mb, found.usual_mb, found.difference) == (50, 40, "+25 %")
    assert found.chart.band
    assert found.rows[4] == ("12:00", 50, 40)
    assert found.head_words == "25 % above the usual"
    today_tag, usual_tag = found.chart.tags
    assert (today_tag.text, today_tag.x, today_tag.anchor) == ("today", 50, "end")
    assert usual_tag.text == "usual day"
    assert today_tag.y < usual_tag.y


def moment(back: int, hour: int, mb: int) -> None:
    day = today() - back * DAY
    UsageMoment.objects.create(day=day, at=start_of(day) + timedelta(hours=hour), used_mb=mb)


def test_with_few_days_there_is_no_usual(client):
    moment(1, 6, 20)
    moment(0, 0, 1)
    assert "there are not enough days yet to say what is usual" in text(client.get("/"))


def test_plans_that_end_this_week(client):
    EndingDay.objects.create(day=today() + 2 * DAY, account_id=0, n=1465, unfollowed=412)
    make_sims(2, status="TEST_READY")
    words = text(client.get("/"))
    assert "412 of the 1,465 plans that end this week have no successor" in words
    assert "2 SIMs start billing at their next traffic" in words


@pytest.mark.parametrize(
    ("n", "unfollowed", "said"),
    [
        (6, 6, "All 6 plans that end this week have no successor"),
        (6, 1, "1 of the 6 plans that end this week has no successor"),
        (1, 1, "The one plan that ends this week has no successor"),
    ],
)
def test_plans_without_a_successor_are_told_in_words_that_fit(client, n, unfollowed, said):
    EndingDay.objects.create(day=today() + DAY, account_id=0, n=n, unfollowed=unfollowed)
    assert said in text(client.get("/"))


def test_silent_pushes_are_told_and_health_has_its_lines(client):
    now = timezone.now()
    for back in range(2, 9):
        at = now - back * DAY
        PushDay.objects.create(slug="no-session", day=at.date(), count=1, last_at=at)
    response = client.get("/")
    assert "push for 2 d They usually come daily." in text(response) or "push for 48 h" in text(response)
    html = response.content.decode()
    assert all(f'data-sign="{name}"' in html for name in ("Sync", "Carrier", "Pushes", "Push inbox", "Workers"))


def test_what_nobody_announces_is_noticed_once(db):
    make_run(finished_at=timezone.now())
    cache.clear()
    assert [has_changed(), has_changed()] == [True, False]
    running = make_run(state=SyncRun.State.RUNNING, finished_at=None, read=10, sims_expected=100)
    assert [has_changed(), has_changed()] == [True, False]
    SyncRun.objects.filter(pk=running.pk).update(read=50)
    assert has_changed()
    SyncRun.objects.filter(pk=running.pk).update(state=SyncRun.State.FAILED, finished_at=timezone.now())
    assert has_changed()
    note_failure(Source.Call.POOLS, None, "No answer.")
    assert [has_changed(), has_changed()] == [True, False]


def test_open_homes_look_again_only_where_something_changed(db, monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr("toolkit.live.post", rung.append)
    cache.clear()
    with django_capture_on_commit_callbacks(execute=True):
        watch_home()
        watch_home()
    assert rung == [{"topics": "home"}]


@pytest.mark.parametrize("end", [lambda pk: finish(pk, missing=0), lambda pk: fail(pk, "No answer.")])
def test_a_run_that_begins_and_ends_rings_home(db, monkeypatch, django_capture_on_commit_callbacks, end):
    rung = []
    monkeypatch.setattr("toolkit.live.post", rung.append)
    run = make_run(state=SyncRun.State.QUEUED, finished_at=None)
    with django_capture_on_commit_callbacks(execute=True):
        begin(run.pk)
    assert rung == [{"topics": "home"}]
    with django_capture_on_commit_callbacks(execute=True):
        end(run.pk)
    assert rung == [{"topics": "home"}] * 2


def test_asked_for_again_it_brings_its_parts(client):
    html = client.get("/", headers=htmx("home")).content.decode()
    assert "<html" not in html
    assert 'id="home"' in html
    assert html.count('hx-swap-oob="morph"') == 2
    assert "latest-events" not in html


def test_who_may_see_some_accounts_gets_their_figures(client, user, django_user_model):
    mine, other = make_account("mine"), make_account("other")
    make_sim("1", account=mine)
    make_sims(3, account=other)
    make_pool("Hidden", account=other, account_name="other")
    limit_to(user, [mine], by=django_user_model.objects.create_user("admin"))
    response = client.get("/")
    assert total(response) == "1"
    assert "Hidden" not in text(response)
    assert "Data today" not in text(response)


def test_who_may_see_some_accounts_hears_nothing_of_the_others(client, user, django_user_model):
    mine, other = make_account("mine"), make_account("other")
    sims = {each: make_sim(str(each.pk), account=each) for each in (mine, other)}
    for sim in sims.values():
        Operation.objects.create(sim=sim, verb="activate", state="unknown", needs_person=True, username="x")
    make_run(state=SyncRun.State.FAILED, note="Page 3 of other: no answer.", kept_aside=1)
    SetAside.objects.create(run=SyncRun.objects.get(), account=other, giccid="2", reason="x", raw="{}")
    Message.objects.create(
        giccid="2", account=other, direction="mt", state="unknown", content="x", at=timezone.now()
    )  # fmt: skip
    theirs = Batch.objects.create(kind="suspend", state="running", chosen="giccids", username="x")
    ours = Batch.objects.create(kind="retire", state="running", chosen="giccids", username="x", accounts=[mine.pk])
    note_failure(Source.Call.PACKAGES, other, "No answer.")
    assert f"Batch {theirs.pk}" in text(client.get("/"))
    limit_to(user, [mine], by=django_user_model.objects.create_user("admin"))
    words = text(client.get("/"))
    assert "other" not in words
    assert "1 operation ended without an answer" in words
    assert "1 open operation" in words
    assert f"Batch {ours.pk} Retire" in words
    assert f"Batch {theirs.pk}" not in words
    assert all(told not in words for told in ("could not be read", "it is not known whether", "Last sync"))
    assert "Answers in part" not in words


def test_each_chart_of_home_has_its_table_and_its_file(client):
    EndingDay.objects.create(day=today() + 2 * DAY, account_id=0, n=1465)
    moment(0, 0, 12)
    response = client.get("/")
    html = response.content.decode()
    assert html.count('class="sp-chart-table"') == html.count(' as a table"') == 2
    assert f"<td>{today() + 2 * DAY:%A %-d %B}</td>" in html
    assert sheet(client.get("/?csv=today"))[0] == ["by", "today_mb", "usual_mb"]
    week = sheet(client.get("/enterprise/calendar/?csv=week"))
    assert [row[1] for row in week] == ["packages_ending", "0", "0", "1465", "0", "0", "0", "0"]


def test_many_readings_of_a_day_make_the_same_chart_as_one_an_hour(client):
    for back in (7, 14, 21):
        for minute in range(0, 720, 5):
            day = today() - back * DAY
            at = start_of(day) + timedelta(minutes=minute)
            UsageMoment.objects.create(day=day, at=at, used_mb=minute)
    moment(0, 6, 360)
    with CaptureQueriesContext(connection) as asked:
        found = today_of(start_of(today()) + timedelta(hours=6, minutes=1))
    assert len(asked) == 1
    assert (found.used_mb, found.usual_mb, found.difference) == (360, 360, "as usual")
