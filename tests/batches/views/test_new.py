import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from batches.models import Batch
from sims.paste.check import check
from sims.paste.parse import parse
from tests.batches.files.books import bomb, book_of, csv_of
from tests.page import errors, htmx, text, total
from tests.sims.fleet import make_account, make_package, make_sim, make_sims

URL = "/batches/new/"
FIRST, SECOND = "8986011805021000001", "8986011805021000002"


def sent(file: io.BytesIO, name: str = "sims.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, file.getvalue())


def made(response) -> Batch:
    assert response.status_code == 302, errors(response)
    batch = Batch.objects.latest("pk")
    assert response["Location"] == f"/batches/{batch.uuid}/"
    return batch


def refused(response) -> list[str]:
    assert response.status_code == 422
    assert not Batch.objects.exists()
    return errors(response)


def giccids(batch: Batch) -> list[str]:
    return list(batch.items.order_by("place").values_list("giccid", flat=True))


def test_the_empty_page_asks_for_everything(client, db):
    response = client.get(URL)
    page = text(response)
    assert response.status_code == 200
    assert "Pasted list" in page and "CSV or XLSX file" in page and "Show the dry run" in page
    assert errors(response) == []


def test_a_filter_is_shown_with_what_each_verb_would_touch(client, db):
    make_sims(3, status="DEACTIVATED")
    make_sim("1001", status="RETIRED")
    response = client.get(URL, {"filter": "status=DEACTIVATED&status=RETIRED", "kind": "retire"})
    page = text(response)
    assert total(response) == "4"
    assert "Status Suspended, Retired" in page
    assert "Retire 3 of 4 SIMs" in page
    assert 'value="retire" checked' in response.content.decode()


@pytest.mark.parametrize(
    ("kind", "fields", "wanted"),
    [
        ("suspend", {}, {}),
        ("change-plan", {"package": "Basic-50M"}, {"package": "Basic-50M", "effective": "now"}),
        (
            "change-plan",
            {"package": "Basic-50M", "effective": "next-cycle"},
            {"package": "Basic-50M", "effective": "next-cycle"},
        ),
        ("apn", {"apn": "iot.public", "apn_status": "closed"}, {"apn": "iot.public", "apn_status": "CLOSED"}),
        ("custom-fields", {"custom2": "north"}, {"custom2": "north"}),
        ("custom-fields", {"custom2": "", "clear": "custom2"}, {"custom2": ""}),
    ],
)
def test_a_pasted_list_becomes_a_dry_run(client, user, kind, fields, wanted):
    make_package(make_account(), "Basic-50M")
    make_sims(2, account=make_account())
    asked = {"kind": kind, "identifiers": f"{FIRST}\n{SECOND}\n8986011805029999999", "reason": "a test", **fields}
    batch = made(client.post(URL, asked))
    assert (batch.kind, batch.wanted, batch.reason, batch.username) == (kind, wanted, "a test", "jonas")
    assert batch.chosen == "identifiers"
    assert [item.verdict for item in batch.items.order_by("place")][2] == "not_found"


def test_ticked_sims(client, db):
    make_sims(3)
    batch = made(client.post(URL, {"kind": "suspend", "sim": [FIRST, SECOND]}))
    assert (batch.chosen, giccids(batch)) == ("giccids", [FIRST, SECOND])


def test_everything_under_a_filter(client, db):
    make_sims(3)
    make_sim("1001", status="RETIRED")
    batch = made(client.post(URL, {"kind": "suspend", "filter": "status=ACTIVATED"}))
    assert (batch.chosen, batch.chosen_from, len(giccids(batch))) == ("filter", "status=ACTIVATED", 3)
    batch = made(client.post(URL, {"kind": "suspend", "everything": "1", "query": "", "sim": FIRST}))
    assert len(giccids(batch)) == 4


def test_a_working_set(client, user):
    make_sims(3)
    words = f"{FIRST}\n{SECOND}"
    kept = check(text=words, parsed=parse(words), user=user)
    page = client.get(URL, {"set": kept.pk})
    assert total(page) == "2"
    batch = made(client.post(URL, {"kind": "suspend", "set": kept.pk}))
    assert (batch.chosen, giccids(batch)) == ("set", [FIRST, SECOND])


@pytest.mark.parametrize("make", [csv_of, lambda *rows: book_of(*([row] for row in rows))])
def test_a_file(client, db, make):
    make_sims(2)
    batch = made(client.post(URL, {"kind": "suspend", "file": sent(make("ICCID", FIRST, SECOND), "north.csv")}))
    assert (batch.chosen, giccids(batch)) == ("file", [FIRST, SECOND])
    assert "north.csv" in batch.chosen_words
    assert [item.line for item in batch.items.order_by("place")] == [2, 3]


def test_the_same_sim_five_hundred_times(client, db):
    make_sims(1)
    batch = made(client.post(URL, {"kind": "suspend", "file": sent(csv_of("ICCID", *[FIRST] * 500))}))
    verdicts = list(batch.items.values_list("verdict", flat=True))
    assert (verdicts.count("will_change"), verdicts.count("duplicate")) == (1, 499)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({}, "No SIM was chosen."),
        ({"identifiers": " \n "}, "No SIM was chosen."),
        ({"identifiers": "no number here"}, "None of the 3 words is an identifier."),
        ({"identifiers": "1\x002"}, "This is not text"),
        ({"filter": "status=RETIRED"}, "No SIM matches this filter now"),
        ({"filter": "usage=nonsense"}, "“nonsense” cannot be read"),
        ({"filter": "set=0b0e7a4e-5d0c-4b57-9d0b-3f3b8f2f6a11"}, "This list is gone"),
        ({"set": "0b0e7a4e-5d0c-4b57-9d0b-3f3b8f2f6a11"}, "This list is gone"),
        ({"set": "nonsense"}, "This list is gone"),
        ({"identifiers": FIRST, "filter": "status=ACTIVATED"}, "Choose the SIMs in one way"),
        ({"identifiers": "\n".join(["8986011805021000001"] * 100_001)}, "A batch takes at most 100,000 SIMs"),
    ],
)
def test_what_is_no_selection(client, db, asked, why):
    make_sims(1)
    assert any(why in each for each in refused(client.post(URL, {"kind": "suspend", **asked})))


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (csv_of("Name", "x"), "The first row names no column"),
        (csv_of("ICCID", "8.98601E+18", FIRST), "Row 2 “8.98601E+18”: a spreadsheet rounded it"),
        (csv_of("ICCID", "=1+1"), "Row 2 “=1+1”: a formula"),
        (csv_of("ICCID"), "Under its heading the file has no identifier."),
        (io.BytesIO(), "This file is empty."),
        (bomb(70), "Unpacked, this workbook would have more than 64 MB."),
        (io.BytesIO(b"ICCID\n" + b"1" * (11 * 2**20)), "This file has 11 MB; at most 10 MB are read."),
        (io.BytesIO("Gerät,ICCID\n".encode() + "ß,1\n".encode("cp1252")), "The file mixes encodings"),
        (csv_of("ICCID", *[FIRST] * 100_001), "100,001 SIMs were chosen; a batch takes at most 100,000."),
    ],
)
def test_a_file_that_is_no_selection(client, db, file, why):
    assert any(why in each for each in refused(client.post(URL, {"kind": "suspend", "file": sent(file)})))


