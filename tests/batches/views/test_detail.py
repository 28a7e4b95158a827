import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from batches.models import Batch, BatchChunk, BatchItem
from sims.models import Protection, Sim
from tests.batches.views.made import change, iccid, plan, started, url_of
from tests.page import errors, htmx, text, total
from tests.sims.fleet import make_sim, make_sims

ITEM = re.compile(r'data-(?:item|repeats)="([^"]*)" data-state="([^"]*)" data-verdict="([^"]*)"')


@pytest.fixture(autouse=True)
def fleet(db) -> list[Sim]:
    return make_sims(6, read_at=timezone.now())


def items(response) -> list[tuple[str, str, str]]:
    return ITEM.findall(response.content.decode())


def rows(response) -> list[dict[str, str]]:
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def mixed(user, **fields) -> Batch:
    """One of each verdict that a list can have."""
    Sim.objects.filter(giccid=iccid(2)).update(status="DEACTIVATED")
    Sim.objects.filter(giccid=iccid(3)).update(status="RETIRED")
    Protection.objects.create(sim=Sim.objects.get(giccid=iccid(4)), by=user, reason="spare engines")
    return plan(user, (1, 2, 3, 4, 1, 9), **fields)


def test_the_dry_run(client, user):
    batch = mixed(user, reason="Contract ended")
    response = client.get(url_of(batch))
    page, html = text(response), response.content.decode()
    assert f'data-batch="{batch.uuid}" data-state="planned"' in html
    assert "Suspend 6 SIMs: dry run" in page
    assert "Nothing has been sent" in page and "Contract ended" in page
    assert total(response) == "6"
    assert [verdict for _, _, verdict in items(response)] == [
        "will_change", "no_change", "illegal", "protected", "duplicate", "not_found",
    ]  # fmt: skip
    assert items(response)[0] == (iccid(1), "planned", "will_change")
    assert "spare engines" in page
    assert "Suspend 1 SIM" in page and 'id="id_count"' not in html


def test_a_sim_that_is_repeated_is_one_item(client, user):
    html = client.get(url_of(plan(user, (1, 2, 1, 1)))).content.decode()
    assert re.findall(r'data-item="([^"]*)" data-state="([^"]*)"', html) == [
        (iccid(1), "planned"), (iccid(2), "planned"),
    ]  # fmt: skip
    assert html.count(f'data-repeats="{iccid(1)}"') == 2


def test_a_row_says_what_else_follows_for_its_sim(client, user):
    Sim.objects.filter(giccid=iccid(1)).update(package_ends_at=timezone.now() + timedelta(days=9, hours=1))
    response = client.get(url_of(plan(user, (1, 2))))
    assert "Plan goes on, 9 days left" in text(response) and "Nothing else" in text(response)


def test_what_is_not_sent_yet_stands_above_the_chunks(client, user):
    batch = started(user, "accepted", "planned", "planned")
    assert "next 2 Planned not sent Go after chunk 1, at most 1,000 at a time." in text(client.get(url_of(batch)))
    change(batch, state=Batch.State.PAUSED)
    assert "Wait until somebody resumes the batch." in text(client.get(url_of(batch)))


def test_a_tile_is_a_filter(client, user):
    batch = mixed(user)
    response = client.get(url_of(batch), {"verdict": "illegal"})
    assert [item[0] for item in items(response)] == [iccid(3)]
    assert total(response) == "1"
    found = client.get(url_of(batch), {"q": iccid(4)[-6:]})
    assert [item[0] for item in items(found)] == [iccid(4)] and total(found) == "1"
    assert items(client.get(url_of(batch), {"q": "nothing such"})) == []


@pytest.mark.parametrize("query", [{"verdict": "nonsense"}, {"after": "x"}, {"state": "\x00"}, {"before": "-1"}])
def test_a_damaged_address_shows_all_and_says_so(client, user, query):
    response = client.get(url_of(mixed(user)), query)
    assert len(items(response)) == 6
    assert errors(response)[0].startswith("The address of these items is damaged")


def test_retiring_asks_for_the_count(client, user):
    Sim.objects.update(status="DEACTIVATED")
    batch = plan(user, kind="retire")
    assert "To confirm, type how many SIMs will be retired: 3" in text(client.get(url_of(batch)))


