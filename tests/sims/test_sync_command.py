from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from sims.management.commands import sync_sims
from sims.models import Sim, SyncRun
from sims.sync import runs, work
from smarthub import Client
from tests.simulated import Simulated
from toolkit import carrier as toolkit_carrier
from toolkit.governor import Lane

pytestmark = pytest.mark.django_db
SEED = "8986011805021000004"
LAB = "8986011805021000010"


@pytest.fixture(autouse=True)
def _carrier(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr(sync_sims, "carrier", {Lane.SYNC: client}.__getitem__)
    monkeypatch.setattr(sync_sims, "FOLLOW_EVERY_S", 0)


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("sync_sims", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def refused(*arguments: str) -> tuple[int, str]:
    """How it exited, and why."""
    with pytest.raises(CommandError) as error:
        said(*arguments)
    return error.value.returncode, str(error.value)


def test_whole_fleet_is_read_and_summed_up() -> None:
    assert "complete: 250 read, 250 new, 0 changed, 0 missing, " in said()
    assert Sim.objects.count() == 250
    assert SyncRun.objects.get().trigger == "command"


def test_one_account_is_read_and_its_name_asked_for_where_it_is_new() -> None:
    assert "complete: 1 read, 1 new" in said("--account", "lab account")
    assert list(Sim.objects.values_list("giccid", "account__name")) == [(LAB, "lab account")]


def test_unknown_account_is_answered_with_those_there_are() -> None:
    code, words = refused("--account", "nobody")
    assert code == 2
    assert words.startswith("No account is called 'nobody'. Known: ") and "lab account" in words
    assert not SyncRun.objects.exists()


def test_account_that_cannot_be_looked_up_says_why(carrier: Simulated) -> None:
    carrier.post("/_sim/fault", {"operation": "enterprise", "kind": "401", "times": 5})
    assert refused("--account", "lab account") == (1, "The carrier refused the key (401). Check SMARTHUB_API_KEY.")


def test_sims_by_name() -> None:
    assert "complete: 2 read, 2 new" in said("--giccid", SEED, LAB)
    assert set(Sim.objects.values_list("giccid", flat=True)) == {SEED, LAB}


def test_sim_that_the_carrier_leaves_out_is_named_also_where_our_copy_has_it(carrier: Simulated) -> None:
    said("--giccid", SEED, LAB)
    carrier.post("/_sim/sims", {"remove": [LAB]})
    assert refused("--giccid", SEED, LAB, "999") == (1, f"The carrier does not know {LAB}, 999.")
    assert Sim.objects.count() == 2


@pytest.mark.parametrize("text", ["a b", "../x", "9" * 33, "ä"])
def test_what_is_no_iccid_is_not_asked_for(text: str) -> None:
    code, words = refused("--giccid", text)
    assert code == 2
    assert words.endswith("is no ICCID: 1 to 32 letters and digits.")
    assert not SyncRun.objects.exists()


def test_stopped_run_is_a_failure_with_its_reason(carrier: Simulated) -> None:
    carrier.post("/_sim/fault", {"operation": "sim_list", "kind": "403", "times": 9})
    code, words = refused()
    assert code == 1
    assert words.startswith(f"Run {SyncRun.objects.get().pk} stopped. Page 1 of ") and "no right to this" in words


def test_run_of_another_worker_is_followed_to_its_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.request_full(trigger=SyncRun.Trigger.PLAN)
    SyncRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() + timedelta(minutes=1))
    looks = []

    def other_worker_ends_it(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            SyncRun.objects.filter(pk=run.pk).update(lease_until=None)
            while work.work_slice(run.pk, client):
                pass

    monkeypatch.setattr(sync_sims.time, "sleep", other_worker_ends_it)
    assert said().startswith(f"Run {run.pk} complete: 250 read")
    assert len(looks) == 3
    assert SyncRun.objects.get().trigger == "plan"


def test_without_a_carrier_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_sims, "carrier", toolkit_carrier.carrier.__wrapped__)
    with override_settings(SMARTHUB_BASE_URL=None, SMARTHUB_API_KEY=None):
        code, words = refused()
    assert code == 2
    assert "Set SMARTHUB_BASE_URL and SMARTHUB_API_KEY" in words
    assert not SyncRun.objects.exists()
