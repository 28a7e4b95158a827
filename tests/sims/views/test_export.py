import csv
import io
import re
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient
from django.utils import timezone

from sims.columns import keep
from sims.export import jobs, store, work
from sims.export.wanted import AT_ONCE, Wanted
from sims.models import Export
from tests.page import alerts, errors, htmx, text
from tests.sims.fleet import make_account, make_sim, make_sims

URL = "/sims/export/"
LIST = "/sims/exports/"
State = Export.State


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.PORTAL_DATA_DIR = tmp_path


@pytest.fixture
def small(monkeypatch):
    """Nothing but one SIM is sent at once."""
    monkeypatch.setitem(AT_ONCE, Export.Format.CSV, 1)
    monkeypatch.setitem(AT_ONCE, Export.Format.XLSX, 1)


@pytest.fixture
def other(django_user_model):
    return django_user_model.objects.create_user("eva", password="x")


def make_export(user, kind="csv", **fields) -> Export:
    export = jobs.request(Wanted(user, "", ["giccid", "status"]), kind)
    Export.objects.filter(pk=export.pk).update(**fields)
    export.refresh_from_db()
    return export


def make_file(user, kind="csv") -> Export:
    export = make_export(user, kind)
    assert work.work_slice(export.pk) is False
    export.refresh_from_db()
    return export


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def rows(response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(response).decode("utf-8-sig"))))


def test_a_small_csv_comes_at_once(client, db):
    make_sims(2)
    make_sim("1001", status="RETIRED")
    response = client.get(URL, {"status": "RETIRED", "format": "csv"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="sims-\d{8}-\d{4}\.csv"', response["Content-Disposition"])
    assert [row["ICCID"] for row in rows(response)] == ["1001"]


def test_the_columns_are_the_lists_own(client, user):
    make_sim(account=make_account())
    keep(user, ["imei", "account"], None)
    assert list(rows(client.get(URL, {"format": "csv"}))[0]) == ["ICCID", "IMEI", "Account"]
    shown = client.get(URL, {"format": "csv", "column": ["package", "status", "nonsense", "\x00"]})
    assert list(rows(shown)[0]) == ["ICCID", "Package", "Status", "Missing since"]


def test_a_small_workbook_comes_at_once(client, db):
    make_sims(2)
    response = client.get(URL, {"format": "xlsx"})
    content = body(response)
    assert content.startswith(b"PK") and response["Content-Length"] == str(len(content))


def test_under_asgi_it_is_streamed(db, user):
    make_sims(3)

    async def fetch() -> bytes:
        client = AsyncClient()
        await client.aforce_login(user)
        response = await client.get(URL, {"format": "csv"})
        assert response.is_async
        return b"".join([part async for part in response.streaming_content])

    assert async_to_sync(fetch)().count(b"\n") == 4


def test_asking_for_the_head_reads_nothing(client, db):
    make_sim()
    response = client.head(URL, {"format": "csv"})
    assert "attachment" in response["Content-Disposition"] and body(response) == b""


def test_ticked_rows(client, db):
    make_sims(3)
    chosen = {"sim": ["8986011805021000001", "8986011805021000003"], "query": "status=RETIRED", "format": "csv"}
    assert [row["ICCID"][-1] for row in rows(client.post(URL, chosen))] == ["1", "3"]
    everything = client.post(URL, {**chosen, "everything": "1"})
    assert rows(everything) == []


def test_a_big_one_is_made_in_the_background(client, user, small):
    make_sims(2)
    asked = client.get(URL, {"format": "csv"})
    assert asked.status_code == 200 and "Made in the background; the link lives a week." in text(asked)
    assert not Export.objects.exists()  # reading a page makes nothing
    response = client.post(URL, {"everything": "1", "query": "status=ACTIVATED", "format": "csv"})
    export = Export.objects.get()
    assert response["Location"] == f"{LIST}{export.uuid}/"
    assert (export.user, export.query, export.total) == (user, "status=ACTIVATED", 2)
    assert client.post(URL, {"everything": "1", "query": "status=ACTIVATED", "format": "csv"})["Location"].endswith(
        f"{export.uuid}/"
    )
    assert Export.objects.count() == 1


def test_the_page_that_asks(client, db):
    make_sims(2)
    words = text(client.get(URL, {"status": "ACTIVATED"}))
    assert "Export 2 SIMs" in words and "Status Active" in words
    assert "Download XLSX" in words and "Download CSV" in words
    assert "ICCID, Status, Missing since, Account" in words
    ticked = client.post(URL, {"sim": "8986011805021000001"}).content.decode()
    assert '<input type="hidden" name="sim" value="8986011805021000001">' in ticked


def test_a_workbook_has_an_end(client, user, monkeypatch):
    monkeypatch.setattr("sims.export.wanted.MAX_SHEET_ROWS", 1)
    make_sims(3)
    response = client.post(URL, {"everything": "1", "format": "xlsx"})
    assert response.status_code == 422
    assert errors(response) == ["A sheet holds 1 SIMs at most, and these are 3: take CSV."]
    assert not Export.objects.exists()


def test_what_is_not_counted_beforehand_is_counted_by_the_worker(client, user, monkeypatch):
    """Counting through ten million SIMs is nothing to keep a person waiting for."""
    monkeypatch.setattr("sims.export.wanted.MAX_SHEET_ROWS", 1)
    make_sims(3, po="7")
    assert "Export 1+ SIMs" in text(client.get(URL, {"po": "7"}))
    wanted = Wanted(user, "po=7", ["giccid"])
    export = jobs.request(wanted, "csv")
    assert export.total == 2
    work.work_slice(export.pk)
    export.refresh_from_db()
    assert (export.total, export.rows) == (3, 3)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"format": "pdf"}, "A file is CSV or XLSX."),
        ({"format": "\x00"}, "A file is CSV or XLSX."),
        ({"format": "csv", "status": "\x00"}, "Status: A value of this filter is damaged."),
        ({"format": "csv", "account": "nobody"}, "Account: There is no account “nobody”."),
        ({"format": "xlsx", "set": "x"}, None),
    ],
)
def test_what_cannot_be_read_gives_no_file(client, db, query, message):
    make_sim()
    response = client.get(URL, query)
    assert response.status_code == 200 and not response.streaming
    assert errors(response)
    if message:
        assert errors(response)[0] == message


