"""SIMs that the carrier lists under two accounts at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import structs

from journal.models import Event
from sims.models import Sim, SyncRun
from sims.sync import listing
from smarthub import Client, RawPage
from tests.simulated import Simulated

pytestmark = pytest.mark.django_db
Sync = Callable[..., SyncRun]

SEED = "8986011805021000004"


@pytest.fixture(autouse=True)
def each_page_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one merge the two lists would be seen side by side, which those of a large fleet are not."""
    monkeypatch.setattr(listing, "PAGES_IN_HAND", 1)
    monkeypatch.setattr(listing, "MERGE_EVERY_S", 0)


@pytest.fixture
def also_in(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The accounts whose lists show the SIM too, first or last as its name tells the order."""
    read_page, accounts = Client.list_sims_raw, set[str]()

    def with_the_sim(client: Client, account_name: str | None = None, **query: object) -> RawPage:
        page = read_page(client, account_name, **query)
        if account_name not in accounts or query["page"]:
            return page
        [record] = client.read_sim_raw(SEED).records
        return structs.replace(page, records=[*page.records, record], total=(page.total or 0) + 1)

    monkeypatch.setattr(Client, "list_sims_raw", with_the_sim)
    return accounts


def account() -> str:
    return Sim.objects.get(giccid=SEED).account.name


def told() -> list[str]:
    return list(Event.objects.filter(subject_key=SEED).order_by("id").values_list("kind", flat=True))


@pytest.mark.parametrize("other", ["lab account", "aaa"])
def test_sim_in_two_lists_from_the_first_keeps_the_account_it_was_given(
    sync: Sync, carrier: Simulated, also_in: set[str], other: str
) -> None:
    carrier.post("/_sim/accounts", {"add": [{"name": other}]}) if other == "aaa" else None
    also_in.add(other)
    sync()
    given = account()
    for _ in range(3):
        run = sync()
        assert (account(), run.moved, run.changed) == (given, 0, 0)
    assert told() == []


def test_sim_that_comes_into_a_second_list_does_not_move_to_and_fro(sync: Sync, also_in: set[str]) -> None:
    sync()
    also_in.add("lab account")
    for _ in range(4):
        sync()
    assert told() in ([], ["sim.account"])


def test_what_changes_on_a_sim_in_two_lists_is_told_once_and_its_account_kept(
    sync: Sync, carrier: Simulated, also_in: set[str]
) -> None:
    also_in.add("lab account")
    sync(), sync()
    given = account()
    carrier.post("/_sim/imei", {"giccid": SEED, "imei": "490154203237518"})
    sync(), sync()
    assert (account(), told()) == (given, ["sim.imei"])


def test_true_move_of_a_sim_in_two_lists_is_told_a_run_late(sync: Sync, carrier: Simulated, also_in: set[str]) -> None:
    also_in.add("lab account")
    sync(), sync()
    given = account()
    also_in.clear()
    carrier.post("/_sim/sims", {"move": {SEED: "lab account" if given != "lab account" else "example_account"}})
    sync()
    assert (account(), told()) == (given, [])
    sync()
    assert (account() != given, told()) == (True, ["sim.account"])
    sync()
    assert told() == ["sim.account"]
