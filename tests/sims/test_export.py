"""Files of SIMs: what stands in them, how they are made in the background, and what becomes of them."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import stat
import threading
import zipfile
from datetime import timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.http import QueryDict
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from sims.export import jobs, store, work
from sims.export.at_once import csv_parts
from sims.export.chunks import FORMULA_SIGNS, Chunks
from sims.export.columns import COLUMNS, cells_of
from sims.export.files import BOM, Workbook
from sims.export.wanted import Wanted
from sims.models import Export, Sim, SimTag, Tag
from tests.sims.fleet import NOW, make_account, make_package, make_page, make_run, make_sim, make_sims
from toolkit import lease
from toolkit.streams import drawn
from users.models import AuditEntry

State = Export.State
SHEET = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


@pytest.fixture
def user(db, django_user_model):
    return django_user_model.objects.create_user("jonas", password="x")


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.PORTAL_DATA_DIR = tmp_path
    return tmp_path


def rows_of(text: bytes) -> list[dict[str, str]]:
    assert text.startswith(BOM)
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))


def file_of(*columns: str, size: int = 10_000) -> bytes:
    return b"".join(csv_parts(Chunks(Sim.objects.all(), cells_of(columns), size=size)))


def sheet_of(file: io.BytesIO | str | os.PathLike[str]) -> list[list[tuple[str, str]]]:
    """(type, text) of each cell, as the file itself says."""
    with zipfile.ZipFile(file) as archive:
        root = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
        assert root.find(".//s:f", SHEET) is None and root.find(".//s:hyperlink", SHEET) is None
    return [[(cell.get("t", "n"), "".join(cell.itertext())) for cell in row] for row in root.findall(".//s:row", SHEET)]


def wanted(user, query: str = "", columns: tuple[str, ...] = ("giccid", "status")) -> Wanted:
    return Wanted.of(user, QueryDict(query), columns=list(columns), giccids=[])


def work_out(export: Export, **options) -> Export:
    while work.work_slice(export.pk, **options):
        pass
    export.refresh_from_db()
    return export


def test_every_column_in_its_order(db):
    account = make_account("Łódź, “Süd”")
    make_package(account, "Prepaid-Basic-100M", "1024.500")
    sim = make_sim(
        account=account,
        data_usage_mb=Decimal("1234567.250"),
        devices=[{"imei": "490154203237518", "imsi": "460060000000001", "msisdn": "8614500004471"}, {"imei": "1"}],
        apns=[{"name": "iot.public", "status": "OPEN"}, {"name": "iot.private", "status": "CLOSED"}],
        missing_since=NOW,
        activated_at=None,
        sms_usage=0,
        voice_usage_min=None,
    )
    for name in ("zeta", "Alpha"):
        SimTag.objects.create(tag=Tag.objects.create(name=name), sim=sim)
    [row] = rows_of(file_of("data_usage", *COLUMNS))
    assert list(row)[:3] == ["Data this cycle (MB)", "Allowance (MB)", "ICCID"]
    assert row["ICCID"] == "8986011805021000004"
    assert (row["Data this cycle (MB)"], row["Allowance (MB)"]) == ("1234567.25", "1024.5")
    assert (row["Status"], row["Missing since"]) == ("Active", "2026-11-22T12:00:00+00:00")
    assert row["Account"] == "Łódź, “Süd”"
    assert (row["IMEI"], row["IMSI"], row["Phone number"]) == (
        "490154203237518; 1",
        "460060000000001",
        "8614500004471",
    )
    assert (row["APNs"], row["Tags"]) == ("iot.public; iot.private", "Alpha; zeta")
    assert (row["SMS this cycle"], row["Voice this cycle (min)"], row["First active"]) == ("0", "", "")


def test_a_sim_of_which_nothing_is_known(db):
    make_sim(package="", data_usage_mb=None, status="QUARANTINE")
    [row] = rows_of(file_of(*COLUMNS))
    assert row["Status"] == "QUARANTINE"
    assert (row["Data this cycle (MB)"], row["Allowance (MB)"], row["Account"], row["IMEI"]) == ("", "", "", "")


def test_identifiers_are_quoted_and_numbers_are_not(db):
    make_sim(data_usage_mb=Decimal("-0.5"))
    line = file_of("giccid", "data_usage").splitlines()[1]
    assert line == b'"8986011805021000004",-0.5,'


def test_the_age_is_that_of_the_last_page(db):
    _, second = make_sims(2)
    make_page(make_run(), [second], asked_at=NOW + timedelta(hours=1))
    make_page(make_run(), [second], asked_at=NOW + timedelta(minutes=1))
    assert [row["Read"] for row in rows_of(file_of("read"))] == [
        "2026-11-22T12:00:00+00:00",
        "2026-11-22T13:00:00+00:00",
    ]


@limits(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
    | st.builds("".join, st.tuples(st.sampled_from(FORMULA_SIGNS), st.text("=1+A\t\r\n\"',;|!()", max_size=9)))
)
def test_no_text_is_calculated_and_none_is_lost(db, package):
    Sim.objects.all().delete()
    make_sim(package=package)
    chunks = Chunks(Sim.objects.all(), cells_of(["giccid", "package"]))
    [row] = rows_of(b"".join(csv_parts(chunks)))
    cell = row["Package"]
    assert not cell.startswith(tuple(FORMULA_SIGNS))
    assert cell == (f"'{package}" if package.startswith(tuple(FORMULA_SIGNS)) else package)


def test_a_workbook_holds_texts_and_plain_numbers(db):
    make_sim("89860118050210000049", package='=HYPERLINK("http://x","y")', data_usage_mb=Decimal("71.205"))
    make_sim("8986011805021000005", package="http://example.org/", data_usage_mb=None)
    file = io.BytesIO()
    chunks = Chunks(Sim.objects.all(), cells_of(["giccid", "package", "data_usage"]))
    book = Workbook(file, chunks.columns)
    for chunk in chunks:
        book.write(chunk)
    book.close()
    head, first, second = sheet_of(file)
    assert [text for _, text in head] == ["ICCID", "Package", "Data this cycle (MB)", "Allowance (MB)"]
    assert first == [
        ("inlineStr", "89860118050210000049"),
        ("inlineStr", '\'=HYPERLINK("http://x","y")'),
        ("n", "71.205"),
    ]
    assert second == [("inlineStr", "8986011805021000005"), ("inlineStr", "http://example.org/")]


def test_no_sim_twice_and_none_skipped_while_others_move(db):
    """Chunks go by ICCID, which never changes; what else changes meanwhile moves nothing."""
    make_sims(7)
    seen = []
    for chunk in Chunks(Sim.objects.all(), cells_of(["giccid"]), size=2):
        seen += chunk.text.decode().replace('"', "").split()
        Sim.objects.update(status="DEACTIVATED", read_at=timezone.now())
        if len(seen) == 2:
            make_sim("0000000000000000001")  # behind us already
            make_sim("9999999999999999999")
    assert seen == [*(f"8986011805021{number:06}" for number in range(1, 8)), "9999999999999999999"]


def test_a_filter_is_kept_to(user):
    make_sims(3)
    Sim.objects.filter(giccid__endswith="2").update(status="RETIRED")
    asked = wanted(user, "status=RETIRED&after=zzz&format=csv&rows=200")
    assert asked.query == "status=RETIRED"
    assert asked.total == 1
    assert [row["Status"] for row in rows_of(b"".join(csv_parts(Chunks(asked.sims(), asked.cells))))] == ["Retired"]
    assert wanted(user, "status=%00").sims().count() == 0
    assert wanted(user, "status=%00").errors == ["Status: A value of this filter is damaged."]


@pytest.mark.parametrize("kind", Export.Format.values)
def test_a_file_made_in_the_background(user, kind, own_folder):
    make_sims(5)
    export = work_out(jobs.request(wanted(user), kind))
    path = store.path_of(export.file_name)
    assert (export.state, export.rows, export.total, export.size) == (State.FINISHED, 5, 5, path.stat().st_size)
    assert timedelta(days=6, hours=23) < export.expires_at - timezone.now() <= timedelta(days=7)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == [export.file_name]
    if kind == Export.Format.CSV:
        assert [row["ICCID"][-1] for row in rows_of(path.read_bytes())] == list("12345")
    else:
        assert [row[0][1][-1] for row in sheet_of(path)[1:]] == list("12345")
    assert AuditEntry.objects.get(action="sims.export").detail == {"format": kind, "rows": 5}


def test_the_same_wish_is_one_export_and_another_is_its_own(user, django_user_model):
    make_sim()
    first = jobs.request(wanted(user), "csv")
    assert jobs.request(wanted(user), "csv") == first
    assert jobs.request(wanted(user), "xlsx") != first
    assert jobs.request(wanted(django_user_model.objects.create_user("eva")), "csv") != first
    work_out(first)
    assert jobs.request(wanted(user), "csv") != first


def test_slices_go_on_where_the_last_one_ended(user, monkeypatch):
    make_sims(5)
    whole = file_of("giccid", "status")
    monkeypatch.setattr("sims.export.chunks.FIRST_ROWS", 1)
    monkeypatch.setattr("sims.export.chunks.ROWS", 1)
    export = jobs.request(wanted(user), "csv")
    assert work.work_slice(export.pk, slice_s=0) is True
    export.refresh_from_db()
    assert (export.state, export.rows, export.up_to[-1]) == (State.RUNNING, 1, "1")
    work_out(export, slice_s=0)
    assert store.path_of(export.file_name).read_bytes() == whole
    assert export.rows == 5


def test_what_a_killed_worker_wrote_behind_its_note_is_cut_off(user, monkeypatch):
    make_sims(3)
    whole = file_of("giccid", "status")
    monkeypatch.setattr("sims.export.chunks.FIRST_ROWS", 1)
    export = jobs.request(wanted(user), "csv")
    work.work_slice(export.pk, slice_s=0)
    with store.path_of(export.file_name + store.PART).open("ab") as part:
        part.write(b'"8986011805021000002","Acti')
    Export.objects.update(lease_owner="0b0e7a4e-5d0c-4b57-9d0b-3f3b8f2f6a11", lease_until=timezone.now())
    assert jobs.unattended() == [export.pk]
    work_out(export)
    assert store.path_of(export.file_name).read_bytes() == whole


def test_a_part_that_is_gone_is_begun_again(user, monkeypatch):
    make_sims(3)
    whole = file_of("giccid", "status")
    monkeypatch.setattr("sims.export.chunks.FIRST_ROWS", 1)
    export = jobs.request(wanted(user), "csv")
    work.work_slice(export.pk, slice_s=0)
    store.path_of(export.file_name + store.PART).unlink()
    assert work_out(export).rows == 3
    assert store.path_of(export.file_name).read_bytes() == whole


def test_one_worker_at_a_time(user):
    make_sims(2)
    export = jobs.request(wanted(user), "csv")
    row = Export.objects.filter(pk=export.pk)
    owner = lease.claim(row)
    assert work.work_slice(export.pk) is False
    assert jobs.unattended() == []
    lease.release(row, owner)
    with store.locked(export.file_name):  # a worker that lost its lease still writes
        assert work.work_slice(export.pk) is False
    assert work_out(export).state == State.FINISHED
    assert work.work_slice(export.pk) is False


def test_a_worker_that_lost_its_lease_stops(user):
    make_sims(2)
    export = jobs.request(wanted(user), "csv")
    owner = lease.claim(Export.objects.filter(pk=export.pk))
    Export.objects.update(lease_owner="0b0e7a4e-5d0c-4b57-9d0b-3f3b8f2f6a11")
    assert jobs.note(export, owner, rows=1) is False
    assert jobs.finish(export, owner, 1) is False
    jobs.fail(export, owner, "x")
    export.refresh_from_db()
    assert (export.rows, export.state) == (0, State.QUEUED)


def test_a_file_that_breaks_every_worker_is_given_up(user):
    make_sim()
    export = jobs.request(wanted(user), "xlsx")
    for _ in range(work.MAX_ATTEMPTS):
        jobs.begin(export.pk)
    work_out(export)
    assert export.state == State.FAILED
    assert export.note == "Writing it was broken off 3 times, so it was given up. Export again."


@pytest.mark.parametrize("kind", Export.Format.values)
def test_a_full_disk_is_told_and_nothing_is_offered(user, kind):
    make_sims(3)
    export = jobs.request(wanted(user), kind)
    store.path_of(export.file_name + store.PART).symlink_to("/dev/full")
    work_out(export)
    assert (export.state, export.note) == (State.FAILED, work.NO_ROOM)
    assert list(store.folder().iterdir()) == []


def test_an_export_whose_filter_or_maker_is_gone_says_so(user):
    lost = jobs.request(wanted(user, "account=nobody"), "csv")
    work_out(lost)
    assert lost.note == "Its filter cannot be read any more. Account: There is no account “nobody”."
    alone = jobs.request(wanted(user), "csv")
    user.delete()
    assert work_out(alone).note == "Who asked for it has no account any more."


def test_after_a_week_the_file_goes_and_the_row_says_so(user):
    make_sim()
    old, young = work_out(jobs.request(wanted(user), "csv")), work_out(jobs.request(wanted(user), "csv"))
    Export.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert jobs.expire() == 1
    old.refresh_from_db()
    assert old.state == State.EXPIRED
    assert [path.name for path in store.folder().iterdir()] == [young.file_name]
    assert jobs.expire() == 0


def test_what_belongs_to_no_export_goes_once_it_is_old(user):
    make_sim()
    kept = work_out(jobs.request(wanted(user), "csv"))
    stray, fresh, scratch = (store.path_of(name) for name in ("stray.csv.part", "fresh.csv", "gone.xlsx.scratch-1"))
    stray.touch()
    fresh.touch()
    scratch.mkdir()
    for path in (stray, scratch, store.path_of(kept.file_name)):
        os.utime(path, (1, 1))
    jobs.expire()
    assert {path.name for path in store.folder().iterdir()} == {kept.file_name, "fresh.csv"}


@pytest.mark.django_db(transaction=True)
def test_no_connection_is_held_between_two_chunks():
    make_sims(3)
    chunks = iter(Chunks(Sim.objects.all(), cells_of(["giccid"]), size=1))
    next(chunks)
    assert connection.connection is None
    assert next(chunks).rows == 1


@pytest.mark.django_db(transaction=True)
def test_a_download_that_is_cancelled_stops_its_query():
    """The cell takes a minute; the query is gone as soon as the browser is."""
    make_sim()
    slow = cells_of(["giccid"])
    slow[0] = type(slow[0])("Slow", "pg_sleep(60)::text")
    chunks = Chunks(Sim.objects.all(), slow)
    is_running = threading.Event()

    def parts():
        is_running.set()
        for chunk in chunks:
            yield chunk.text

    async def download() -> None:
        stream = drawn(parts(), chunks.stop)
        reading = asyncio.ensure_future(anext(stream))
        while not await asyncio.to_thread(_is_sleeping):
            await asyncio.sleep(0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await stream.aclose()

    async_to_sync(download)()
    assert is_running.is_set()
    assert not _is_sleeping()


def _is_sleeping() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND state = 'active' AND wait_event = 'PgSleep'"
        )
        found = bool(cursor.fetchone()[0])
    connection.close()
    return found
