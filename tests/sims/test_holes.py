"""Pages that come empty before the end of their list, and lists that are refused past it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from msgspec import structs

from sims.models import Sim, SyncRun
from sims.sync import listing, runs, work
from smarthub import Client, RawPage, errors
from tests.simulated import Simulated

pytestmark = pytest.mark.django_db
Sync = Callable[..., SyncRun]
Answers = Callable[[str, int, RawPage], RawPage]
EXAMPLE = "example_account"


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, settings) -> Callable[[Answers], None]:
    """Lists of ten a page, each answer as the carrier would rather have it."""
    settings.SMARTHUB_PAGE_SIZE = 10
    read_page = Client.list_sims_raw

    def patch(answers: Answers) -> None:
        def page_of(client: Client, account_name: str | None = None, page: int = 0, **query: object) -> RawPage:
            answer = read_page(client, account_name, page=page, **query)
            return answer if query.get("giccids") else answers(account_name or "", page, answer)

        monkeypatch.setattr(Client, "list_sims_raw", page_of)

    return patch


def emptied(answer: RawPage, **said: int) -> RawPage:
    return structs.replace(answer, records=[], **said)


@pytest.mark.parametrize("said", [{}, {"total": 0}])
def test_page_that_comes_empty_once_is_asked_for_again(
    sync: Sync, answering: Callable[[Answers], None], said: dict[str, int]
) -> None:
    empty = []

    def once(account: str, page: int, answer: RawPage) -> RawPage:
        if page != 1 or not answer.records or account in empty:
            return answer
        empty.append(account)
        return emptied(answer, **said)

    answering(once)
    run = sync()
    assert (run.state, run.errors, Sim.objects.count()) == ("finished", [], 250)
    assert empty


@pytest.mark.parametrize("said", [{}, {"total": 0}])
def test_list_that_shows_fewer_than_it_told_of_says_so(
    sync: Sync, answering: Callable[[Answers], None], said: dict[str, int]
) -> None:
    whole = sync().parts.order_by("-total").values_list("account__name", "total").first()
    Sim.objects.all().delete()
    name, told = whole
    answering(lambda account, page, answer: emptied(answer) if (account, page) == (name, 1) else answer)
    run = sync()
    assert (run.state, Sim.objects.count()) == ("finished", 240)
    [error] = run.errors
    assert error.startswith(f"{name}: the carrier told of {told} SIMs and listed {told - 10}. ")


def test_shortage_is_told_once_though_the_run_is_killed_just_then(
    sync: Sync, client: Client, answering: Callable[[Answers], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(lambda account, page, answer: emptied(answer) if (account, page) == (EXAMPLE, 0) else answer)
    run = runs.request_full(trigger=SyncRun.Trigger.PLAN)
    enter = work._enter

    def killed(run: SyncRun, phase: SyncRun.Phase) -> None:
        if phase == SyncRun.Phase.ABSENT:
            raise KeyboardInterrupt
        enter(run, phase)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(work, "_enter", killed)
        work.work_slice(run.pk, client)
    assert [error.startswith(EXAMPLE) for error in sync(run).errors] == [True]


def test_list_that_is_short_is_read_again_soon_but_ever_more_slowly(
    sync: Sync, answering: Callable[[Answers], None]
) -> None:
    answering(lambda account, page, answer: emptied(answer, total=0) if (account, page) == (EXAMPLE, 0) else answer)
    sync()
    assert runs.next_due_at() > timezone.now() + timedelta(minutes=50)  # none was told of: nothing is short
    answering(lambda account, page, answer: emptied(answer) if (account, page) == (EXAMPLE, 0) else answer)
    sync()
    first = runs.next_due_at() - timezone.now()
    sync()
    assert first < runs.next_due_at() - timezone.now() < timedelta(minutes=2)


def test_pages_in_ever_other_orders_are_read_again_until_all_sims_are_known(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page is of the list as it is shuffled then, so that some SIMs are shown twice and others not at all."""
    read_page, order = Client.list_sims_raw, random.Random(3)

    def shuffled(client: Client, account_name: str | None = None, page: int = 0, **query: object) -> RawPage:
        if query.get("giccids"):
            return read_page(client, account_name, page=page, **query)
        whole = [read_page(client, account_name, page=number, size=100) for number in range(3)]
        records = order.sample([record for part in whole for record in part.records], whole[0].total or 0)
        return structs.replace(whole[0], records=records[page * 10 :][:10], page=page, size=10)

    monkeypatch.setattr(Client, "list_sims_raw", shuffled)
    run = sync()
    assert (run.state, Sim.objects.count() < 250) == ("finished", True)
    assert all(": the carrier told of " in error for error in run.errors) and run.errors
    assert runs.next_due_at() < timezone.now() + timedelta(minutes=1)
    for _ in range(30):
        if not sync().errors:
            break
    assert Sim.objects.count() == 250


def test_sims_that_are_known_make_no_list_short(sync: Sync, answering: Callable[[Answers], None]) -> None:
    sync()
    answering(lambda account, page, answer: emptied(answer) if page == 1 else answer)
    run = sync()
    assert (run.state, run.errors, run.missing) == ("finished", [], 0)


def test_list_that_holds_all_it_told_of_says_nothing(sync: Sync, carrier: Simulated) -> None:
    carrier.post("/_sim/sims", {"put": [{"giccid": "8986011805021000004", "status": {}}]})
    run = sync()
    assert (run.state, run.kept_aside, run.errors) == ("finished", 1, [])


def test_page_of_which_nothing_can_be_read_ends_no_list_without_a_total(
    sync: Sync, answering: Callable[[Answers], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(account: str, page: int, answer: RawPage) -> RawPage:
        broken = [raw.replace(b'"status"', b'"state"') for raw in answer.records]
        return structs.replace(answer, records=broken if page == 2 else answer.records, total=None)

    # Each page by itself, as they are merged where the carrier takes its time.
    monkeypatch.setattr(listing, "MERGE_EVERY_S", 0)
    answering(spoilt)
    run = sync()
    assert (run.state, run.kept_aside > 0, Sim.objects.count() + run.kept_aside) == ("finished", True, 250)


@pytest.mark.parametrize("error", [errors.NotFound, errors.ValidationFailed, errors.ProtocolError])
def test_page_past_the_end_that_is_refused_ends_a_list_without_a_total(
    sync: Sync, answering: Callable[[Answers], None], error: type[errors.CarrierError]
) -> None:
    def refused(account: str, page: int, answer: RawPage) -> RawPage:
        if page and not answer.records:
            raise error("sim_list", title="The answer is empty", status=404, reply=answer.reply)
        return structs.replace(answer, total=None)

    answering(refused)
    run = sync()
    assert (run.state, run.errors, Sim.objects.count()) == ("finished", [], 250)


def test_page_that_is_refused_before_the_end_fails_its_list(sync: Sync, answering: Callable[[Answers], None]) -> None:
    def refused(account: str, page: int, answer: RawPage) -> RawPage:
        if page == 1 and answer.records:
            raise errors.NotFound("sim_list", status=404, reply=answer.reply)
        return answer

    answering(refused)
    run = sync()
    assert (run.state, run.note.startswith("Page 2 of ")) == ("failed", True)
