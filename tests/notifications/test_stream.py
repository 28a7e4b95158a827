from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import connection, connections
from django.test import Client

from enterprise.models import AccountAccess
from enterprise.scope import limit_to
from journal.models import Event
from notifications import stream as stream_module
from notifications import stream_hub, stream_pace, stream_rows, stream_viewer
from notifications.stream import EventStream
from tests.notifications.feed import GICCID, account, write
from tests.notifications.watcher import Watcher, run, watching
from toolkit import live
from users.models import User

# An event that a test before has left would come with those of the last minute.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]


@pytest.fixture
def user() -> User:
    return User.objects.create_user("mara", password="a-password-of-tests")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def cookie(client: Client) -> str:
    return f"sessionid={client.cookies['sessionid'].value}"


def conversation(work: Callable[[EventStream], object]) -> None:
    """Run `work` with a stream, and leave nothing open behind it."""

    async def whole() -> None:
        stream = EventStream()
        try:
            await work(stream)
        finally:
            stream.end()
            await stream.hub.access.close()
            await asyncio.sleep(0)

    run(whole())


@sync_to_async
def in_database(work: Callable[..., object], *arguments: object, **fields: object) -> object:
    """In the thread that holds the test's connection, as the worker would do it elsewhere."""
    try:
        return work(*arguments, **fields)
    finally:
        connections.close_all()


def events_in(watcher: Watcher) -> list[int]:
    html = "".join(frame["data"] for frame in watcher.of("journal"))
    return [int(number) for number in re.findall(r'data-event="(\d+)"', html)]


def test_nobody_gets_401_and_no_redirect():
    async def work(stream):
        for cookie in ("", "sessionid=", "sessionid=nobody", "sessionid=\x00", "=;;,\xff"):
            async with watching(stream, cookie=cookie) as watcher:
                assert watcher.status == 401
        assert not stream.hub.viewers

    conversation(work)


def test_only_get(cookie):
    async def work(stream):
        async with watching(stream, cookie=cookie, method="POST") as watcher:
            assert (watcher.status, watcher.headers["allow"]) == (405, "GET")

    conversation(work)


@pytest.mark.parametrize(
    "query", ["topics=<b>", f"topics=sim:{'9' * 99}", "feed=sim%3Dx", "feed=&after=-1", f"after={'9' * 30}"]
)
def test_what_cannot_be_asked_for_is_400(cookie, query):
    async def work(stream):
        async with watching(stream, query, cookie=cookie) as watcher:
            assert watcher.status == 400

    conversation(work)


def test_a_topic_that_is_rung_comes_as_a_look(cookie):
    async def work(stream):
        async with watching(stream, "topics=operations%20sim:8986", cookie=cookie) as watcher:
            assert watcher.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert "no-store" in watcher.headers["cache-control"]
            await in_database(live.ring, "inbox", "operations")
            await in_database(live.ring, "sim:8986")
            await watcher.until(
                lambda it: {w for f in it.of("look") for w in f["data"].split()} >= {"operations", "sim:8986"}
            )
            assert not watcher.of("journal")

    conversation(work)


def test_what_was_rung_just_before_the_page_opened_is_rung_again(cookie):
    async def work(stream):
        async with watching(stream, "topics=home", cookie=cookie) as first:
            await in_database(live.ring, "operation:7")
            await in_database(live.ring, "home")
            await first.framed("look")
            async with watching(stream, "topics=operation:7", cookie=cookie) as second:
                assert (await second.framed("look"))[0]["data"] == "operation:7"

    conversation(work)


def test_what_was_rung_meanwhile_follows_the_greeting_at_once(cookie, monkeypatch):
    monkeypatch.setattr(stream_pace, "GAP_S", 600)

    async def work(stream):
        async with watching(stream, "topics=home", cookie=cookie) as first:
            await in_database(live.ring, "changes:8986", "home")
            await first.framed("look")
            async with watching(stream, "topics=changes:8986", cookie=cookie) as second:
                assert (await second.framed("look"))[0]["data"] == "changes:8986"

    conversation(work)


