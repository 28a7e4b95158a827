from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from enterprise.countries import country_of
from enterprise.scope import limit_to
from estate.models import EndingDay, LastUse, SilentDay, UsageTop
from estate.world import OUTLINE, world_of
from tests.estate.rows import make_account, make_country, make_roll, today
from tests.estate.test_enterprise import sheet
from tests.page import giccids, text, total
from tests.sims.fleet import make_sim, make_sims

DAY = timedelta(days=1)


def names(response) -> list[str]:
    return [line.split('"')[0] for line in response.content.decode().split('data-country="')[1:]]


def test_countries_are_drawn_and_listed_by_traffic(client):
    make_country("DE", "90", 3)
    make_country("CHN", "30", 8)
    make_country("SG", "1", 1)
    make_country("??<", "9", None)
    response = client.get("/enterprise/statistics/")
    html = response.content.decode()
    assert names(response) == ["DE", "CN", "??&lt;", "SG"]
    assert 'world.svg#DE"' in html
    assert '<a href="#country-CN" aria-label="China: 30.00 MB, 8 SIMs">' in html
    assert "Too small for the map, but in the table: Singapore" in text(response)
    assert "1 of them no country" in text(response)
    assert "Germany DE 90.00 MB 69.2 % 3" in text(response)


def test_the_table_is_sorted_by_its_heads(client):
    make_country("DE", "90", 3)
    make_country("CN", "30", 8)
    make_country("AT", None, None)
    assert names(client.get("/enterprise/statistics/?sort=name")) == ["AT", "CN", "DE"]
    assert names(client.get("/enterprise/statistics/?sort=sims")) == ["CN", "DE", "AT"]
    assert 'aria-sort="ascending"' in client.get("/enterprise/statistics/?sort=name").content.decode()


def test_codes_of_one_country_are_one_row(client):
    make_country("DE", "90", 3)
    make_country("262", "10", 1)
    assert "Germany DE 100.00 MB 100.0 % 4" in text(client.get("/enterprise/statistics/"))


def test_a_range_has_its_trend_and_its_days(client):
    make_country("DE", "30", ago=0)
    make_country("DE", "20", ago=7)
    response = client.get("/enterprise/statistics/?days=7")
    assert "+50 %" in text(response)
    assert "1 of these 7 days was read." in text(response)
    rows = sheet(client.get("/enterprise/statistics/?days=30&csv=days"))
    assert [row[2] for row in rows] == ["data_mb", "20.000", "30.000"]


def test_traffic_by_day_has_its_table(client):
    make_country("DE", "30", ago=1)
    make_country("FR", "5", ago=1)
    html = client.get("/enterprise/statistics/?days=7").content.decode()
    assert 'aria-label="Traffic per day as a table"' in html
    assert f'<td>{today() - DAY:%a %-d %B}</td><td class="sp-num">35.00 MB</td>' in html
    assert html.count('<td class="sp-num">not read</td>') == 6


def test_every_outline_is_a_country_or_nameless_land():
    drawn = {row.code for row in world_of([]).drawn}
    assert drawn == set()
    quiet = world_of([]).quiet
    assert len(quiet) > 170
    assert all(country_of(code) or code.startswith("land-") for code in quiet)
    assert OUTLINE.stat().st_size < 130_000


def test_the_fleets_days_are_bars_and_gaps_stay_gaps(client):
    make_roll("5", ago=3)
    make_roll("7", ago=0, spans=2)
    response = client.get("/enterprise/usage/?days=7")
    html = response.content.decode()
    assert html.count('class="sp-bar"') == 1
    assert html.count('class="sp-gap-bar"') == 6
    assert "7.00 MB in 2 days" in text(response)
    assert "2 days not read" in text(response)


def test_accounts_and_packages_have_share_and_trend(client):
    account = make_account("halden")
    make_roll("30", account=account.pk, package="P")
    make_roll("10", account=0, package="")
    make_roll("60", account=account.pk, package="P", ago=7)
    words = text(client.get("/enterprise/usage/?days=7"))
    assert "halden 30.00 MB 75.0 % −50 %" in words
    assert "no account 10.00 MB 25.0 %" in words
    assert "no package 10.00 MB 25.0 %" in words
    rows = sheet(client.get(f"/enterprise/usage/?csv=accounts&from={today() - 6 * DAY}&to={today()}"))
    assert rows[1] == ["halden", "30.000", "75.0", "60.000"]


def test_figures_that_were_left_out_or_make_no_sense_are_said_to_be(client):
    make_country("DE", "100", 1)
    make_country("FR", None, None)
    make_country("SE", "-4", 1)
    words = text(client.get("/enterprise/statistics/"))
    assert "France FR not told 0.0 % not told" in words
    assert "Sweden SE −4.00 MB 0.0 % 1" in words


