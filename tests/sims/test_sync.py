from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone
from msgspec import structs

from enterprise.models import Account, CountryDayRead, Enterprise, ServicePackage, SharePool, Source
from journal.models import Event
from sims.copy import keys_of
from sims.models import PageSims, SetAside, Sim, SyncPage, SyncPart, SyncRun
from sims.sync import listing, merging, named, runs, work
from sims.sync.shared import shared_beside
from sims.sync.slice import Slice
from smarthub import Answer, Client, RawPage, RecordError, errors
from smarthub.models import CountryUsage
from smarthub.models.replies import Reply
from tests.simulated import Simulated
from toolkit import lease

pytestmark = pytest.mark.django_db
Sync = Callable[..., SyncRun]

SEED = "8986011805021000004"


def sim(key: str = SEED) -> Sim:
    return Sim.objects.get(giccid=key)


def events(*kinds: str) -> list[tuple[str, str]]:
    found = Event.objects.order_by("id")
    return list((found.filter(kind__in=kinds) if kinds else found).values_list("kind", "subject_key"))


def test_whole_fleet_is_read_with_its_accounts_and_packages(sync: Sync) -> None:
    run = sync()
    assert (run.state, run.read, run.new, run.changed, run.missing, run.errors) == ("finished", 250, 250, 0, 0, [])
    assert Sim.objects.count() == 250
    assert Enterprise.objects.get().name
    assert {"example_account", "lab account"} <= set(Account.objects.values_list("name", flat=True))
    assert ServicePackage.objects.filter(account__name="lab account", name="Postpaid-Share-EU").exists()
    assert sim("8986011805021000010").account.name == "lab account"
    assert run.requests >= 1 + 2 * Account.objects.count() + run.pages
    assert all(run.parts.values_list("is_done", flat=True))
    assert events() == []


def test_enterprise_accounts_and_packages_come_before_the_sims(sync: Sync, carrier: Simulated) -> None:
    carrier.post("/_sim/requests", {})
    sync()
    asked = [row["operation"] for row in carrier.get("/_sim/requests?limit=1000")["requests"]]
    before = Counter(asked[: asked.index("S2")])
    accounts = Account.objects.count()
    assert (asked[0], before["E2"], before["E3"]) == ("E1", accounts, accounts)


def test_second_run_writes_no_sim(sync: Sync) -> None:
    sync()
    before = list(Sim.objects.order_by("id").values())
    run = sync()
    assert (run.read, run.new, run.moved, run.changed) == (250, 0, 0, 0)
    assert list(Sim.objects.order_by("id").values()) == before


def test_change_is_told_with_the_run_that_found_it(sync: Sync, carrier: Simulated) -> None:
    sync()
    carrier.post("/_sim/imei", {"giccid": SEED, "imei": "490154203237518"})
    run = sync()
    event = Event.objects.get()
    assert (event.kind, event.subject_key, event.data["new"]) == ("sim.imei", SEED, "490154203237518")
    assert (event.cause_kind, event.cause_id, event.sim_id) == ("run", run.pk, sim().pk)
    assert run.changed == 1


def test_sim_that_only_changed_its_account_is_moved(sync: Sync, carrier: Simulated) -> None:
    sync()
    carrier.post("/_sim/sims", {"move": {SEED: "lab account"}})
    sync()
    assert sim().account.name == "lab account"
    assert events() == [("sim.account", SEED)]


def test_two_runs_never_overlap() -> None:
    first = runs.request_full(trigger=SyncRun.Trigger.PLAN)
    assert runs.request_full(trigger=SyncRun.Trigger.PERSON) == first
    with pytest.raises(IntegrityError), transaction.atomic():
        SyncRun.objects.create(kind=SyncRun.Kind.FULL, trigger=SyncRun.Trigger.PLAN)


def test_run_held_by_a_worker_is_left_alone(client: Client) -> None:
    run = runs.request_full(trigger=SyncRun.Trigger.PLAN)
    assert lease.claim(SyncRun.objects.filter(pk=run.pk))
    assert work.work_slice(run.pk, client) is False
    run.refresh_from_db()
    assert run.state == SyncRun.State.QUEUED


def test_work_is_done_in_slices_and_goes_on_where_it_stood(sync: Sync, client: Client) -> None:
    run = runs.request_full(trigger=SyncRun.Trigger.PLAN)
    began = []
    while work.work_slice(run.pk, client, slice_s=0.02):
        run.refresh_from_db()
        began.append(run.started_at)
        assert run.lease_owner is None
    run.refresh_from_db()
    assert (run.state, run.read, Sim.objects.count()) == ("finished", 250, 250)
    assert began and set(began) == {run.started_at}


