from __future__ import annotations

import csv
import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.utils import timezone

from sims.models import ChangeLogRow, HistoryRead, Sim, SimCustomFields, UsageDay
from sims.usage import Cycle
from tests.page import alerts, errors, field, htmx, text
from tests.sims.fleet import make_account, make_package, make_sim

SEED = "8986011805021000004"
PAGE = f"/sims/{SEED}/"
HISTORY = f"{PAGE}history/read/"
FIELDS = f"{PAGE}custom-fields/read/"
CSV = f"{PAGE}usage.csv"


@pytest.fixture
def sim(db) -> Sim:
    now = timezone.now()
    make_package(make_account())
    return make_sim(
        SEED, account=make_account(), status="DEACTIVATED", read_at=now, changed_at=now - timedelta(days=2),
        first_seen_at=now - timedelta(days=40),
    )  # fmt: skip


@pytest.fixture
def log(carrier):
    """The carrier's own story of the SIM: suspended just now, through its API."""
    from smarthub import Client

    client = Client(base_url=carrier.base_url, api_key=carrier.key)
    client.suspend(SEED)
    client.close()


def test_the_history_is_read_once_the_page_stands(client, sim):
    html = client.get(PAGE).content.decode()
    assert f'hx-post="{HISTORY}" hx-trigger="load"' in html
    assert "Reading the carrier’s history of this SIM…" in html
    HistoryRead.objects.create(sim=sim, read_at=timezone.now(), since=timezone.now() - timedelta(days=179))
    again = client.get(PAGE)
    assert 'hx-trigger="load"' not in again.content.decode()
    assert "Carrier’s history read 0 s ago , back to" in text(again)


@pytest.mark.parametrize("query", ["kind=status", "older=1"])
def test_a_part_of_the_story_is_left_alone(client, sim, query):
    assert 'hx-trigger="load"' not in client.get(f"{PAGE}?{query}").content.decode()


def test_the_journal_and_the_reason_come_back(client, sim, carrier, log):
    html = (answer := client.post(HISTORY, headers=htmx("journal"))).content.decode()
    assert "<html" not in html and 'id="journal"' in html and 'id="standing"' in html and 'hx-swap-oob="true"' in html
    assert 'hx-trigger="load"' not in html
    row = ChangeLogRow.objects.get(kind=ChangeLogRow.STATUS)
    assert f'data-history="{row.pk}" data-kind="history.status_change"' in html
    words = text(answer)
    assert "A request to the carrier’s API changed the status: Active to Suspended" in words
    assert "because a request to the carrier’s API asked for it." in words


def test_without_a_script_the_page_comes_again(client, sim, carrier, log):
    answer = client.post(HISTORY)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    page = client.get(PAGE)
    assert any("The carrier’s history was read:" in said for said in alerts(page))
    assert "because a request to the carrier’s API asked for it." in text(page)
    client.post(HISTORY)
    assert any("nothing is new" in said for said in alerts(client.get(PAGE)))


def test_further_back(client, sim, carrier):
    client.post(HISTORY)
    before = HistoryRead.objects.get().since
    assert 'name="further"' in client.get(PAGE).content.decode()
    client.post(HISTORY, {"further": "1"})
    assert HistoryRead.objects.get().since < before
    Sim.objects.update(sold_at=timezone.now() - timedelta(days=200))
    assert 'name="further"' not in client.get(PAGE).content.decode()


def test_a_history_that_cannot_be_read_says_why_and_is_not_asked_for_again(client, sim, carrier):
    carrier.post("/_sim/fault", {"operation": "sim_change_logs", "kind": "401", "times": 10})
    answer = client.post(HISTORY, headers=htmx("journal"))
    assert errors(answer) == [
        "The carrier’s history could not be read. The carrier refused the key (401). Check SMARTHUB_API_KEY."
    ]
    assert 'hx-trigger="load"' not in answer.content.decode()
    client.post(HISTORY)
    assert any("could not be read. The carrier refused the key" in said for said in alerts(client.get(PAGE)))


def test_custom_fields_are_read_when_asked(client, sim, carrier):
    assert "Custom fields not read yet" in text(client.get(PAGE))
    answer = client.post(FIELDS, headers=htmx("custom-fields"))
    html = answer.content.decode()
    assert html.strip().startswith('<section id="custom-fields"')
    assert "read 0 s ago" in text(answer)
    SimCustomFields.objects.update(custom2="<b>meter-0042</b>", custom3="")
    page = client.get(PAGE)
    assert field(page, "custom2") == "<b>meter-0042</b>"
    assert field(page, "custom3") == "not set"
    assert client.post(FIELDS)["Location"] == PAGE
    assert any("were read just now" in said for said in alerts(client.get(PAGE)))