def test_nothing_ticked_is_not_the_whole_fleet(client, db):
    make_sim()
    response = client.post(URL, {"format": "csv", "query": ""})
    assert response.status_code == 422
    assert errors(response) == ["No SIM was ticked, so nothing was changed."]
    assert client.post(URL, {"format": "csv", "sim": "../x"}).status_code == 422


def test_progress_and_estimate(client, user):
    make_sims(3)
    export = make_export(
        user, state=State.RUNNING, rows=25_000, total=100_000, started_at=timezone.now() - timedelta(seconds=10)
    )
    response = client.get(f"{LIST}{export.uuid}/", headers=htmx("export"))
    words = text(response)
    assert "25,000 of 100,000 SIMs, about 30 s left" in words
    assert 'hx-trigger="every 1s"' in response.content.decode() and "<html" not in response.content.decode()
    assert client.get(f"{LIST}{export.uuid}/file/").status_code == 410


def test_a_finished_one_is_downloaded(client, user):
    make_sims(3)
    export = make_file(user)
    page = client.get(f"{LIST}{export.uuid}/")
    assert f'href="{LIST}{export.uuid}/file/"' in page.content.decode()
    assert "every 1s" not in page.content.decode()
    # an answer still under way has its place
    assert 'data-state="finished" hx-target="this" hx-swap="morph:outerHTML">' in page.content.decode()
    assert "3 SIMs, 1 KB." in text(page)
    response = client.get(f"{LIST}{export.uuid}/file/")
    assert int(response["Content-Length"]) == export.size
    assert len(rows(response)) == 3


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": State.FAILED, "note": work.NO_ROOM, "rows": 9}, "The portal’s disk is full."),
        ({"state": State.EXPIRED}, "The file was kept for a week and is deleted."),
        ({"state": State.QUEUED}, "waiting for a worker"),
    ],
)
def test_what_has_no_file_says_why(client, user, fields, words):
    make_sim()
    export = make_export(user, **fields)
    assert words in text(client.get(f"{LIST}{export.uuid}/"))
    assert "/file/" not in client.get(f"{LIST}{export.uuid}/").content.decode()
    assert "/file/" not in client.get(LIST).content.decode()
    assert client.get(f"{LIST}{export.uuid}/file/").status_code == 410


