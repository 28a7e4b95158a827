import re
from datetime import timedelta

import pytest
from django.utils import timezone

from sims.columns import COLUMNS
from sims.models import ListPreference, SyncRun
from tests.page import errors, giccids, htmx, text, total
from tests.sims.fleet import make_account, make_package, make_page, make_run, make_sim, make_sims

URL = "/sims/"


@pytest.fixture
def fleet(db):
    dach, lab = make_account("halden-dach"), make_account("O'Neill & <b>Sons</b> 北京")
    make_package(dach)
    make_sim("1001", account=dach, devices=[{"imei": "490154203237518", "msisdn": "8614500004471"}])
    make_sim("1002", account=dach, status="DEACTIVATED")
    make_sim("1003", account=lab, status="DEACTIVATED", package="")
    make_sim("1004", status="QUARANTINE", package="Odd, “one”")
    make_sim("1005", account=lab, missing_since=timezone.now())
    return dach, lab


def test_the_whole_fleet(client, fleet):
    response = client.get(URL)
    assert giccids(response) == ["1001", "1002", "1003", "1004", "1005"]
    assert total(response) == "5"
    assert "71.20 / 100 MB" in text(response)
    page = response.content.decode()
    # As a facet with its title, and in the cells of two rows.
    assert page.count("O&#x27;Neill &amp; &lt;b&gt;Sons&lt;/b&gt; 北京") == 2 + 2 * 2
    assert "<b>Sons" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "DEACTIVATED"}, ["1002", "1003"]),
        ({"status": ["DEACTIVATED", "QUARANTINE"]}, ["1002", "1003", "1004"]),
        ({"account": "halden-dach"}, ["1001", "1002"]),
        ({"account": "O'Neill & <b>Sons</b> 北京"}, ["1003", "1005"]),
        ({"account": "-"}, ["1004"]),
        ({"account": ["-", "halden-dach"]}, ["1001", "1002", "1004"]),
        ({"package": "-"}, ["1003"]),
        ({"package": "Odd, “one”"}, ["1004"]),
        ({"missing": "1"}, ["1005"]),
        ({"missing": "0"}, ["1001", "1002", "1003", "1004"]),
        ({"status": "DEACTIVATED", "account": "halden-dach"}, ["1002"]),
        ({"q": "4901542"}, ["1001"]),
        ({"q": "100", "status": "DEACTIVATED"}, ["1002", "1003"]),
        ({"q": " +86 145-0000 4471 "}, ["1001"]),
    ],
)
def test_filters_stand_in_the_address(client, fleet, query, found):
    response = client.get(URL, query)
    assert giccids(response) == found
    assert total(response) == str(len(found))


def test_an_account_is_chosen_by_id_too(client, fleet):
    assert giccids(client.get(URL, {"account": fleet[0].pk})) == ["1001", "1002"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"status": "\x00"}, "Status: A value of this filter is damaged."),
        ({"status": "x" * 500}, "Status: A value of this filter is damaged."),
        ({"status": "NOPE"}, "No SIM has the status “NOPE”."),
        ({"package": "Nope"}, "No SIM has the package “Nope”."),
        ({"account": "nobody"}, "Account: There is no account “nobody”."),
        ({"account": "9" * 30}, "Account: There is no account “999999999999999999999999999999”."),
        ({"missing": "perhaps"}, "Missing: Select a valid choice. perhaps is not one of the available choices."),
        ({"package": [str(n) for n in range(500)]}, "Package: At most 100 values fit in one filter; there were 500."),
    ],
)
def test_a_filter_that_cannot_be_read_matches_nothing_and_says_so(client, fleet, query, message):
    response = client.get(URL, query)
    assert response.status_code == 200
    assert (giccids(response), total(response)) == ([], "0")
    assert errors(response)[0] == message


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"rows": "7"}, "A page has 50, 100 or 200 rows; here are 50."),
        ({"after": "\x00"}, "The address of this page is damaged, so the list starts at its beginning."),
        ({"before": "x" * 4000}, "The address of this page is damaged, so the list starts at its beginning."),
    ],
)
def test_what_is_no_filter_is_left_out_and_says_so(client, fleet, query, message):
    response = client.get(URL, query)
    assert len(giccids(response)) == 5
    assert errors(response) == [message]