def test_killed_run_is_resumed_without_reading_a_page_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.request_full(trigger=SyncRun.Trigger.PLAN)
    _die_after_pages(monkeypatch, run, client, pages=1)
    read = run.page_rows.count()
    assert 0 < read < 5
    assert runs.unattended() == []
    SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert runs.unattended() == [run.pk]
    while work.work_slice(run.pk, client):
        pass
    run.refresh_from_db()
    assert (run.state, run.read, Sim.objects.count()) == ("finished", 250, 250)
    assert SyncPage.objects.filter(run=run).count() == run.pages


def _die_after_pages(monkeypatch: pytest.MonkeyPatch, run: SyncRun, client: Client, pages: int) -> None:
    """As if the process were killed: no release of the lease, no end of the run."""

    class Killed(BaseException):
        pass

    merge, merged = merging.merge_pages, []

    def merge_then_die(*args):
        merged.append(merge(args[0], args[1], args[2][:pages], *args[3:]))
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(merging, "merge_pages", merge_then_die)
        patch.setattr(lease, "release", lambda *args: None)
        with pytest.raises(Killed):
            work.work_slice(run.pk, client)


def test_every_list_is_done_when_all_were_read(sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "read_pages", lambda run, slice_: True)
    run = sync()
    assert run.parts.exists() and not run.parts.filter(is_done=False).exists()


def test_page_that_fails_fails_the_run_by_name_and_keeps_what_was_read(sync: Sync, carrier: Simulated) -> None:
    carrier.post("/_sim/fault", {"operation": "sim_list", "kind": "503", "times": 1000, "after": 2})
    run = sync()
    assert run.state == "failed"
    assert run.note.startswith("Page ") and "503" in run.note
    assert 0 < Sim.objects.count() < 250
    assert run.missing is None


PASSING = ["502", "503", "504", "html502", "429", "timeout", "reset", "truncated", "redirect_same"]
FINAL = ["500", "empty", "badjson", "wrongtype", "huge", "redirect_other"]


@pytest.mark.parametrize("kind", [*PASSING, *FINAL])
def test_passing_fault_of_a_page_does_not_stop_the_run_or_fails_it_by_name(
    sync: Sync, carrier: Simulated, kind: str
) -> None:
    carrier.post("/_sim/fault", {"operation": "sim_list", "kind": kind, "times": 1, "after": 1, "retryAfter": 0})
    run = sync()
    if run.state == "failed":
        assert run.note.startswith("Page ")
        assert kind in FINAL
        run = sync()
    assert (run.state, Sim.objects.count()) == ("finished", 250)