def test_damaged_rows_are_left_out_when_asked(client, db):
    make_sims(1)
    file = sent(csv_of("ICCID", "8.98601E+18", FIRST))
    batch = made(client.post(URL, {"kind": "suspend", "file": file, "leave_out_damaged": "on"}))
    assert giccids(batch) == [FIRST]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({}, "Say what is to be done."),
        ({"kind": "explode"}, "There is no such kind of batch."),
        ({"kind": "change-plan"}, "Choose a package."),
        ({"kind": "change-plan", "package": "No-Such"}, "No account has a package “No-Such” now."),
        ({"kind": "add-package", "package": "Basic-50M"}, "“Basic-50M” is no supplementary package."),
        ({"kind": "change-plan", "package": "Basic-50M", "effective": "later"}, "It is now or next-cycle."),
        ({"kind": "apn", "apn": "x"}, "Say whether it opens or closes."),
        ({"kind": "apn", "apn_status": "OPEN"}, "Name the APN."),
        ({"kind": "apn", "apn": "x", "apn_status": "ajar"}, "It is OPEN or CLOSED."),
        ({"kind": "custom-fields"}, "Fill in at least one of the five texts"),
        ({"kind": "custom-fields", "custom1": "x" * 101}, "At most 100 characters fit; these are 101."),
        ({"kind": "suspend", "reason": "x" * 501}, "At most 500 characters fit; these are 501."),
        ({"kind": "suspend", "reason": "\x00"}, "Null characters are not allowed."),
    ],
)
def test_what_is_no_change(client, db, asked, why):
    package = make_package(make_account(), "Basic-50M")
    package.type = "BASIC"
    package.save()
    make_sims(1)
    assert any(why in each for each in refused(client.post(URL, {"identifiers": FIRST, **asked})))


def test_what_was_sent_is_shown_again(client, db):
    response = client.post(URL, {"kind": "retire", "identifiers": "no number", "reason": "a reason"})
    page = response.content.decode()
    assert "no number</textarea>" in page and 'value="a reason"' in page and 'value="retire" checked' in page


def test_the_selection_bar_leads_here(client, db):
    make_sims(2)
    ticked = client.post("/batches/choose/", {"sim": [FIRST], "kind": "suspend", "query": "status=ACTIVATED"})
    assert total(ticked) == "1" and f'name="sim" value="{FIRST}"' in ticked.content.decode()
    everything = client.post("/batches/choose/", {"everything": "1", "sim": [FIRST], "query": "status=ACTIVATED"})
    assert total(everything) == "2" and 'name="filter" value="status=ACTIVATED"' in everything.content.decode()
    nothing = client.post("/batches/choose/", {"kind": "suspend"})
    assert nothing.status_code == 422 and errors(nothing)[0].startswith("No SIM was chosen.")


def test_only_the_sims_of_ones_accounts_count(client, user, django_user_model):
    from enterprise.scope import limit_to

    make_sims(2)
    make_sim("1001", account=make_account())
    limit_to(user, [make_account()], by=django_user_model.objects.create_user("eva"))
    assert total(client.get(URL, {"filter": ""})) == "1"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template(client, db, kind):
    response = client.get(f"/batches/template.{kind}")
    assert f'filename="sims-for-a-batch.{kind}"' in response["Content-Disposition"]
    assert len(response.content) > 5


def test_methods_and_people(client, anonymous, db):
    assert client.put(URL).status_code == 405
    assert client.get("/batches/choose/").status_code == 405
    for path in (URL, "/batches/template.csv"):
        assert anonymous.get(path)["Location"].startswith("/login/")
    assert anonymous.post(URL, {"kind": "suspend"})["Location"].startswith("/login/")
    assert client.get(URL, headers=htmx("nothing")).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(client, db, django_assert_num_queries, count):
    make_sims(count)
    # session, user, accounts with the scope, exact count, statuses, catalogue, counts beside the places, freshness
    with django_assert_num_queries(8):
        assert total(client.get(URL, {"filter": "status=ACTIVATED"})) == str(count)