@pytest.mark.parametrize("q", ["\x00", "%", "_", "🙂", "' OR 1=1 --", "9" * 100_000, "<script>alert(1)</script>"])
def test_any_search_has_an_answer(client, fleet, q):
    response = client.get(URL, {"q": q})
    assert response.status_code == 200
    assert total(response) == "0"
    assert "<script>alert" not in response.content.decode()
    assert len(response.content) < 400_000


def test_paging_there_and_back(client, db):
    make_sims(120)
    first = client.get(URL)
    assert len(giccids(first)) == 50
    last = giccids(first)[-1]
    second = client.get(URL, {"after": last})
    assert giccids(second)[0] > last
    assert f"before={giccids(second)[0]}" in second.content.decode()
    back = client.get(URL, {"before": giccids(second)[0]})
    assert giccids(back) == giccids(first)
    assert giccids(client.get(URL, {"rows": "200"})) == sorted(giccids(client.get(URL, {"rows": "200"})))
    assert "50 of 120, ordered by ICCID" in text(second)


def test_pages_of_a_search_keep_its_filters(client, db):
    sims = make_sims(60, status="DEACTIVATED")
    page = client.get(URL, {"q": "8986", "status": "DEACTIVATED"}).content.decode()
    assert f"/sims/?q=8986&amp;status=DEACTIVATED&amp;after={sims[49].pk}" in page
    assert giccids(client.get(URL, {"q": "8986", "after": sims[49].pk})) == [sim.giccid for sim in sims[50:]]


def test_a_page_behind_the_end_leads_back(client, fleet):
    response = client.get(URL, {"after": "zzz"})
    assert "This page lies behind the last SIM" in text(response)
    assert total(response) == "5"


def test_go_opens_the_only_hit(client, fleet):
    response = client.get(URL, {"q": "4471", "go": "1"})
    assert response.status_code == 302
    assert response["Location"] == "/sims/1001/"
    assert giccids(client.get(URL, {"q": "4471"})) == ["1001"]
    assert giccids(client.get(URL, {"q": "100", "go": "1"})) == ["1001", "1002", "1003", "1004", "1005"]
    assert "No SIM has “nothing” as a number" in text(client.get(URL, {"q": "nothing", "go": "1"}))


def test_facets_count_with_the_other_groups_on(client, fleet):
    words = text(client.get(URL, {"status": "DEACTIVATED"}))
    assert "Active 2 Suspended 2 Inventory 0" in words
    assert "halden-dach 1" in words
    assert "No package 1" in words
    assert "QUARANTINE 1" in words


def test_chips_drop_one_group(client, fleet):
    page = client.get(URL, {"status": "DEACTIVATED", "account": fleet[0].pk}).content.decode()
    assert f'href="/sims/?account={fleet[0].pk}" aria-label="Drop Status Suspended"' in page
    assert 'href="/sims/?status=DEACTIVATED" aria-label="Drop Account halden-dach"' in page


def test_an_empty_list_says_what_to_drop(client, fleet):
    words = text(client.get(URL, {"status": "RETIRED", "account": "halden-dach"}))
    assert "No SIM is Retired and in halden-dach" in words
    assert "Without “Retired” there are 2." in words


def test_a_missing_sim_says_what_it_was(client, fleet):
    assert "Missing was Active" in text(client.get(URL, {"missing": "1"}))


def test_the_fragment_is_the_table_and_the_facets_beside_it(client, fleet):
    response = client.get(URL, {"status": "DEACTIVATED"}, headers=htmx("sim-table"))
    html = response.content.decode()
    assert "<html" not in html
    assert html.count('id="sim-table"') == 1
    assert 'id="facet-groups" class="sp-facet-groups" hx-swap-oob="morph"' in html
    assert giccids(response) == ["1002", "1003"]
    assert "HX-Target" in response["Vary"]
    assert "<html" in client.get(URL, headers=htmx("something-else")).content.decode()


def test_ages_are_of_the_last_page_that_showed_the_sim(client, db):
    sims = make_sims(2, read_at=timezone.now() - timedelta(days=9))
    make_page(
        make_run(finished_at=timezone.now()), sims[:1], asked_at=timezone.now() - timedelta(minutes=18, seconds=5)
    )
    words = text(client.get(URL))
    assert "read 18 min ago" in words
    assert "read 9 d ago" in words
    assert client.get(URL).content.decode().count("sp-age-late") == 1