@pytest.mark.parametrize("query", ["feed=", ""])
def test_new_events_come_as_rows_with_their_id(cookie, query):
    async def work(stream):
        async with watching(stream, query, cookie=cookie) as watcher:
            ids = await in_database(write, 3)
            [frame] = await watcher.framed("journal")
            assert events_in(watcher) == ids
            assert frame["id"] == str(ids[-1])
            assert "no longer <b>Active</b>" in frame["data"]
            assert '<time datetime="20' in frame["data"]

    conversation(work)


def test_a_page_hears_of_its_sim_from_the_journal(cookie):
    async def work(stream):
        async with watching(stream, f"topics=sim:{GICCID}%20sim:1", cookie=cookie) as watcher:
            await in_database(write)
            assert (await watcher.framed("look"))[0]["data"] == f"sim:{GICCID}"

    conversation(work)


def test_many_at_once_are_a_count_and_a_look_at_the_sims_among_them(cookie):
    async def work(stream):
        async with (
            watching(stream, "feed=", cookie=cookie) as feed,
            watching(stream, "feed=kind%3Dsim.imei", cookie=cookie) as other,
            watching(stream, f"topics=sim:{GICCID}", cookie=cookie) as sim,
        ):
            await in_database(write, 60)
            assert [frame["data"] for frame in await feed.framed("many")] == ["60"]
            await sim.framed("look")
            [event] = await in_database(write, kind="sim.imei", data={"old": "1", "new": "2"})
            await other.framed("journal")
            assert (events_in(other), other.of("many")) == ([event], [])

    conversation(work)


def test_filters_choose_the_rows(cookie):
    async def work(stream):
        query = "feed=kind%3Dsim.imei%26severity%3Dwarning%26sim%3D7%26sim%3D8"
        async with watching(stream, query, cookie=cookie) as watcher:
            await in_database(write, sim_id=7)
            await in_database(write, kind="sim.imei", sim_id=9, data={"old": "1", "new": "2"})
            wanted = await in_database(write, kind="sim.imei", sim_id=8, data={"old": "1", "new": "2"})
            await watcher.framed("journal")
            assert events_in(watcher) == wanted

    conversation(work)


def test_who_is_limited_gets_the_rows_of_their_accounts_only(cookie, user):
    lab, dach = account("lab"), account("dach")
    AccountAccess.objects.create(user=user, account=lab)

    async def work(stream):
        async with watching(stream, "feed=", cookie=cookie) as watcher:
            await in_database(write, account_id=dach.pk)
            await in_database(write)
            await in_database(write, 51, account_id=dach.pk)
            ours = await in_database(write, account_id=lab.pk)
            await watcher.framed("journal")
            assert (events_in(watcher), watcher.of("many")) == (ours, [])

    conversation(work)


def test_a_scope_that_changed_ends_the_stream(cookie, user):
    lab = account("lab")
    admin = User.objects.create_user("ada", role=User.Role.ADMIN)

    async def work(stream):
        async with watching(stream, "feed=", cookie=cookie) as watcher:
            await in_database(limit_to, user, [lab], by=admin)
            await watcher.until(lambda it: it.has_ended)
            assert [frame["event"] for frame in watcher.frames] == ["end"]

    conversation(work)


def test_logging_out_ends_the_streams_of_that_session_alone(client, cookie, user):
    other = Client()
    other.force_login(user)

    async def work(stream):
        async with (
            watching(stream, "topics=home", cookie=cookie) as ours,
            watching(stream, "topics=home", cookie=f"sessionid={other.cookies['sessionid'].value}") as theirs,
        ):
            await in_database(client.post, "/logout/")
            await ours.until(lambda it: it.has_ended)
            await in_database(live.ring, "home")
            await theirs.framed("look")
            assert not theirs.has_ended

    conversation(work)


@pytest.mark.parametrize("change", ["session", "password", "active"])
def test_whose_access_ended_is_sent_away_at_the_next_asking(cookie, user, monkeypatch, change):
    monkeypatch.setattr(stream_hub, "CHECK_S", 0.1)

    def end() -> None:
        if change == "session":
            Session.objects.all().delete()
        elif change == "password":
            user.set_password("another-password-of-tests")
            user.save()
        else:
            User.objects.update(is_active=False)

    async def work(stream):
        async with watching(stream, "topics=home", cookie=cookie) as watcher:
            await in_database(end)
            await watcher.until(lambda it: it.has_ended)
        async with watching(stream, cookie=cookie) as watcher:
            assert watcher.status == 401

    conversation(work)


