from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from enterprise.models import SharePool
from journal.models import Event
from journal.record import Cause, NewEvent, record
from tests.estate.rows import make_pool, make_readings
from tests.estate.test_enterprise import sheet
from tests.page import errors, text, total
from users.models import AuditEntry


def url(pool: SharePool) -> str:
    return f"/enterprise/share-pools/{pool.pk}/"


def test_a_pool_says_how_full_it_is_and_when_it_ends(client):
    pool = make_pool()
    make_readings(pool, per_day=40)
    response = client.get("/enterprise/share-pools/")
    assert total(response) == "1"
    assert "810.00 MB of 1,000.00 MB" in text(response)
    assert "190.00 MB 3" in text(response)
    assert "empty " in text(response)
    page = client.get(url(pool))
    assert 'data-forecast="runs out"' in page.content.decode()
    assert "40.00 MB a day (± 0.00 MB), from 41 readings of our own." in text(page)


def test_a_pool_that_lasts_says_so(client):
    pool = make_pool(used="100")
    make_readings(pool, per_day=5)
    assert "lasts to the end of the cycle" in text(client.get(url(pool)))


def test_with_few_readings_it_says_there_are_too_few(client):
    pool = make_pool()
    make_readings(pool, per_day=40, days=0)
    words = text(client.get(url(pool)))
    assert "not enough readings yet" in words
    assert "there is 1 so far" in words


@pytest.mark.parametrize(("used", "total_mb"), [(None, None), ("5", None), (None, "5"), ("5", "0")])
def test_a_pool_without_figures_has_a_page(client, used, total_mb):
    pool = make_pool(used=used, total=total_mb, cycle_starts_at=None, cycle_ends_at=None, sim_count=None)
    assert client.get("/enterprise/share-pools/").status_code == 200
    assert "its size is not known" in text(client.get(url(pool))) or total_mb == "5"
    assert "not read yet" not in text(client.get(url(pool)))


def test_a_cycle_that_ends_before_it_begins_is_no_chart(client):
    pool = make_pool()
    pool.cycle_ends_at = pool.cycle_starts_at - timedelta(days=1)
    pool.save()
    make_readings(pool, per_day=40)
    assert client.get(url(pool)).status_code == 200


def test_its_steps_can_be_set_and_that_is_kept_in_the_trail(client):
    pool = make_pool()
    response = client.post(url(pool), {"warn_percent": "50", "critical_percent": "60"})
    assert response["Location"] == url(pool)
    pool.refresh_from_db()
    assert (pool.warn_percent, pool.critical_percent, pool.level) == (50, 60, SharePool.Level.CRITICAL)
    assert AuditEntry.objects.get().detail == {"warn_percent": 50, "critical_percent": 60, "was": [80, 95]}


@pytest.mark.parametrize(
    ("warn", "critical", "said"),
    [
        ("60", "50", "Critical comes after the warning, so it is more than 60 %."),
        ("50", "50", "Critical comes after the warning, so it is more than 50 %."),
        ("0", "50", "A step is at least 1 %."),
        ("50", "101", "A step is at most 100 %."),
        ("many", "95", "A step is a whole number from 1 to 100."),
        ("", "95", "A step is a whole number from 1 to 100."),
        ("9" * 40, "95", "A step is at most 100 %."),
    ],
)
def test_steps_that_make_no_sense_are_refused_with_words(client, warn, critical, said):
    pool = make_pool()
    response = client.post(url(pool), {"warn_percent": warn, "critical_percent": critical})
    assert response.status_code == 422
    assert errors(response) == [said]
    pool.refresh_from_db()
    assert pool.warn_percent == 80


def test_what_was_told_of_a_pool_stands_on_its_page(client):
    pool, other = make_pool(), make_pool("EU", account_name="other")
    for each in (pool, other):
        data = {"pool_id": each.pk, "percent": 81, "used_mb": "810", "total_mb": "1000", "sims": 3}
        record([NewEvent("pool.warning", "pool", each.name, each.read_at, data=data)], cause=Cause(Event.Cause.RUN, 7))
    page = client.get(url(pool)).content.decode()
    assert page.count('data-kind="pool.warning"') == 1


def test_its_readings_are_a_file(client):
    pool = make_pool()
    make_readings(pool, per_day=40, days=1)
    assert [row[1] for row in sheet(client.get(f"{url(pool)}?csv=1"))][:2] == ["used_mb", "770.000"]


def test_the_more_urgent_pools_come_first_on_whatever_page(client):
    for number in range(60):
        make_pool(f"calm-{number:02}", used=str(number), account_name="x")
    make_pool("gone", used="999", gone_at=timezone.now())
    make_pool("full", used="1000")
    first = client.get("/enterprise/share-pools/")
    found = re.findall(r'class="sp-row-link" [^>]*>([^<]+)<', first.content.decode())
    assert (found[:3], len(found), total(first)) == (["full", "calm-59", "calm-58"], 50, "62")
    after = re.search(r'href="([^"]+)" rel="next"', first.content.decode())
    rest = client.get(f"/enterprise/share-pools/{after[1]}").content.decode()
    assert re.findall(r'class="sp-row-link" [^>]*>([^<]+)<', rest)[-2:] == ["calm-00", "gone"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_queries_of_the_list(client, count, django_assert_num_queries):
    for number in range(count):
        make_readings(make_pool(f"p{number}"), per_day=1, days=1)
    # session, user, scope, pools, readings, troubles; then the frame
    with django_assert_num_queries(8):
        client.get("/enterprise/share-pools/")