def test_the_first_minutes(client, db):
    assert "No SIM has been read yet" in text(client.get(URL))
    assert 'hx-trigger="every 3s"' in client.get(URL).content.decode()
    make_run(state=SyncRun.State.RUNNING, finished_at=None, read=1900, sims_expected=5000)
    response = client.get(URL)
    assert "Reading the fleet for the first time" in text(response)
    assert "1,900 of 5,000 SIMs" in text(response)
    assert 'hx-trigger="every 3s"' in response.content.decode()
    assert "every 3s" not in client.get(URL, {"status": "RETIRED"}).content.decode()


def test_a_stale_fleet_says_so(client, fleet):
    make_run(finished_at=timezone.now() - timedelta(hours=5))
    make_run(state=SyncRun.State.FAILED, note="The carrier refused the key (401).")
    assert "The whole fleet was last read 5 h ago" in text(client.get(URL))
    assert "The carrier refused the key (401)." in text(client.get(URL))


# session, user, what stands around the list, counts, SIMs, freshness, total
BARE = 7


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("query", "queries"),
    [
        ({}, BARE),
        ({"status": "ACTIVATED", "account": "halden-dach"}, BARE),
        ({"sort": "-usage"}, BARE),
        ({"sort": "activated", "status": "ACTIVATED"}, BARE),
        ({"usage": ">1"}, BARE),
        ({"usage": ">80%", "sort": "plan_end"}, BARE),
        ({"q": "8986"}, BARE + 1),  # hits
        ({"q": "8986", "sort": "usage"}, BARE + 1),
    ],
)
def test_queries_do_not_grow_with_rows(client, db, django_assert_num_queries, count, query, queries):
    account = make_account()
    make_package(account, mb="80")
    make_sims(count, account=account)
    with django_assert_num_queries(queries):
        assert len(giccids(client.get(URL, query))) == count


@pytest.mark.parametrize(("query", "queries"), [({"status": "ACTIVATED"}, BARE - 1), ({"usage": ">1"}, BARE)])
def test_a_fragment_counts_the_fleet_with_its_filters(client, fleet, django_assert_num_queries, query, queries):
    """The tab of all SIMs has their number; exact counts tell it, others leave it to the counts of the frame."""
    with django_assert_num_queries(queries):
        part = client.get(URL, query, headers=htmx("sim-table"))
    assert "All 5 " in text(part)


def test_shares_are_counted_apart(client, fleet, django_assert_num_queries):
    page = client.get(URL, {"account": "halden-dach"})
    assert "Nothing used Under 10 % 10 to 80 % 80 to 100 % Over 100 %" in text(page)
    with django_assert_num_queries(4):  # session, user, what stands around the list, one for all shares
        part = client.get(URL, {"account": "halden-dach"}, headers=htmx("share-counts"))
    assert "Nothing used 0 Under 10 % 0 10 to 80 % 2 80 to 100 % 0 Over 100 % 0" in text(part)
    assert "<html" not in part.content.decode()


def test_a_head_sorts_and_turns(client, fleet):
    page = client.get(URL).content.decode()
    assert (
        '<th scope="col" class="c-iccid is-sorted" aria-sort="ascending"><a class="sp-plain" href="/sims/?sort=-iccid">'
        in page
    )
    assert 'href="/sims/?sort=-usage">Data, this cycle</a>' in page
    turned = client.get(URL, {"sort": "-usage"}).content.decode()
    assert 'aria-sort="descending"><a class="sp-plain" href="/sims/?sort=usage">Data, this cycle' in turned
    assert "5 of 5, ordered by data used, most first" in text(client.get(URL, {"sort": "-usage"}))


def test_above_the_cap_a_head_that_cannot_sort_is_no_link(client, fleet, monkeypatch):
    monkeypatch.setattr("sims.counts.CAP", 3)
    monkeypatch.setattr("sims.listing.CAP", 3)
    response = client.get(URL, {"usage": ">1"})
    assert "sort=-usage" not in response.content.decode()
    assert "3+ SIMs" in text(response)
    assert "they stand by ICCID" in text(response)
    assert "Active 2+" in text(response) or "Active 1+" in text(response)