def test_fault_of_our_own_while_a_page_is_asked_for_is_raised_and_nothing_more_is_asked(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, asked = runs.request_full(trigger=SyncRun.Trigger.PLAN), []

    def fail(*args: object) -> None:
        asked.append(args)
        raise ZeroDivisionError

    monkeypatch.setattr(listing, "_fetch", fail)
    with pytest.raises(ZeroDivisionError):
        work.work_slice(run.pk, client)
    assert len(asked) <= Account.objects.count()
    run.refresh_from_db()
    assert (run.lease_owner, runs.unattended()) == (None, [run.pk])


@pytest.mark.parametrize(("kind", "word"), [("401", "key"), ("403", "right")])
def test_refused_key_stops_the_run_at_once(sync: Sync, carrier: Simulated, kind: str, word: str) -> None:
    carrier.post("/_sim/fault", {"operation": "*", "kind": kind, "times": 1000})
    run = sync()
    assert run.state == "failed"
    assert word in run.note


def test_every_request_counts_and_what_was_asked_again_is_told_apart(sync: Sync, carrier: Simulated) -> None:
    for call in ("enterprise", "service_packages", "sim_list"):
        carrier.post("/_sim/fault", {"operation": call, "kind": "503", "times": 1})
    carrier.post("/_sim/requests", {})
    run = sync()
    assert run.requests == sum(carrier.get("/_sim/requests?limit=1")["counts"].values())
    assert (run.state, run.repeats) == ("finished", 3)


def test_key_that_is_refused_for_an_account_stops_the_run_before_its_sims_are_asked_for(
    sync: Sync, carrier: Simulated
) -> None:
    carrier.post("/_sim/fault", {"operation": "account", "kind": "401", "times": 1})
    carrier.post("/_sim/requests", {})
    run = sync()
    assert (run.state, "figures: The carrier refused the key" in run.note) == ("failed", True)
    assert "S2" not in carrier.get("/_sim/requests?limit=1")["counts"]


def test_account_whose_packages_cannot_be_read_is_noted_and_its_sims_are_read(sync: Sync, carrier: Simulated) -> None:
    carrier.post("/_sim/fault", {"operation": "service_packages", "kind": "500", "times": 1})
    run = sync()
    assert (run.state, run.read, len(run.errors)) == ("finished", 250, 1)
    assert "packages" in run.errors[0]


@pytest.mark.parametrize("call", ["share_pools", "country_statistics"])
def test_pools_or_countries_that_cannot_be_read_are_noted_and_the_run_is_complete(
    sync: Sync, carrier: Simulated, call: str
) -> None:
    carrier.post("/_sim/fault", {"operation": call, "kind": "500", "times": 1000})
    run = sync()
    assert (run.state, run.read, run.missing, len(run.errors)) == ("finished", 250, 0, 1)
    failing = Source.objects.exclude(error="").get()
    assert failing.call == {"share_pools": "pools", "country_statistics": "countries"}[call]
    assert SharePool.objects.exists() == (call != "share_pools")
    assert CountryDayRead.objects.exists() == (call != "country_statistics")


def test_pools_and_countries_are_asked_for_while_the_lists_are_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ask = threading.Event(), client.country_statistics

    def statistics(**day: date) -> Answer[tuple[CountryUsage, ...]]:
        asked.set()
        return ask(**day)

    monkeypatch.setattr(client, "country_statistics", statistics)
    run = runs.begin(runs.request_full(trigger=SyncRun.Trigger.COMMAND).pk)
    with shared_beside(run, Slice(client, ends_at=0, renew=lambda: None)):
        assert asked.wait(20)
        assert not SharePool.objects.exists()
    assert SharePool.objects.exists() and CountryDayRead.objects.count() == 1


def test_pools_and_countries_are_asked_for_once_a_run(client: Client, carrier: Simulated) -> None:
    run = runs.begin(runs.request_full(trigger=SyncRun.Trigger.COMMAND).pk)
    carrier.post("/_sim/requests", {})
    for _ in range(3):
        with shared_beside(run, Slice(client, ends_at=0, renew=lambda: None)):
            pass
    asked = [row["operation"] for row in carrier.get("/_sim/requests?limit=1000")["requests"]]
    assert asked == ["P1", "T1"]
    run.refresh_from_db()
    assert run.requests == len(asked)


def test_pools_and_countries_are_read_also_where_a_page_fails(sync: Sync, carrier: Simulated) -> None:
    carrier.post("/_sim/fault", {"operation": "sim_list", "kind": "500", "times": 1000})
    run = sync()
    assert (run.state, run.note.startswith("Page ")) == ("failed", True)
    assert SharePool.objects.exists() and CountryDayRead.objects.exists()


def test_without_the_enterprise_the_accounts_named_last_are_read(sync: Sync, carrier: Simulated) -> None:
    sync()
    Account.objects.update(balance=None)
    carrier.post("/_sim/fault", {"operation": "enterprise", "kind": "500", "times": 1000})
    run = sync()
    assert (run.state, run.read, run.missing) == ("finished", 250, 0)
    assert [error.split(":")[0] for error in run.errors] == ["The enterprise"]
    assert not Account.objects.filter(balance=None, gone_at=None).exists()
    assert Source.objects.exclude(error="").get().call == "enterprise"


def test_a_carrier_that_answers_neither_enterprise_nor_pools_stops_the_run(sync: Sync, carrier: Simulated) -> None:
    sync()
    carrier.post("/_sim/fault", {"operation": "*", "kind": "500", "times": 1000})
    run = sync()
    assert (run.state, run.note.startswith("The enterprise: ")) == ("failed", True)
    assert set(Source.objects.exclude(error="").values_list("call", flat=True)) == {"enterprise", "pools"}


def test_account_no_longer_named_is_marked_gone_and_kept(sync: Sync, carrier: Simulated) -> None:
    sync()
    Account.objects.create(name="closed long ago", read_at=timezone.now())
    sync()
    assert Account.objects.get(name="closed long ago").gone_at is not None
    assert Account.objects.get(name="lab account").gone_at is None


ODD_NAMES = ("""O'Neill & "Sons" """.strip(), "Nord/Süd\\..", "<script>alert(1)</script>", "深圳 IoT")


def test_odd_account_names_are_read(sync: Sync, carrier: Simulated) -> None:
    for name in ODD_NAMES:
        carrier.post("/_sim/accounts", {"add": [{"name": name}]})
        carrier.post("/_sim/sims", {"move": {SEED: name}})
        run = sync()
        assert (run.state, run.errors, sim().account.name) == ("finished", [], name)


def test_bad_record_is_kept_aside_by_name_and_its_neighbours_are_kept(sync: Sync, carrier: Simulated) -> None:
    bad = {"giccid": SEED, "status": "ACTIVATED", "currentCycleUsages": {"dataUsage": "12,4 MB"}}
    carrier.post("/_sim/sims", {"put": [bad]})
    run = sync()
    aside = SetAside.objects.get()
    assert (run.kept_aside, run.state, Sim.objects.count()) == (1, "finished", 249)
    assert (aside.giccid, aside.field, aside.run) == (SEED, "currentCycleUsages.dataUsage", run)
    assert "12,4 MB" in aside.reason and "12,4 MB" in aside.raw
    assert run.missing == 0


def test_bad_record_is_told_of_in_each_run_though_its_page_never_changes(sync: Sync, carrier: Simulated) -> None:
    carrier.post("/_sim/sims", {"put": [{"giccid": SEED, "currentCycleUsages": {"dataUsage": "12,4 MB"}}]})
    assert [sync().kept_aside, sync().kept_aside] == [1, 1]
    assert SyncPage.objects.filter(mark=None).count() == 2


@pytest.mark.parametrize("depth", [600, 900, 950, 980, 5000])
def test_record_nested_deeply_where_nobody_reads_it_stops_no_run(
    sync: Sync, monkeypatch: pytest.MonkeyPatch, depth: int
) -> None:
    """As deep as the stack is: it may do where the page is split, and not where its keys are read."""
    read_page = Client.list_sims_raw

    def with_a_deep_one(client: Client, account_name: str | None = None, **query: object) -> RawPage:
        page = read_page(client, account_name, **query)
        records = page.records
        if page.records and account_name == "lab account":
            records = [page.records[0][:-1] + b',"more":' + b"[" * depth + b"]" * depth + b"}", *page.records[1:]]
        return structs.replace(page, records=records)

    monkeypatch.setattr(Client, "list_sims_raw", with_a_deep_one)
    run = sync()
    assert (run.state, Sim.objects.count() + run.kept_aside) == ("finished", 250)


def test_record_of_any_size_with_any_sign_is_kept_aside(sync: Sync, carrier: Simulated) -> None:
    for number, bad in enumerate(["1\0", "\x1f\u2028\\", "x" * 200_000]):
        record = {"giccid": f"89{number}", "status": "ACTIVATED", "currentCycleUsages": {"dataUsage": bad}}
        carrier.post("/_sim/sims", {"put": [record]})
    run = sync()
    assert (run.state, run.kept_aside, Sim.objects.count()) == ("finished", 3, 250)
    kept = list(SetAside.objects.order_by("giccid"))
    assert [aside.giccid for aside in kept] == ["890", "891", "892"]
    assert max(len(aside.raw) + len(aside.reason) for aside in kept) < 25_000


def test_record_without_a_key_is_kept_aside(sync: Sync, carrier: Simulated) -> None:
    carrier.post("/_sim/sims", {"put": [{"status": "ACTIVATED"}]})
    run = sync()
    assert (run.state, SetAside.objects.get().giccid) == ("finished", "")


def test_order_that_shifts_while_we_read_loses_no_sim(sync: Sync, carrier: Simulated) -> None:
    """And none of those that appear meanwhile."""
    carrier.post("/_sim/knobs", {"shift": 3, "max_size": 10})
    sync()
    assert sync().missing == 0
    carrier.post("/_sim/knobs", {"shift": 0})
    run = sync()
    assert (run.state, run.missing, Sim.objects.count()) == ("finished", 0, carrier.get("/v1/global-sims")["total"])
    assert Sim.objects.count() > 250


@pytest.mark.parametrize("knobs", [{"max_size": 10}, {"extra_fields": True}, {"bare_arrays": True}])
def test_carrier_that_answers_otherwise_than_expected_is_read_whole(
    sync: Sync, carrier: Simulated, knobs: dict
) -> None:
    carrier.post("/_sim/knobs", knobs)
    assert (sync().state, Sim.objects.count()) == ("finished", 250)


def test_clamped_pages_do_not_cut_a_question_by_name(sync: Sync, carrier: Simulated) -> None:
    sync()
    names = list(Sim.objects.order_by("giccid").values_list("giccid", flat=True)[:30])
    carrier.post("/_sim/knobs", {"max_size": 10})
    run = sync(runs.request_named(names, trigger=SyncRun.Trigger.COMMAND))
    assert (run.state, run.read) == ("finished", 30)


class _ShiftingClient:
    """Tells no total, puts at most ten SIMs on a page, and each page in another order."""

    def __init__(self) -> None:
        self.questions: list[int] = []

    def list_sims_raw(self, *, giccids: list[str], size: int) -> RawPage:
        self.questions.append(len(giccids))
        known = [name for name in giccids if name != "gone"]
        shown = random.sample(known, min(10, len(known)))
        reply = Reply(timezone.now(), None, 1, 0.1)
        return RawPage([b'{"giccid":"%s"}' % name.encode() for name in shown], 0, None, None, reply)


def test_sim_that_is_there_answers_to_its_name_whatever_the_order_and_the_page_size() -> None:
    names = [str(number) for number in range(34)]
    client = _ShiftingClient()
    pages = list(named.pages_named(client, [*names, "gone"]))
    assert sorted(keys_of([raw for page in pages for raw in page.records])) == sorted(names)
    assert client.questions == [35, 25, 15, 5, 1]


def test_named_run_reads_a_hundred_a_request_and_moves_their_age(sync: Sync, carrier: Simulated) -> None:
    sync()
    names = list(Sim.objects.order_by("giccid").values_list("giccid", flat=True)[:150])
    ages = Sim.objects.get(giccid=names[0]).read_at
    carrier.post("/_sim/requests", {})
    run = sync(runs.request_named(names, trigger=SyncRun.Trigger.COMMAND))
    assert (run.state, run.read, run.requests, run.missing) == ("finished", 150, 2, None)
    assert Sim.objects.get(giccid=names[0]).read_at > ages


def test_run_over_one_account_reads_no_other(sync: Sync) -> None:
    sync()
    lab = Account.objects.get(name="lab account")
    run = sync(runs.request_account(lab, trigger=SyncRun.Trigger.COMMAND))
    assert (run.state, run.read, run.missing) == ("finished", lab.sims.count(), None)
    assert list(SyncPart.objects.filter(run=run).values_list("account__name", flat=True)) == ["lab account"]


def test_pages_are_kept_for_two_runs(sync: Sync) -> None:
    kept = [sync() for _ in range(4)][-2:]
    assert set(SyncPage.objects.values_list("run", flat=True)) == {run.pk for run in kept}


def test_pages_of_an_open_run_are_kept_however_old(sync: Sync) -> None:
    sync()
    open_run = runs.request_account(Account.objects.get(name="lab account"), trigger=SyncRun.Trigger.COMMAND)
    shown = PageSims.objects.create(sim_ids=[sim().pk])
    SyncPage.objects.create(run=open_run, page=0, asked_at=timezone.now(), shown=shown)
    sync(), sync(), sync()
    assert open_run.page_rows.get().shown == shown


@pytest.mark.parametrize("error", [errors.PermissionDenied, errors.ProtocolError, errors.ServerError])
def test_account_whose_list_fails_does_not_keep_the_others_from_being_read(
    sync: Sync, monkeypatch: pytest.MonkeyPatch, error: type[errors.CarrierError]
) -> None:
    whole, read_page = sync(), Client.list_sims_raw

    def all_but_one(client: Client, account_name: str | None = None, **query: object) -> RawPage:
        if account_name == first:
            raise error("sim_list")
        return read_page(client, account_name, **query)

    first = min(whole.parts.values_list("account__name", flat=True))
    monkeypatch.setattr(Client, "list_sims_raw", all_but_one)
    run = sync()
    assert (run.state, run.note.startswith(f"Page 1 of {first}: ")) == ("failed", True)
    assert run.read == Sim.objects.exclude(account__name=first).count() > 0
    assert not run.parts.get(account__name=first).is_done


def test_third_account_that_gets_no_answer_keeps_the_rest_from_being_asked_for(
    sync: Sync, carrier: Simulated, monkeypatch: pytest.MonkeyPatch, settings
) -> None:
    settings.SMARTHUB_PAGE_SIZE, read_page, give_up = 10, Client.list_sims_raw, listing._give_up
    carrier.post("/_sim/accounts", {"add": [{"name": name} for name in ("a1", "a2", "a3")]})
    asked, given_up, all_three = [], [], threading.Event()

    def those_without_answer(*args: Any) -> None:
        give_up(*args)
        given_up.append(args)
        all_three.set() if len(given_up) == 3 else None

    def page_of(client: Client, account_name: str = "", page: int = 0, **query: object) -> RawPage:
        asked.append(page)
        if account_name in ("a1", "a2", "a3"):
            raise errors.ServerError("sim_list")
        assert all_three.wait(20)
        return read_page(client, account_name, page=page, **query)

    monkeypatch.setattr(listing, "_give_up", those_without_answer)
    monkeypatch.setattr(Client, "list_sims_raw", page_of)
    run = sync()
    assert (run.state, len(run.errors), set(asked)) == ("failed", 3, {0})


def test_run_expects_no_less_than_it_has_read(sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    read_page = Client.list_sims_raw

    def too_small(client: Client, account_name: str | None = None, **query: object) -> RawPage:
        return structs.replace(read_page(client, account_name, **query), total=1)

    monkeypatch.setattr(Client, "list_sims_raw", too_small)
    run = sync()
    assert (run.state, run.read, run.sims_expected) == ("finished", 250, 250)
    assert run.pages_expected == run.pages


def test_what_of_the_catalogue_cannot_be_read_is_told(sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    unreadable = RecordError(None, "dataTotal", "Data volume is an object, a number was expected.")
    answer = Answer((), Reply(timezone.now(), None, 1, 0.1), (unreadable, unreadable))
    monkeypatch.setattr(Client, "share_pools", lambda client: answer)
    run = sync()
    assert (run.state, run.read) == ("finished", 250)
    assert run.errors == [f"Share pools: {unreadable.reason} That was left out. And 1 more like it."]


def test_lost_lease_stops_the_worker(client: Client) -> None:
    run = runs.request_full(trigger=SyncRun.Trigger.PLAN)

    def steal() -> None:
        SyncRun.objects.filter(pk=run.pk).update(lease_owner="00000000-0000-0000-0000-000000000001")

    work.RENEW_EVERY_S, before = -1, work.RENEW_EVERY_S
    try:
        assert work.work_slice(run.pk, client, on_step=steal) is False
    finally:
        work.RENEW_EVERY_S = before
    run.refresh_from_db()
    assert (run.state, str(run.lease_owner)[-1]) == ("running", "1")


class TestWhenTheNextRunIsDue:
    def test_at_once_when_there_was_none(self) -> None:
        assert runs.start_due() is not None

    def test_not_while_one_is_open(self) -> None:
        runs.request_full(trigger=SyncRun.Trigger.PERSON)
        assert runs.start_due() is None

    def test_after_the_interval(self, settings) -> None:
        settings.SYNC_INTERVAL_MINUTES = 10
        self._ended("finished", minutes_ago=9)
        assert runs.start_due() is None
        SyncRun.objects.update(started_at=timezone.now() - timedelta(minutes=11))
        assert runs.start_due() is not None

    @pytest.mark.parametrize("state", ["finished", "failed"])
    def test_after_the_interval_also_where_the_clock_went_back(self, settings, state: str) -> None:
        settings.SYNC_INTERVAL_MINUTES = 10
        self._ended(state, minutes_ago=-24 * 60)
        assert runs.next_due_at() <= timezone.now() + timedelta(minutes=10)

    def test_sooner_after_a_failure_and_ever_more_slowly(self) -> None:
        self._ended("failed", minutes_ago=0)
        first = runs.next_due_at() - timezone.now()
        self._ended("failed", minutes_ago=0)
        second = runs.next_due_at() - timezone.now()
        assert first < second < timedelta(minutes=2)

    def _ended(self, state: str, minutes_ago: int) -> None:
        moment = timezone.now() - timedelta(minutes=minutes_ago)
        SyncRun.objects.create(kind="full", trigger="plan", state=state, started_at=moment, finished_at=moment)


@pytest.mark.django_db(transaction=True)
def test_no_connection_is_held_while_the_carrier_is_asked(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    held = []
    fetch = client.list_sims_raw

    def watched(*args, **kwargs):
        held.append(connection_of_main.connection is not None)
        return fetch(*args, **kwargs)

    connection_of_main = connections["default"]
    monkeypatch.setattr(client, "list_sims_raw", watched)
    run = runs.request_full(trigger=SyncRun.Trigger.PLAN)
    while work.work_slice(run.pk, client):
        pass
    assert held and not held[0]