def test_custom_fields_that_cannot_be_read(client, sim, carrier):
    SimCustomFields.objects.create(sim=sim, custom1="as it was")
    carrier.post("/_sim/fault", {"operation": "custom_field_get", "kind": "403", "times": 10})
    answer = client.post(FIELDS, headers=htmx("custom-fields"))
    assert errors(answer) == [
        "They could not be read. The key has no right to this (403). Ask the carrier to grant it."
    ]
    assert "as it was" in text(answer)
    client.post(FIELDS)
    assert any("could not be read. The key has no right" in said for said in alerts(client.get(PAGE)))


def reading(sim: Sim, number: int, mb: str) -> None:
    cycle = Cycle.at(timezone.now())
    day = cycle.first.replace(day=number)
    UsageDay.objects.create(
        day=day, sim_id=sim.pk, cycle=cycle.first, data_usage_mb=Decimal(mb), read_at=timezone.now()
    )


def test_usage_as_picture_table_and_file(client, sim):
    reading(sim, 1, "3.5")
    page = client.get(PAGE)
    html = page.content.decode()
    data = json.loads(unescape(re.search(r'data-usage-chart="([^"]*)"', html)[1]))
    cycle = Cycle.at(timezone.now())
    assert (data["first"], data["days"]) == (cycle.first.isoformat(), cycle.length)
    assert data["mb"] == [3.5] + [None] * (cycle.length - 1)
    assert data["allowance"] == round(100 / cycle.length, 3)
    assert data["off"][0]["from"] == 0.5 and data["off"][0]["label"] == "suspended"
    assert 0.5 <= data["now"] <= cycle.length + 0.5
    assert f"<td>{cycle.first:%a} 1 {cycle.first:%b}</td>" in html and "3.50" in html
    assert 'aria-label="Usage per day since 1' in html
    file = client.get(CSV)
    rows = list(csv.reader(file.content.decode().splitlines()))
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    assert file["Content-Disposition"] == f'attachment; filename="usage-{SEED}-{cycle.first:%Y-%m}.csv"'
    assert rows[:2] == [["day", "used_mb", "total_of_cycle_mb"], [cycle.first.isoformat(), "3.500", "3.500"]]
    assert all(row[1:] == ["", ""] for row in rows[2:])


def test_nothing_read_is_said(client, sim):
    page = client.get(PAGE)
    assert "data-usage-chart" not in page.content.decode()
    assert "No day of this cycle can be told from the readings yet." in text(page)
    assert "No pace: it was suspended all this cycle." in text(page)


def test_a_package_of_a_year_has_no_share_a_day(client, sim):
    reading(sim, 1, "3.5")
    sim.account.packages.update(validity_period=1, validity_unit="YEAR")
    html = client.get(PAGE).content.decode()
    assert "&quot;allowance&quot;:null" in html and "The mark is today" not in html


def test_a_kind_of_entries(client, sim):
    ChangeLogRow.objects.create(
        sim=sim, kind="IMEI_CHANGE", new_value="1", changed_at=timezone.now(), read_at=timezone.now()
    )
    part = client.get(PAGE, {"kind": "device"}, headers=htmx("journal"))
    assert "<html" not in part.content.decode() and "reported an IMEI" in text(part)
    assert "Nothing under “APNs”." in text(client.get(PAGE, {"kind": "apn"}))
    assert "There are no entries of that kind, so all kinds stand here." in errors(client.get(PAGE, {"kind": "\x00"}))


def test_older_entries_keep_their_kind(client, sim):
    now = timezone.now()
    ChangeLogRow.objects.bulk_create(
        ChangeLogRow(sim=sim, kind="IMEI_CHANGE", new_value=str(number), changed_at=now, read_at=now)
        for number in range(51)
    )
    html = client.get(PAGE, {"kind": "device"}).content.decode()
    link = re.search(r'href="(\?older=h\d+&amp;kind=device)"', html)[1]
    assert client.get(f"{PAGE}{unescape(link)}").content.decode().count("data-history=") == 1


@pytest.mark.parametrize("path", [HISTORY, FIELDS])
def test_methods_and_people(client, anonymous, sim, path):
    assert client.get(path).status_code == 405
    assert anonymous.post(path)["Location"].startswith("/login/")
    assert client.post(path.replace(SEED, "999")).status_code == 404


def test_the_file_is_for_people_too(client, anonymous, sim):
    assert client.post(CSV).status_code == 405
    assert anonymous.get(CSV)["Location"].startswith("/login/")
    assert client.get(CSV.replace(SEED, "999")).status_code == 404


def test_a_carriers_clock_in_the_far_future(client, sim):
    far = datetime(9999, 12, 31, 23, 59, tzinfo=timezone.now().tzinfo)
    ChangeLogRow.objects.create(
        sim=sim, kind="STATUS_CHANGE", new_value="RETIRED", changed_at=far, read_at=timezone.now()
    )
    page = client.get(PAGE)
    assert page.status_code == 200 and "Off since before" in text(page)