def test_nobody_stays_whom_the_database_cannot_vouch_for(cookie, monkeypatch):
    monkeypatch.setattr(stream_hub, "CHECK_S", 0.1)
    monkeypatch.setattr(stream_hub, "LONGEST_DOUBT_S", 0.3)

    async def away(people):
        raise OSError

    async def work(stream):
        async with watching(stream, "topics=home", cookie=cookie) as watcher:
            monkeypatch.setattr(stream.hub.access, "still", away)
            await watcher.until(lambda it: it.has_ended)

    conversation(work)


def test_what_was_missed_is_replayed_from_the_journal(cookie):
    first, *later = write(3)
    assert first

    async def work(stream):
        async with watching(stream, "feed=", cookie=cookie, last_id=str(first)) as watcher:
            [frame] = await watcher.framed("journal")
            # The last minute comes again, for a lower id may have been committed later.
            assert events_in(watcher) == [first, *later]
            assert frame["id"] == str(later[-1])
            new = await in_database(write)
            await watcher.framed("journal", 2)
            assert events_in(watcher)[3:] == new

    conversation(work)


def test_the_header_wins_over_the_address_and_memory_serves_who_comes_back(cookie, monkeypatch):
    async def work(stream):
        async with watching(stream, "feed=", cookie=cookie) as first:
            ids = [await in_database(write) for _ in range(3)]
            await first.until(lambda it: len(events_in(it)) == 3)
            monkeypatch.setattr(stream.hub.journal, "after", lambda event_id: pytest.fail("asked the database"))
            async with watching(stream, "feed=&after=0", cookie=cookie, last_id=str(ids[0][0])) as second:
                await second.framed("journal")
                assert events_in(second) == [ids[1][0], ids[2][0]]

    conversation(work)


def test_who_was_away_too_long_reads_the_page_again(cookie, monkeypatch):
    monkeypatch.setattr(stream_rows, "REPLAYED", 2)
    first, *_ = write(4)

    async def work(stream):
        async with watching(stream, f"feed=&after={first}", cookie=cookie) as watcher:
            assert (await watcher.framed("refresh"))[0]["data"] == "too old"
            assert not watcher.of("journal")

    conversation(work)


def test_events_that_nobody_announced_come_within_a_sweep(cookie, monkeypatch):
    """Valkey is away: the journal of the last minute is read again and again."""
    monkeypatch.setattr(stream_hub, "SWEEP_S", 0.1)
    monkeypatch.setattr(live, "post", lambda entry: None)
    monkeypatch.setattr("django.conf.settings.REDIS_URL", "unix:///nowhere/valkey.sock")

    async def work(stream):
        async with watching(stream, "feed=", cookie=cookie) as watcher:
            ids = await in_database(write, 2)
            await watcher.framed("journal")
            assert events_in(watcher) == ids

    conversation(work)


def test_each_event_comes_once_however_often_it_is_told_of(cookie, monkeypatch):
    monkeypatch.setattr(stream_hub, "SWEEP_S", 0.05)

    async def work(stream):
        async with watching(stream, "feed=", cookie=cookie) as watcher:
            ids = [(await in_database(write))[0] for _ in range(3)]
            await in_database(live.post, {"journal": " ".join(map(str, ids))})
            last = await in_database(write)
            await watcher.until(lambda it: last[0] in events_in(it))
            assert events_in(watcher) == [*ids, *last]

    conversation(work)


def test_at_most_two_frames_a_second(cookie):
    async def work(stream):
        clock, sent = asyncio.get_running_loop().time, []
        async with watching(stream, "feed=", cookie=cookie) as watcher:
            for _ in range(6):
                await in_database(write)
                sent.append((clock(), len(watcher.of("journal"))))
            await watcher.until(lambda it: len(events_in(it)) == 6)
            assert len(watcher.of("journal")) <= 2 + 2 * (clock() - sent[0][0])

    conversation(work)


def test_a_slow_browser_is_hung_up_on(cookie, monkeypatch):
    monkeypatch.setattr(stream_viewer, "SLOW_S", 0.1)
    monkeypatch.setattr(stream_hub, "TEND_S", 0.05)
    hung_up = []

    async def work(stream):
        def hang_up() -> None:
            hung_up.append(True)
            watcher.leave()

        extensions = {"smarthub.abort": {"call": hang_up}}
        async with watching(stream, "topics=home", cookie=cookie, extensions=extensions) as watcher:
            watcher.is_slow = True
            await in_database(live.ring, "home")
            async with asyncio.timeout(10):
                while stream.hub.viewers:
                    await asyncio.sleep(0.01)
        assert hung_up == [True]

    conversation(work)


