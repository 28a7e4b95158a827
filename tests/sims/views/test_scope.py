"""A person who may see some accounts only meets no SIM of any other, whichever way they ask."""

import csv
import io

import pytest

from enterprise.models import AccountAccess
from sims import notes, saved_views, tags
from sims.export import jobs, work
from sims.export.wanted import Wanted
from sims.models import Note, Place, Sim, SimTag, SyncRun, Tagging, WorkingSet
from sims.paste.check import check
from sims.paste.parse import parse
from sims.tagging import tag_sims
from tests.page import giccids, htmx, text, total
from tests.sims.fleet import make_account, make_package, make_run, make_sim
from users.models import User

LIST = "/sims/"
MINE = {"8986011805021000001", "8986011805021000002", "8986011805021000003"}
THEIRS, NOBODYS = "8986011805021000009", "8986011805021000010"


@pytest.fixture
def fleet(db, user):
    """Three SIMs of two accounts that this person may see, one of another, one of none."""
    dach, lab, other = make_account("dach"), make_account("lab"), make_account("other")
    for account in (dach, lab, other):
        make_package(account)
    one, two, three = sorted(MINE)
    make_sim(one, account=dach, data_usage_mb=5)
    make_sim(two, account=dach, status="DEACTIVATED", data_usage_mb=90)
    make_sim(three, account=lab, data_usage_mb=50)
    make_sim(THEIRS, account=other, status="RETIRED", data_usage_mb=95, devices=[{"imei": "490154203237518"}])
    make_sim(NOBODYS, data_usage_mb=1)
    for account in (dach, lab):
        AccountAccess.objects.create(user=user, account=account)
    return dach, lab, other


@pytest.fixture
def mara(django_user_model):
    """A manager who may see everything."""
    return django_user_model.objects.create_user("mara", role=User.Role.MANAGER)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"sort": "-iccid"},
        {"sort": "activated"},
        {"sort": "-plan_end"},
        {"sort": "usage"},
        {"missing": "0"},
        {"status": ["ACTIVATED", "DEACTIVATED", "RETIRED"]},
        {"package": "Prepaid-Basic-100M", "sort": "activated"},
        {"usage": ">1"},
        {"usage": ">1%"},
        {"q": "8986"},
        {"q": "8986", "sort": "usage"},
        {"no_device": "1"},
        {"plan_end": "none"},
    ],
)
def test_the_list_has_the_sims_of_ones_accounts(client, fleet, query):
    response = client.get(LIST, query)
    assert set(giccids(response)) <= MINE
    assert {"1": 3}.get(total(response), len(giccids(response))) == len(giccids(response))
    assert set(giccids(response)) == MINE
    assert total(response) == "3"


@pytest.mark.parametrize("cells", [0, 2_000])
def test_by_cells_and_by_walking_it_is_the_same(client, fleet, cells, monkeypatch):
    monkeypatch.setattr("sims.order.MAX_CELLS", cells)
    for query in ({}, {"sort": "activated"}, {"status": "ACTIVATED"}, {"status": ["RETIRED", "ACTIVATED"]}):
        assert THEIRS not in giccids(client.get(LIST, query))
        assert set(giccids(client.get(LIST, query))) <= MINE


def test_pages_stay_within_them(client, fleet):
    last = sorted(MINE)[-1]
    assert giccids(client.get(LIST, {"after": sorted(MINE)[0]})) == sorted(MINE)[1:]
    assert giccids(client.get(LIST, {"after": last})) == []
    assert giccids(client.get(LIST, {"before": NOBODYS})) == sorted(MINE)


def test_facets_count_and_name_ones_accounts_only(client, fleet):
    words = text(client.get(LIST))
    assert "dach 2 lab 1" in words and "other" not in words and "No account" not in words
    assert "Retired 0" in words
    assert "dach 2 lab 1" in text(client.get(LIST, {"usage": ">1"}))
    shares = text(client.get(LIST, headers=htmx("share-counts")))
    assert "Under 10 % 1 10 to 80 % 1 80 to 100 % 1" in shares