def test_the_address_is_what_is_asked_for(client, fleet):
    sent = {"status": "DEACTIVATED", "usage": ["", ""], "activated_from": "2026-01-01", "activated_to": "", "po": ""}
    response = client.get(URL, sent, headers=htmx("sim-table"))
    assert response["HX-Push-Url"] == "/sims/?status=DEACTIVATED&activated=2026-01-01.."


def test_what_has_no_field_stays_in_force(client, fleet):
    page = client.get(URL, {"activated": ["2026-01-01..", "none"], "sort": "-usage"}).content.decode()
    assert '<input type="hidden" name="activated" value="none">' in page
    assert '<input type="hidden" name="sort" value="-usage">' in page


def test_no_sim_with_another_filter_says_what_dropping_it_gives(client, fleet):
    words = text(client.get(URL, {"status": "ACTIVATED", "usage": ">99%"}))
    assert "No SIM is Active and at over 99 %" in words
    assert "Without “over 99 %” there are 2" in words


def test_of_several_filters_each_says_what_dropping_it_gives(client, fleet):
    words = text(client.get(URL, {"usage": ">1000", "changed": "2000-01-01", "no_device": "0"}))
    assert "No SIM is at over 1000 MB, changed since 2000-01-01 and with a device" in words
    assert "Without “over 1000 MB” there is 1." in words
    assert "Drop “over 1000 MB”" in words


def test_what_dropping_gives_is_counted_up_to_the_cap(client, fleet, monkeypatch):
    for module in ("counts", "listing", "filters"):
        monkeypatch.setattr(f"sims.{module}.CAP", 2)
    assert "Without “Retired” there are 2+." in text(client.get(URL, {"status": "RETIRED", "usage": ">1"}))


class TestColumns:
    def heads(self, client):
        return re.findall(r'<th scope="col" class="(c-[a-z]+)', client.get(URL).content.decode())[1:]

    def keep(self, client, names, **more):
        return client.post("/sims/columns/", {"column": names, **more})

    def test_the_usual_ones(self, client, fleet):
        assert self.heads(client) == [
            *("c-iccid", "c-status", "c-account", "c-package", "c-usage", "c-ends", "c-tags", "c-read")
        ]

    def test_chosen_and_ordered_per_person(self, client, fleet):
        response = self.keep(client, ["imei", "status", "po", "nonsense"], rows="100", query="status=ACTIVATED&after=1")
        assert response["Location"] == "/sims/?status=ACTIVATED"
        assert self.heads(client) == ["c-iccid", "c-imei", "c-status", "c-po"]
        assert "490154203237518" in text(client.get(URL))
        assert list(ListPreference.objects.values_list("columns", "rows")) == [
            (["giccid", "imei", "status", "po"], 100)
        ]

    def test_back_to_the_usual(self, client, fleet):
        self.keep(client, ["imei"])
        self.keep(client, ["imei"], usual="1")
        assert len(self.heads(client)) == 8
        assert ListPreference.objects.get().columns == []

    def test_up_works_without_a_script(self, client, fleet):
        self.keep(client, ["status", "imei", "po"], up="po")
        assert self.heads(client) == ["c-iccid", "c-status", "c-po", "c-imei"]
        self.keep(client, ["status", "imei"], up="status")
        assert self.heads(client) == ["c-iccid", "c-status", "c-imei"]

    def test_every_column_has_a_cell(self, client, fleet):
        make_sim("1009")
        self.keep(client, list(COLUMNS))
        assert len(self.heads(client)) == len(COLUMNS)
        row = re.search(r'<tr data-giccid="1009".*?</tr>', client.get(URL).content.decode(), re.S)[0]
        assert row.count("<td") == len(COLUMNS) + 1

    def test_rubbish_and_rows(self, client, fleet):
        assert self.keep(client, ["x" * 5000] * 200, rows="7", query="%00&=").status_code == 302
        assert ListPreference.objects.get().rows is None
        assert client.get("/sims/columns/").status_code == 405

    def test_anonymous(self, anonymous):
        assert self.keep(anonymous, ["imei"])["Location"].startswith("/login/")


def test_only_reading(client, fleet):
    assert client.post(URL).status_code == 405


def test_anonymous_is_sent_to_login(anonymous, fleet):
    response = anonymous.get(URL, {"q": "4471", "go": "1"})
    assert response.status_code == 302
    assert response["Location"].startswith("/login/?next=/sims/")