def test_stale_sims_are_read_first(client, user):
    Sim.objects.update(read_at=timezone.now() - timedelta(days=3))
    batch = plan(user)
    response = client.get(url_of(batch))
    page = text(response)
    assert batch.state == "planning" and 'data-live="batch:' in response.content.decode()
    assert "3 SIMs were read too long ago." in page and "3 SIMs are read again first." in page
    assert len(items(client.get(url_of(batch), {"verdict": "stale"}))) == 3
    assert 'aria-disabled="true" aria-describedby="why-not"' in response.content.decode()


def test_nothing_to_change_cannot_be_started(client, user):
    Sim.objects.update(status="DEACTIVATED")
    page = text(client.get(url_of(plan(user))))
    assert "No SIM would change, so there is nothing to start." in page


def test_running(client, user):
    batch = started(user, "done", "failed", "unknown", "accepted", "planned")
    response = client.get(url_of(batch))
    page, html = text(response), response.content.decode()
    assert "Suspend 5 SIMs" in page and "2 of 5 settled" in page
    assert "Pause" in page and "Cancel the 1 not sent" in page
    assert "We do not know yet what became of 1 SIM." in page
    assert 'fill="url(#hatch-batch)"' in html and "20261122-1" in page
    assert [state for _, state, _ in items(response)] == ["done", "failed", "unknown", "accepted", "planned"]
    assert "The carrier refused it. E42" in page
    fragment = client.get(url_of(batch), headers=htmx("batch")).content.decode()
    assert fragment.lstrip().startswith('<div id="batch"') and "<html" not in fragment


def test_the_states_are_filters(client, user):
    batch = started(user, "done", "failed", "unknown", "accepted", "skipped", "planned")
    for state, figure in {"done": 1, "failed": 1, "unknown": 1, "accepted": 1, "skipped": 1, "planned": 1}.items():
        response = client.get(url_of(batch), {"state": state})
        assert [each[1] for each in items(response)] == [state]
        assert total(response) == str(figure)


def test_the_result(client, user):
    batch = started(user, "done", "failed", "unknown", state="finished", chunk="unknown", reason="Contract ended")
    page = text(client.get(url_of(batch)))
    assert "Finished, 1 failed, 1 unknown" in page
    assert "Retry the 1 failed…" in page and "Undo the 1 done…" in page
    assert "Say what became of it…" in page
    assert "Seen at the carrier at" in page


def test_what_is_done_without_a_doubt(client, user):
    batch = started(user, "done", "done", state="finished", chunk="done")
    page = text(client.get(url_of(batch)))
    assert "Finished" in page and "Retry the" not in page and "We do not know" not in page
    assert "2 done." in page
    html = client.get(url_of(batch)).content.decode()
    # it looks no more, but an answer still under way has its place
    assert 'data-live="batch:' not in html and 'hx-target="#batch" hx-swap="morph:outerHTML"' in html


def test_the_carriers_own_counts_stand_beside_ours(client, user):
    batch = started(user, "done", "failed", state="finished", chunk="done")
    change(batch.chunks.get(), job_done=2, job_failed=0)
    assert "The carrier’s own counts: 2 done, 0 failed." in text(client.get(url_of(batch)))


def test_linked_batches(client, user):
    parent = started(user, "failed", state="finished", chunk="done")
    child = plan(user, parent=parent, link="retry")
    assert f"Retries the failed of batch {parent.pk} ." in text(client.get(url_of(child)))
    assert f"Retried by batch {child.pk} , planned." in text(client.get(url_of(parent)))


def test_items_in_pages(client, user, monkeypatch):
    monkeypatch.setattr("batches.views.detail.SHOWN", 2)
    batch = plan(user, (1, 2, 3, 4, 5))
    first = client.get(url_of(batch))
    assert [item[0] for item in items(first)] == [iccid(1), iccid(2)]
    assert f'href="{url_of(batch)}?after=2#items"' in first.content.decode()
    second = client.get(url_of(batch), {"after": 2, "verdict": "will_change"})
    assert [item[0] for item in items(second)] == [iccid(3), iccid(4)]
    assert "verdict=will_change&amp;before=3#items" in second.content.decode()