def test_a_file_that_is_gone_from_the_disk(client, user):
    make_sim()
    export = make_file(user)
    store.remove(export.file_name)
    response = client.get(f"{LIST}{export.uuid}/file/")
    assert response.status_code == 410
    assert "The file is not there any more." in text(response)


def test_only_its_maker_and_admins_see_it(client, other):
    make_sim()
    export = make_file(other)
    for path in (f"{LIST}{export.uuid}/", f"{LIST}{export.uuid}/file/"):
        assert client.get(path).status_code == 404
    assert str(export.uuid) not in client.get(LIST).content.decode()
    other.role = other.Role.ADMIN
    other.save()
    client.force_login(other)
    assert len(rows(client.get(f"{LIST}{export.uuid}/file/"))) == 1
    assert str(export.uuid) in client.get(LIST).content.decode()


def test_an_admin_sees_everybodys(client, user, other):
    make_sim()
    export = make_file(other)
    user.role = user.Role.ADMIN
    user.save()
    assert "eva" in text(client.get(LIST))
    client.get(f"{LIST}{export.uuid}/file/").close()  # before the first part: the file is closed all the same


def test_the_list_in_pages(client, user):
    make_sim()
    made = [make_file(user) for _ in range(22)]
    first = client.get(LIST).content.decode()
    assert first.count("<tr data-export=") == 20
    assert f'href="?after={made[2].pk}"' in first
    assert client.get(LIST, {"after": made[2].pk}).content.decode().count("<tr data-export=") == 2
    damaged = client.get(LIST, {"after": "\x00"})
    assert errors(damaged) == ["The address of these exports is damaged, so the newest stand here."]


def test_the_list_is_live_while_one_is_open(client, user):
    make_sim()
    assert "No file was made in the background yet" in text(client.get(LIST))
    export = make_export(user)
    live = client.get(LIST, headers=htmx("exports")).content.decode()
    assert "every 2s" in live and "<html" not in live
    work.work_slice(export.pk)
    assert "every 2s" not in client.get(LIST).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(client, user, django_assert_num_queries, count):
    make_sim()
    for _ in range(count):
        make_file(user)
    # session, user, what they may see, exports, their number, freshness, total
    with django_assert_num_queries(7):
        assert client.get(LIST).content.decode().count("<tr data-export=") == count


def test_methods_and_people(client, anonymous, user):
    make_sim()
    export = make_file(user)
    assert client.put(URL).status_code == 405
    for path in (LIST, f"{LIST}{export.uuid}/", f"{LIST}{export.uuid}/file/"):
        assert client.post(path).status_code == 405
        assert anonymous.get(path)["Location"].startswith("/login/")
    assert anonymous.get(URL, {"format": "csv"})["Location"].startswith("/login/")
    assert anonymous.post(URL, {"everything": "1", "format": "csv"})["Location"].startswith("/login/")
    assert client.get(f"{LIST}0b0e7a4e-5d0c-4b57-9d0b-3f3b8f2f6a11/").status_code == 404
    assert alerts(client.get(LIST)) == []
