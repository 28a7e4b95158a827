"""Runs that are told no accounts, and read the SIMs in one list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from msgspec import structs

from enterprise.models import Account, Source
from journal.models import Event
from sims.models import SetAside, Sim, SyncPage, SyncRun
from sims.sync import one_list, report, runs, work
from smarthub import Client, RawPage, models
from tests.simulated import Simulated

pytestmark = pytest.mark.django_db
Sync = Callable[..., SyncRun]

SEED = "8986011805021000004"


def refuse(carrier: Simulated, kind: str = "403", times: int = 1000) -> None:
    carrier.post("/_sim/fault", {"operation": "enterprise", "kind": kind, "times": times})


@pytest.mark.parametrize("kind", ["403", "badjson", "redirect_other"])
def test_without_any_account_named_the_sims_are_read_in_one_list(sync: Sync, carrier: Simulated, kind: str) -> None:
    refuse(carrier, kind)
    for _ in range(2):
        run = sync()
        assert (run.state, run.read, run.missing, Sim.objects.count()) == ("finished", 250, 0, 250)
        [error] = run.errors
        what_to_do = "Have the carrier grant this key" if kind == "403" else "Ask the carrier to name the accounts"
        assert error.startswith("The enterprise: ") and what_to_do in error
        assert (run.pages, run.pages_expected, run.sims_expected) == (3, 3, 250)
    assert (run.new, run.moved, Account.objects.count()) == (0, 0, 0)
    assert Source.objects.exclude(error="").get().call == "enterprise"


def test_an_enterprise_that_names_no_account_is_read_in_one_list(sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    enterprise = Client.enterprise

    def nameless(client: Client) -> object:
        answer = enterprise(client)
        return structs.replace(answer, value=models.Enterprise(name="Halden"))

    monkeypatch.setattr(Client, "enterprise", nameless)
    run = sync()
    assert (run.state, run.read) == ("finished", 250)
    assert "the carrier named no account" in run.errors[0]


def test_one_list_shows_how_far_it_is(sync: Sync, carrier: Simulated) -> None:
    refuse(carrier)
    [part] = report.report_on(sync()).parts
    assert (part.name, part.state, part.done, part.whole) == ("All SIMs, without accounts", "done", 3, 3)


def test_accounts_that_are_named_later_are_first_sight_and_no_move(sync: Sync, carrier: Simulated) -> None:
    refuse(carrier, times=1)
    sync()
    run = sync()
    assert (run.state, run.changed, run.errors) == ("finished", 0, [])
    assert not Sim.objects.filter(account=None).exists()
    assert not Event.objects.exists()


def test_accounts_that_were_named_once_are_read_by_name(sync: Sync, carrier: Simulated) -> None:
    sync()
    refuse(carrier)
    run = sync()
    assert (run.state, run.parts.exists(), run.read) == ("finished", True, 250)


@pytest.mark.parametrize("kind", ["401", "503", "timeout"])
def test_refused_key_and_passing_trouble_fail_at_once(sync: Sync, carrier: Simulated, kind: str) -> None:
    refuse(carrier, kind)
    run = sync()
    assert (run.state, run.note.startswith("The enterprise: "), run.pages) == ("failed", True, 0)


def test_killed_in_the_middle_it_goes_on_where_it_stood(
    client: Client, carrier: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: object) -> None:
        raise Killed

    refuse(carrier)
    run = runs.request_full(trigger=SyncRun.Trigger.PLAN)
    with monkeypatch.context() as patch:
        patch.setattr(one_list, "_fail", die)
        with pytest.raises(Killed):
            work.work_slice(run.pk, client)
    assert list(SyncPage.objects.values_list("page", flat=True)) == [0]
    SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    while work.work_slice(run.pk, client):
        pass
    run.refresh_from_db()
    assert (run.state, run.read, Sim.objects.count(), run.pages) == ("finished", 250, 250, 3)


def test_page_that_fails_fails_the_run_by_name(sync: Sync, carrier: Simulated) -> None:
    refuse(carrier)
    carrier.post("/_sim/fault", {"operation": "sim_list", "kind": "500", "times": 1000, "after": 1})
    run = sync()
    assert (run.state, run.missing, Sim.objects.count() > 0) == ("failed", None, True)
    assert run.note.startswith("Page 2 of the list without accounts: ")


def test_record_that_cannot_be_read_is_kept_aside(sync: Sync, carrier: Simulated) -> None:
    refuse(carrier)
    carrier.post("/_sim/sims", {"put": [{"giccid": SEED, "currentCycleUsages": {"dataUsage": "12,4 MB"}}]})
    run = sync()
    assert (run.state, run.kept_aside, Sim.objects.count()) == ("finished", 1, 249)
    assert (SetAside.objects.get().giccid, SetAside.objects.get().account) == (SEED, None)


@pytest.mark.parametrize("total", [None, 1, 10**9])
def test_total_is_not_believed(sync: Sync, carrier: Simulated, monkeypatch: pytest.MonkeyPatch, total: int) -> None:
    read_page = Client.list_sims_raw

    def without_end(client: Client, *, page: int = 0, **query: object) -> RawPage:
        if query.get("giccids"):
            return read_page(client, **query)
        return structs.replace(read_page(client, page=page % 3, **query), total=total)

    refuse(carrier)
    monkeypatch.setattr(Client, "list_sims_raw", without_end)
    run = sync()
    assert (run.state, Sim.objects.count()) == ("finished", 250)


@pytest.mark.parametrize("hole", [0, 3, 4])
def test_page_that_is_empty_in_the_middle_ends_nothing(
    sync: Sync, carrier: Simulated, monkeypatch: pytest.MonkeyPatch, settings, hole: int
) -> None:
    """Whichever of those that are asked for together it is."""
    settings.SMARTHUB_PAGE_SIZE, read_page = 10, Client.list_sims_raw

    def with_a_hole(client: Client, *, page: int = 0, **query: object) -> RawPage:
        answer = read_page(client, page=page, **query)
        return structs.replace(answer, records=[]) if page == hole and not query.get("giccids") else answer

    refuse(carrier)
    monkeypatch.setattr(Client, "list_sims_raw", with_a_hole)
    run = sync()
    assert (run.state, Sim.objects.count(), run.pages) == ("finished", 240, 26)
    assert "the carrier told of 250 SIMs and listed 240" in run.errors[-1]