def test_an_iccid_or_its_last_digits_find_an_item(client, user):
    batch, other = plan(user, (1, 2, 3, 12, 112)), plan(user, (212,))

    def found(text: str) -> list[str]:
        return [item[0] for item in items(client.get(url_of(batch), {"q": text}))]

    assert found(iccid(2)) == [iccid(2)]
    assert found("8986 0118 0502 1000 012") == [iccid(12)]
    assert found("012") == [iccid(12)] and found("12") == [iccid(12), iccid(112)]
    assert found("999") == [] and found("%") == [iccid(number) for number in (1, 2, 3, 12, 112)]
    assert found("212") == [] and other.items.ending_in("212").count() == 1


def test_the_last_digits_are_looked_up_not_looked_for(client, user):
    """Of a batch of 100,000 an index gives the few that end so."""
    batch = plan(user, range(1, 301))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE batches_batchitem")
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan_of_query = batch.items.ending_in("003").explain()
    assert "item_ending" in plan_of_query and "Filter" not in plan_of_query, plan_of_query


def test_chunks_in_pages(client, user):
    batch = started(user, "done")
    for number in range(2, 12):
        BatchChunk.objects.create(batch=batch, number=number, state="done", size=1)
    html = client.get(url_of(batch)).content.decode()
    assert html.count("data-chunk=") == 8 and "chunks_after=4" in html
    older = client.get(url_of(batch), {"chunks_after": 4}).content.decode()
    assert older.count("data-chunk=") == 3
    assert client.get(url_of(batch), {"chunks_after": "x" * 30}).status_code == 200


def test_the_plan_as_a_file(client, user):
    batch = mixed(user)
    response = client.get(url_of(batch, "items.csv"))
    assert f'filename="batch-{batch.pk}-plan.csv"' in response["Content-Disposition"]
    found = rows(response)
    assert [row["Verdict"] for row in found][:3] == ["Will change", "No change", "Not allowed"]
    assert (found[0]["ICCID"], found[0]["Before"], found[0]["After"]) == (iccid(1), "Active", "Suspended")
    one = rows(client.get(url_of(batch, "items.csv"), {"verdict": "protected"}))
    assert [row["ICCID"] for row in one] == [iccid(4)]


def test_the_result_as_a_file(client, user):
    batch = started(user, "done", "failed", state="finished")
    found = rows(client.get(url_of(batch, "items.csv")))
    assert [(row["State"], row["Code"]) for row in found] == [("Done", ""), ("Failed", "E42")]
    assert found[0]["Chunk"] == "1"


def test_no_cell_of_a_file_comes_alive(client, user):
    batch = plan(user)
    BatchItem.objects.filter(batch=batch, place=1).update(entry="=cmd|' /C calc'!A0", message="+1", why="@SUM(1)")
    found = rows(client.get(url_of(batch, "items.csv")))[0]
    assert (found["Entry"], found["Message"], found["Why"]) == ("'=cmd|' /C calc'!A0", "'+1", "'@SUM(1)")
    assert "=cmd|" not in text(client.get(url_of(batch)))


def test_a_person_sees_the_batches_of_their_accounts(client, user, django_user_model):
    from enterprise.scope import limit_to
    from tests.sims.fleet import make_account

    other = django_user_model.objects.create_user("eva")
    batch = plan(other)
    assert client.get(url_of(batch)).status_code == 200
    limit_to(user, [make_account()], by=other)
    assert client.get(url_of(batch)).status_code == 404
    assert client.get(url_of(plan(user))).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(client, user, django_assert_num_queries, count):
    batch = started(user, *["done"] * count)
    # session, user, scope, batch, counts, children, items, chunks, their items, counts beside the places, freshness
    with django_assert_num_queries(11):
        assert len(items(client.get(url_of(batch)))) == count


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_dry_run_do_not_grow(client, user, django_assert_num_queries, count):
    batch = plan(user, range(1, count + 1))
    # session, user, scope, batch, counts, children, items, estimate, counts beside the places, freshness
    with django_assert_num_queries(10):
        assert len(items(client.get(url_of(batch)))) == count


def test_methods_and_people(client, anonymous, user):
    batch = plan(user)
    for part in ("", "items.csv"):
        assert client.post(url_of(batch, part)).status_code == 405
        assert anonymous.get(url_of(batch, part))["Location"].startswith("/login/")
    assert client.get("/batches/0b0e7a4e-5d0c-4b57-9d0b-3f3b8f2f6a11/").status_code == 404
    assert make_sim("1001").pk