def test_other_days_keep_the_order_and_the_colours(client):
    make_country("DE", "5")
    html = client.get("/enterprise/statistics/?by=sims&sort=name&days=7").content.decode()
    assert '<input type="hidden" name="by" value="sims"><input type="hidden" name="sort" value="name">' in html
    assert 'href="?days=90&amp;by=sims&amp;sort=name"' in html


def test_leaders_and_the_silent(client):
    make_roll("30")
    used, grew = make_sims(2)
    UsageTop.objects.create(day=today(), kind="used", place=1, sim_id=used.pk, used_mb=30, usual_mb=None)
    UsageTop.objects.create(day=today(), kind="grew", place=1, sim_id=grew.pk, used_mb=9, usual_mb=Decimal("1.5"))
    SilentDay.objects.create(day=today(), days=30, account_id=0, n=4)
    response = client.get("/enterprise/usage/")
    assert giccids(response) == [used.giccid, grew.giccid]
    assert "9.00 MB 1.50 MB" in text(response)
    assert "for 30 days 4" in text(response)
    assert sheet(client.get("/enterprise/usage/?csv=grew"))[1][3:] == ["9.000", "1.500"]


def test_leaders_of_other_accounts_are_not_told(client, user, django_user_model):
    mine, other = make_account("mine"), make_account("other")
    make_roll("30")
    sim = make_sim("1", account=other)
    UsageTop.objects.create(day=today(), kind="used", place=1, sim_id=sim.pk, used_mb=30, usual_mb=None)
    limit_to(user, [mine], by=django_user_model.objects.create_user("admin"))
    response = client.get("/enterprise/usage/")
    assert giccids(response) == []
    assert "None of the first 20 of the fleet is in the accounts that you see." in text(response)


def test_silent_sims_the_longest_first_and_paged(client):
    sims = make_sims(60)
    LastUse.objects.bulk_create(
        LastUse(sim_id=sim.pk, day=today() - (40 + number) * DAY) for number, sim in enumerate(sims)
    )
    fresh = make_sim("fresh", activated_at=timezone.now())
    LastUse.objects.create(sim_id=fresh.pk, day=today() - 100 * DAY)
    off = make_sim("off", status="DEACTIVATED")
    LastUse.objects.create(sim_id=off.pk, day=today() - 100 * DAY)
    first = client.get("/enterprise/usage/silent/?days=45")
    assert giccids(first)[0] == sims[-1].giccid
    assert (len(giccids(first)), total(first)) == (50, "55")
    after = first.content.decode().split("after=")[1].split('"')[0]
    assert len(giccids(client.get(f"/enterprise/usage/silent/?days=45&after={after}"))) == 5


def test_of_very_many_silent_sims_the_roll_up_has_the_number(client, monkeypatch):
    monkeypatch.setattr("estate.silent.CAP", 3)
    LastUse.objects.bulk_create(LastUse(sim_id=sim.pk, day=today() - 50 * DAY) for sim in make_sims(5))
    SilentDay.objects.create(day=today(), days=30, account_id=0, n=5)
    assert total(client.get("/enterprise/usage/silent/?days=30")) == "5"
    response = client.get("/enterprise/usage/silent/?days=31")
    assert (total(response), "5 of 3+" in text(response)) == ("3", True)


@pytest.mark.parametrize("after", ["9999-99-99.1", "x", "2026-01-01." + "9" * 30])
def test_a_damaged_cursor_begins_anew(client, after):
    assert client.get(f"/enterprise/usage/silent/?after={after}").status_code == 200


def test_the_calendar_has_a_list_for_each_day(client):
    EndingDay.objects.create(day=today() + 2 * DAY, account_id=0, n=1465, unfollowed=412)
    EndingDay.objects.create(day=today() + 2 * DAY, account_id=1, n=1, unfollowed=0)
    make_sims(2, status="ACTIVATE_READY")
    response = client.get("/enterprise/calendar/")
    assert "1,466 packages end in the next 60 days For 412 of them" in text(response)
    assert f'href="/sims/?plan_end={today() + 2 * DAY}"' in response.content.decode()
    assert "2 SIMs" in text(response)
    rows = sheet(client.get("/enterprise/calendar/?csv=1"))
    assert len(rows) == 61
    assert rows[3] == [str(today() + 2 * DAY), "1466", "412"]


def test_a_day_of_the_calendar_lists_its_sims(client):
    day = today() + 3 * DAY
    at = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
    ends = make_sim("ends", package_ends_at=at)
    make_sim("later", package_ends_at=at + DAY)
    assert giccids(client.get(f"/sims/?plan_end={day}")) == [ends.giccid]
