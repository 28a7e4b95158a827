import re
from datetime import timedelta

import pytest
from django.utils import timezone

from journal.models import Event
from journal.record import Cause, NewEvent, record
from sims.models import Sim
from tests.page import alerts, errors, field, htmx, text
from tests.sims.fleet import NOW, make_account, make_package, make_page, make_run, make_sim

SEED = "8986011805021000004"
DEVICES = [
    {"imei": "490154203237518", "imsi": "460060000004471", "msisdn": "8614500004471"},
    {"imei": None, "imsi": "234500910004999", "msisdn": None},
]


@pytest.fixture
def sim(db):
    account = make_account()
    make_package(account)
    return make_sim(
        account=account,
        devices=DEVICES,
        sms_usage=3,
        apns=[{"name": "iot.public", "status": "OPEN"}, {"name": "iot.private", "status": "CLOSED"}],
        apn_usages=[{"apn": "iot.public", "data_usage_mb": 69.8}, {"apn": "iot.old", "data_usage_mb": 1.4}],
        activated_at=NOW,
        package_ends_at=timezone.now() + timedelta(days=9, hours=1),
    )


def url(giccid: str = SEED) -> str:
    return f"/sims/{giccid}/"


def note(sim: Sim, kind: str, data: dict, count: int = 1) -> None:
    events = [
        NewEvent(kind=kind, subject_kind="sim", subject_key=sim.giccid, happened_at=NOW, sim_id=sim.pk, data=data)
        for _ in range(count)
    ]
    record(events, cause=Cause(Event.Cause.RUN, 4611))


def test_everything_the_carrier_says(client, sim):
    response = client.get(url())
    words = text(response)
    assert field(response, "status") == "Active"
    assert field(response, "account") == "halden-dach"
    assert field(response, "package") == "Prepaid-Basic-100M"
    assert field(response, "data_usage") == "71.20"
    assert "of 100 MB" in words and "71 % used · 28.80 MB left" in words
    assert "9 days left" in words and "SMS 3" in words and "Voice not reported" in words
    assert "iot.public Open 69.80 MB" in words
    assert "iot.private Closed no use" in words
    assert "iot.old not listed 1.40 MB" in words
    assert "Second profile" in words
    assert "22 Nov 2026, 12:00" in field(response, "activated_at")
    page = response.content.decode()
    for number in (SEED, "490154203237518", "460060000004471", "8614500004471", "234500910004999"):
        assert f'data-copy="{number}"' in page


def test_each_part_has_its_age(client, sim):
    make_page(make_run(), [sim], asked_at=timezone.now() - timedelta(minutes=18, seconds=9))
    words = text(client.get(url()))
    assert "18 min ago" in words
    assert "allowance from the catalogue, read" in words
    assert "Custom fields not read yet" in words


def test_what_is_not_known_is_not_zero(client, db):
    make_sim("77", package="", data_usage_mb=None, status="INVENTORY")
    response = client.get(url("77"))
    words = text(response)
    assert field(response, "data_usage") == "not reported"
    assert "no package" in words and "no account" in words and "never yet" in words
    assert "The carrier reports no device on this SIM." in words
    assert "The carrier reports no APN on this SIM." in words


def test_a_package_the_catalogue_does_not_hold(client, db):
    make_sim("77", package="<b>gone</b>")
    assert "allowance not read yet" in text(client.get(url("77")))
    assert "&lt;b&gt;gone&lt;/b&gt;" in client.get(url("77")).content.decode()


def test_off_since_as_far_as_the_journal_knows(client, sim):
    Sim.objects.update(status="DEACTIVATED")
    assert "Off since before 23 Oct 2026 , when the portal first saw it." in text(client.get(url()))
    note(sim, "sim.status", {"old": "ACTIVATED", "new": "DEACTIVATED"})
    words = text(client.get(url()))
    assert re.search(r"Off at the latest since [\w ]* 22 Nov[\w ]*, 12:00 \.", words)
    assert "A suspended SIM moves no data and gets no SMS. Its plan runs on until" in words


def test_an_unknown_status_is_shown_as_it_came(client, sim):
    Sim.objects.update(status="FROZEN_2")
    assert "The carrier says FROZEN_2, a status this version does not know." in text(client.get(url()))