@pytest.mark.parametrize("account", ["other", "-", "0"])
def test_another_account_is_none_at_all(client, fleet, account):
    response = client.get(LIST, {"account": account})
    assert giccids(response) == []
    assert "There is no account" in text(response)


@pytest.mark.parametrize("query", [THEIRS, THEIRS[-6:], "490154203237518", "4901542032", "154203237"])
def test_the_search_finds_no_sim_of_others(client, fleet, query):
    response = client.get(LIST, {"q": query, "go": "1"})
    assert response.status_code == 200
    assert giccids(response) == []
    assert 'role="option"' not in client.get("/sims/search/", {"q": query}).content.decode()


def test_the_search_box_offers_ones_own(client, fleet):
    page = client.get("/sims/search/", {"q": "8986"}).content.decode()
    assert page.count('role="option"') == 3
    assert THEIRS not in page


def test_what_others_numbers_hide_is_looked_for_inside(client, fleet):
    """Only where nothing else hits is a part of a number enough, and what others have does not count."""
    mine = make_sim("8986011805021000777", account=fleet[0], devices=[{"imei": "354901542032000"}])
    assert giccids(client.get(LIST, {"q": "4901542032"})) == [mine.giccid]


@pytest.mark.parametrize("path", ["", "tags/", "notes/", "place/", "usage.csv", "protect/"])
def test_a_page_of_anothers_sim_is_not_there(client, fleet, path):
    for giccid in (THEIRS, NOBODYS):
        assert client.get(f"{LIST}{giccid}/{path}").status_code == 404
    assert client.get(f"{LIST}{sorted(MINE)[0]}/").status_code == 200


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("tags/", {"new": "mine now"}),
        ("notes/", {"text": "seen"}),
        ("place/", {"label": "B-HX 4471"}),
        ("history/read/", {}),
        ("custom-fields/read/", {}),
        ("refresh/", {}),
        ("suspend/", {"reason": "x"}),
    ],
)
def test_nothing_is_done_to_anothers_sim(client, fleet, path, sent):
    assert client.post(f"{LIST}{THEIRS}/{path}", sent).status_code == 404
    assert not (SimTag.objects.exists() or Note.objects.exists() or Place.objects.exists())


def test_not_even_ones_own_note_there(client, user, fleet):
    note = notes.add_note(sim=Sim.objects.get(giccid=THEIRS), author=user, text="before the limit")
    assert client.get(f"{LIST}{THEIRS}/notes/{note.pk}/").status_code == 404
    assert client.post(f"{LIST}{THEIRS}/notes/{note.pk}/delete/").status_code == 404
    assert Note.objects.get().deleted_at is None


def pasted(client, words):
    response = client.post("/sims/paste/", {"text": words})
    return WorkingSet.objects.get(pk=response["Location"].split("/")[-2])


def test_a_pasted_list_finds_ones_own_only(client, fleet):
    one, two, three = sorted(MINE)
    kept = pasted(client, f"{one}\n{THEIRS}\n490154203237518\n{two[:-1]}\n000009\n{three}F\n8986")
    found = list(kept.items.order_by("line").values_list("line", "verdict", "hits"))
    assert found == [
        (1, "found", 0),
        (2, "not_found", 0),
        (3, "not_found", 0),
        (4, "ambiguous", 3),
        (5, "not_found", 0),
        (6, "found", 0),
        (7, "ambiguous", 3),
    ]
    assert set(giccids(client.get(LIST, {"set": str(kept.pk)}))) == {one, three}


def test_what_was_not_all_looked_at_stays_ambiguous(client, fleet, monkeypatch):
    """One of mine among the first few that begin so does not make it the only one."""
    monkeypatch.setattr("sims.paste.resolve.MAX_COUNTED", 2)
    make_sim("8986000000000000001", account=fleet[2])
    kept = pasted(client, "8986")
    assert kept.items.get().verdict == "ambiguous"