def test_a_quiet_page_is_sent_a_beat(cookie, monkeypatch):
    monkeypatch.setattr(stream_viewer, "BEAT_S", 0)
    monkeypatch.setattr(stream_hub, "TEND_S", 0.01)

    async def work(stream):
        async with watching(stream, "topics=home", cookie=cookie) as watcher:
            await watcher.until(lambda it: it.beats >= 3)

    conversation(work)


def test_who_fell_behind_the_memory_reads_the_page_again(cookie, monkeypatch):
    monkeypatch.setattr(stream_rows, "KEPT", 2)

    async def work(stream):
        async with watching(stream, "feed=", cookie=cookie) as watcher:
            await in_database(write, 5)
            assert (await watcher.framed("refresh"))[0]["data"] == "behind"

    conversation(work)


def test_more_rows_than_a_page_takes_at_once_are_a_count(cookie, monkeypatch):
    monkeypatch.setattr(stream_viewer, "ROWS_A_FRAME", 2)

    async def work(stream):
        async with watching(stream, "feed=", cookie=cookie) as watcher:
            ids = await in_database(write, 5)
            await watcher.framed("journal")
            assert events_in(watcher) == ids[-2:]
            assert [frame["data"] for frame in watcher.of("many")] == ["3"]

    conversation(work)


def test_a_stop_ends_every_stream_and_lets_nobody_in(cookie):
    async def work(stream):
        async with watching(stream, "topics=home", cookie=cookie) as watcher:
            stream.end()
            await watcher.until(lambda it: it.has_ended)
        async with watching(stream, cookie=cookie) as late:
            assert late.status == 503

    conversation(work)


def test_a_full_house_lets_nobody_in(cookie, monkeypatch):
    monkeypatch.setattr(stream_module, "MOST_VIEWERS", 1)

    async def work(stream):
        async with watching(stream, cookie=cookie) as first, watching(stream, cookie=cookie) as second:
            assert (first.status, second.status) == (200, 503)
            assert second.headers["retry-after"] == "5"

    conversation(work)


def test_a_page_that_leaves_is_forgotten_and_the_last_one_ends_the_reading(cookie):
    async def work(stream):
        async with watching(stream, cookie=cookie):
            assert len(stream.hub.viewers) == 1
        assert not stream.hub.viewers
        assert not stream.hub._tasks

    conversation(work)


def test_the_reading_ends_whatever_it_was_about_to_do(cookie):
    """Cut off at each turn of the loop in which it dials, asks and waits for an answer."""

    async def work(stream):
        for turns in range(60):
            before = asyncio.all_tasks()
            async with watching(stream, cookie=cookie):
                for _ in range(turns):
                    await asyncio.sleep(0)
            reading = {task for task in asyncio.all_tasks() - before if "_for_ever" in repr(task)}
            if reading:
                await asyncio.wait(reading, timeout=2)
            assert not [task for task in reading if not task.done()], turns

    conversation(work)


def test_viewers_hold_no_connection(cookie, settings):
    """Fifty pages that watch, and not a connection among them: each asks once, through a pool that empties itself."""

    def connected() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return cursor.fetchone()[0]

    before = connected()

    async def work(stream):
        async with asyncio.timeout(20):
            watchers = [watching(stream, "topics=home", cookie=cookie) for _ in range(50)]
            opened = await asyncio.gather(*(each.__aenter__() for each in watchers))
            assert {watcher.status for watcher in opened} == {200}
            await in_database(live.ring, "home")
            await asyncio.gather(*(watcher.framed("look") for watcher in opened))
            assert await in_database(connected) - before <= 4
            await asyncio.gather(*(each.__aexit__(None, None, None) for each in watchers))

    conversation(work)


@pytest.fixture(autouse=True)
def _empty_journal(transactional_db) -> Iterator[None]:
    """A table that Django does not manage is not emptied after a test either."""
    yield
    Event.objects.all().delete()
    connections.close_all()
