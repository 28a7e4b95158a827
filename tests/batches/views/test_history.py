import re
from datetime import datetime

import pytest
from django.utils import timezone

from batches.models import Batch
from sims.paste.check import check
from sims.paste.parse import parse
from tests.batches.views.made import change, iccid, plan, started, url_of
from tests.page import errors, htmx, text, total
from tests.sims.fleet import make_sims

URL = "/batches/"
ROW = re.compile(r'<tr data-batch="([^"]*)" data-state="([^"]*)"')


@pytest.fixture(autouse=True)
def fleet(db):
    return make_sims(6, read_at=timezone.now())


def found(response) -> list[str]:
    return [uuid for uuid, _ in ROW.findall(response.content.decode())]


@pytest.fixture
def march(user) -> Batch:
    """Three SIMs suspended in March."""
    batch = started(user, "done", "done", "failed", state="finished", chunk="done", reason="Winter storage")
    then = datetime(2026, 3, 12, 9, 30, tzinfo=timezone.get_current_timezone())
    return change(batch, created_at=then, started_at=then, finished_at=then.replace(minute=36))


def test_it_is_empty_at_first(client):
    response = client.get(URL)
    assert total(response) == "0" and "No batch has been made yet" in text(response)


def test_who_what_when_why_and_how(client, march):
    page = text(client.get(URL))
    for words in ("Suspend 3 SIMs", "2 done, 1 failed", "“Winter storage”", "a pasted list of 3", "jonas", "6 min 0 s"):
        assert words in page
    assert "12 Mar 2026, 09:30" in page and "Finished with failures" in page


def test_a_sim_of_it_finds_it(client, user, march):
    other = plan(user, (4, 5))
    assert found(client.get(URL)) == [str(other.uuid), str(march.uuid)]
    assert found(client.get(URL, {"q": iccid(2)})) == [str(march.uuid)]
    assert found(client.get(URL, {"q": iccid(4)})) == [str(other.uuid)]
    assert found(client.get(URL, {"q": iccid(6)})) == []


@pytest.mark.parametrize(
    "query",
    [
        {"q": "winter"},
        {"q": "JONAS", "month": "2026-03"},
        {"month": "2026-03"},
        {"kind": "suspend", "state": "finished"},
        {"user": "jonas", "month": "2026-03", "kind": "suspend"},
    ],
)
def test_filters(client, django_user_model, march, query):
    plan(django_user_model.objects.create_user("eva"), (4, 5), kind="apn", wanted={"apn": "x", "apn_status": "OPEN"})
    assert found(client.get(URL, query)) == [str(march.uuid)]
    assert total(client.get(URL, query)) == "1"


def test_nothing_matches(client, march):
    response = client.get(URL, {"kind": "retire"})
    assert "No batch matches" in text(response) and total(response) == "0"
    assert found(client.get(URL, {"month": "2026-04"})) == []


def test_a_number_finds_a_batch(client, user, march):
    plan(user, (4,))
    assert str(march.uuid) in found(client.get(URL, {"q": f"#{march.pk}"}))


def test_a_pasted_list_finds_what_changed_its_sims(client, user, march):
    plan(user, (4, 5))
    words = "\n".join(iccid(number) for number in (1, 2, 3))
    kept = check(text=words, parsed=parse(words), user=user)
    page = client.get(f"/sims/sets/{kept.pk}/").content.decode()
    assert f'href="/batches/?set={kept.pk}"' in page and f"/batches/new/?set={kept.pk}&amp;kind=suspend" in page
    assert found(client.get(URL, {"set": kept.pk})) == [str(march.uuid)]
    assert errors(client.get(URL, {"set": "0b0e7a4e-5d0c-4b57-9d0b-3f3b8f2f6a11"}))[0].startswith("This list is gone")


@pytest.mark.parametrize(
    "query", [{"kind": "x"}, {"month": "2026-13"}, {"after": "x"}, {"q": "x" * 300}, {"q": "\x00"}]
)
def test_a_damaged_address_shows_all_and_says_so(client, march, query):
    response = client.get(URL, query)
    assert found(response) == [str(march.uuid)] and "damaged" in errors(response)[0]


def test_pages(client, user, monkeypatch):
    monkeypatch.setattr("batches.views.history.SHOWN", 2)
    made = [plan(user, (1,)) for _ in range(5)]
    first = client.get(URL, {"kind": "suspend"})
    assert found(first) == [str(made[4].uuid), str(made[3].uuid)]
    assert f'href="?kind=suspend&amp;after={made[3].pk}"' in first.content.decode()
    assert found(client.get(URL, {"after": made[3].pk})) == [str(made[2].uuid), str(made[1].uuid)]
    assert found(client.get(URL, {"before": made[0].pk})) == [str(made[2].uuid), str(made[1].uuid)]


def test_the_fragment(client, march):
    html = client.get(URL, headers=htmx("history")).content.decode()
    assert html.lstrip().startswith('<div id="history"') and "<html" not in html


def test_the_side_bar_counts_those_under_way(client, user):
    started(user, "accepted")
    html = client.get(URL).content.decode()
    assert re.search(r'Batches</span><span class="sp-nav-count sp-count-info">1</span>', html)


def test_ticked_sims_of_the_list_have_verbs(client):
    html = client.get("/sims/").content.decode()
    assert 'formaction="/batches/choose/" name="kind" value="suspend"' in html
    assert re.search(r'data-verb="Suspend" data-statuses="ACTIVATED" data-number="6"', html)


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(client, user, django_assert_num_queries, count):
    for _ in range(count):
        started(user, "done", state="finished")
    # session, user, scope, total, page, counts, people, first month, counts beside the places, freshness
    with django_assert_num_queries(10):
        assert len(found(client.get(URL))) == count


def test_methods_and_people(client, anonymous, march):
    assert client.post(URL).status_code == 405
    assert anonymous.get(URL)["Location"] == f"/login/?next={URL}"
    assert url_of(march) in client.get(URL).content.decode()