def test_a_shared_list_with_anothers_sim_is_not_there(client, fleet, mara):
    words = f"{sorted(MINE)[0]}\n{THEIRS}"
    kept = check(text=words, parsed=parse(words), user=mara)
    WorkingSet.objects.update(is_shared=True)
    for path in ("", "report.csv"):
        assert client.get(f"/sims/sets/{kept.pk}/{path}").status_code == 404
    offered = check(text="8986", parsed=parse("8986"), user=mara)
    WorkingSet.objects.update(is_shared=True)
    assert client.get(f"/sims/sets/{offered.pk}/").status_code == 404
    fine = check(text=sorted(MINE)[0], parsed=parse(sorted(MINE)[0]), user=mara)
    WorkingSet.objects.update(is_shared=True)
    assert client.get(f"/sims/sets/{fine.pk}/").status_code == 200


def exported(response):
    rows = csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig")))
    return {row["ICCID"] for row in rows}


def test_a_file_holds_ones_own(client, fleet, settings, tmp_path):
    settings.PORTAL_DATA_DIR = tmp_path
    assert exported(client.get("/sims/export/", {"format": "csv"})) == MINE
    assert exported(client.get("/sims/export/", {"format": "csv", "usage": ">1"})) == MINE
    ticked = {"sim": [sorted(MINE)[0], THEIRS], "format": "csv"}
    assert exported(client.post("/sims/export/", ticked)) == {sorted(MINE)[0]}


def test_a_file_of_another_person_is_not_for_a_limited_admin(client, user, fleet, mara, settings, tmp_path):
    settings.PORTAL_DATA_DIR = tmp_path
    made = jobs.request(Wanted(mara, "", ["giccid"]), "csv")
    assert work.work_slice(made.pk) is False
    User.objects.filter(pk=user.pk).update(role=User.Role.ADMIN)
    for path in ("", "file/"):
        assert client.get(f"/sims/exports/{made.uuid}/{path}").status_code == 404
    assert 'data-total="0"' in client.get("/sims/exports/").content.decode()
    AccountAccess.objects.all().delete()
    assert client.get(f"/sims/exports/{made.uuid}/").status_code == 200


def test_tags_go_on_ones_own(client, fleet, user):
    tag = tags.make_tag(user=user, name="cold chain", colour="green")
    sent = {"verb": "add", "tag": str(tag.pk)}
    client.post("/sims/tagging/", sent | {"sim": [sorted(MINE)[0], THEIRS]})
    assert set(SimTag.objects.values_list("sim__giccid", flat=True)) == {sorted(MINE)[0]}
    client.post("/sims/tagging/", sent | {"everything": "1", "query": ""})
    assert set(SimTag.objects.values_list("sim__giccid", flat=True)) == MINE


def test_a_tags_sims_are_counted_within_ones_accounts(client, fleet, mara):
    tag = tags.make_tag(user=mara, name="cold chain", colour="green")
    tag_sims(user=mara, verb=Tagging.Verb.ADD, tags=[tag], sims=Sim.objects.all())
    assert "cold chain 3 SIMs" in text(client.get("/sims/tags/"))
    assert set(giccids(client.get(LIST, {"tag": "cold chain"}))) == MINE


def test_verify_reads_ones_own(client, fleet):
    client.post("/sims/verify/", {"sim": [sorted(MINE)[0], THEIRS]})
    assert SyncRun.objects.get().giccids == [sorted(MINE)[0]]


def test_a_shared_view_counts_ones_own(client, fleet, mara):
    make_run()
    for query in ("status=ACTIVATED", "usage=>1"):
        saved_views.save_view(user=mara, name=query, query=query, columns=[], is_shared=True)
    for _ in range(2):  # the second time what is kept, which is not what a person without a limit would see
        words = text(client.get("/sims/views/counts/", {"query": ""}))
        assert "status=ACTIVATED 2" in words and "usage=>1 3" in words
    client.force_login(mara)
    words = text(client.get("/sims/views/counts/", {"query": ""}))
    assert "status=ACTIVATED 3" in words and "usage=>1 4" in words