def test_a_missing_sim_says_since_when(client, sim):
    Sim.objects.update(missing_since=NOW)
    response = client.get(url())
    assert "Missing since 22 Nov 2026, 12:00" in text(response)
    assert field(response, "status") == "Active"


def test_the_journal_in_pages(client, sim):
    note(sim, "sim.apn", {"apn": "iot.public", "old": "CLOSED", "new": "OPEN"}, count=53)
    first = client.get(url()).content.decode()
    ids = list(Event.objects.order_by("-id").values_list("id", flat=True))
    assert first.count("data-event=") == 50
    assert f'href="?older={ids[49]}"' in first
    older = client.get(url(), {"older": ids[49]})
    assert older.content.decode().count("data-event=") == 3
    assert "Newest entries" in text(older)
    part = client.get(url(), {"older": ids[49]}, headers=htmx("journal-rest")).content.decode()
    assert part.count("data-event=") == 3
    assert "<html" not in part and "Plan and usage" not in part


@pytest.mark.parametrize("older", ["0", "-1", "x", "\x00", "9" * 40])
def test_a_damaged_place_in_the_journal(client, sim, older):
    note(sim, "sim.missing", {})
    response = client.get(url(), {"older": older})
    assert errors(response) == ["The address of these entries is damaged, so the newest stand here."]
    assert "Sync found it missing" in text(response)


def test_an_event_of_another_sim_is_no_place_in_this_journal(client, sim):
    other = make_sim("2")
    note(other, "sim.missing", {})
    assert "Nothing older." in text(client.get(url(), {"older": Event.objects.get().id}))


def test_an_unknown_iccid_helps_on(client, sim):
    response = client.get(url("8986011805021999999"))
    assert response.status_code == 404
    assert "The portal has no copy of 8986011805021999999" in text(response)
    assert 'href="/sims/?q=999999"' in response.content.decode()
    assert client.get("/sims/no-such_thing/").status_code == 404
    assert client.get(f"/sims/{'9' * 33}/").status_code == 404


def test_the_fragment_is_the_sim_alone(client, sim):
    html = client.get(url(), headers=htmx("sim")).content.decode()
    assert "<html" not in html
    assert f'id="sim" data-giccid="{SEED}"' in html


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_the_journal(client, sim, django_assert_num_queries, count):
    note(sim, "sim.missing", {}, count=count)
    # session, user, SIM, age, the carrier's history, changes of status, package, readings, runs, journal, operations,
    # freshness, counts of the frame, tags, notes
    with django_assert_num_queries(15):
        assert client.get(url()).content.decode().count("data-event=") == count


def test_read_again_now(client, sim, carrier):
    response = client.post(f"{url()}refresh/")
    assert (response.status_code, response["Location"]) == (302, url())
    assert Sim.objects.get(giccid=SEED).read_at > NOW
    assert any("Read just now." in said for said in alerts(client.get(url())))


def test_read_again_answers_the_fragment(client, sim, carrier):
    response = client.post(f"{url()}refresh/", headers=htmx("sim"))
    html = response.content.decode()
    assert "<html" not in html and 'id="sim"' in html
    assert any("Read just now. What has changed stands in the journal." in said for said in alerts(response))
    assert "Jonas Berg" in text(response)


def test_what_the_carrier_refuses_stands_in_place(client, sim, carrier):
    carrier.post("/_sim/fault", {"operation": "sim_detail", "kind": "401", "times": 10})
    response = client.post(f"{url()}refresh/", headers=htmx("sim"))
    assert any("The carrier refused the key (401)." in said for said in alerts(response))
    assert any("our copy stays as it was" in said for said in alerts(response))
    assert field(response, "data_usage") == "71.20"


def test_a_sim_we_have_never_seen_can_be_asked_for(client, db, carrier):
    assert client.post(f"{url()}refresh/")["Location"] == url()
    assert Sim.objects.filter(giccid=SEED).exists()
    unknown = client.post("/sims/99999/refresh/")
    assert unknown.status_code == 404
    assert any("does not know this SIM" in said for said in alerts(unknown))


def test_methods_and_people(client, anonymous, sim):
    assert client.post(url()).status_code == 405
    assert client.get(f"{url()}refresh/").status_code == 405
    assert anonymous.get(url())["Location"].startswith("/login/")
    assert anonymous.post(f"{url()}refresh/")["Location"].startswith("/login/")
