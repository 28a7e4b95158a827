"""SIMs that the carrier no longer lists: twice in a row, asked for by name, and only then missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from journal.models import Event
from sims.models import Sim, SyncRun
from sims.sync import runs, work
from sims.sync.absent import settle_absent
from smarthub import Client
from tests.simulated import Simulated

pytestmark = pytest.mark.django_db
Sync = Callable[..., SyncRun]

SEED = "8986011805021000004"


def sim() -> Sim:
    return Sim.objects.get(giccid=SEED)


def events() -> list[tuple[str, str]]:
    return list(Event.objects.order_by("id").values_list("kind", "subject_key"))


def test_sim_left_out_of_two_complete_runs_is_missing_and_nothing_is_deleted(sync: Sync, carrier: Simulated) -> None:
    sync()
    carrier.post("/_sim/sims", {"remove": [SEED]})
    assert (sync().missing, sim().missing_since) == (0, None)
    run = sync()
    assert (run.missing, sim().is_missing) == (1, True)
    assert events() == [("sim.missing", SEED)]
    assert sync().missing == 0
    assert events() == [("sim.missing", SEED)]


def test_missing_sim_that_comes_back_unchanged_is_found_again(sync: Sync, carrier: Simulated) -> None:
    sync()
    record = carrier.get(f"/v1/global-sims/{SEED}")
    carrier.post("/_sim/sims", {"remove": [SEED]})
    sync(), sync()
    carrier.post("/_sim/sims", {"put": [record]})
    sync()
    assert not sim().is_missing
    assert [kind for kind, _ in events()] == ["sim.missing", "sim.returned"]


def test_tenth_of_the_fleet_gone_at_once_makes_none_missing_and_says_so(sync: Sync, carrier: Simulated) -> None:
    sync()
    gone = list(Sim.objects.order_by("giccid").values_list("giccid", flat=True)[:25])
    carrier.post("/_sim/sims", {"remove": gone})
    sync()
    run = sync()
    assert (run.state, run.missing, Sim.objects.exclude(missing_since=None).count()) == ("finished", 0, 0)
    assert "25 of 250" in run.note and "1 %" in run.note
    assert events() == []


def test_failed_run_calls_nothing_missing(sync: Sync, carrier: Simulated) -> None:
    sync()
    carrier.post("/_sim/sims", {"remove": [SEED]})
    sync()
    carrier.post("/_sim/fault", {"operation": "sim_list", "kind": "500", "times": 1000, "after": 3})
    assert sync().state == "failed"
    assert sim().missing_since is None


def test_sim_on_no_page_is_asked_for_by_name_before_anything_is_concluded(sync: Sync, carrier: Simulated) -> None:
    """The list leaves it out, the carrier still has it: accounts that are not named are not listed."""
    sync()
    carrier.post("/_sim/accounts", {"remove": "lab account"})
    Sim.objects.filter(account__name="lab account").update(absent_runs=1)
    carrier.post("/_sim/requests", {})
    run = sync()
    asked = [row for row in carrier.get("/_sim/requests?operation=sim_list")["requests"] if row["giccids"]]
    assert asked
    assert run.state == "finished"


def test_absence_counts_once_though_the_run_is_killed_before_its_end(
    sync: Sync, carrier: Simulated, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync()
    carrier.post("/_sim/sims", {"remove": [SEED]})
    run = runs.request_full(trigger=SyncRun.Trigger.PLAN)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(runs, "finish", _killed)
        work.work_slice(run.pk, client)
    assert (sync(run).missing, sim().missing_since, sim().absent_runs) == (0, None, 1)


def _killed(*args: object, **more: object) -> None:
    raise KeyboardInterrupt


def test_absence_is_counted_by_the_worker_that_ends_the_run(sync: Sync, carrier: Simulated) -> None:
    sync()
    carrier.post("/_sim/sims", {"remove": [SEED]})
    run = sync()
    assert settle_absent(run, [sim().pk]).missing == 0
    assert sim().missing_since is None
