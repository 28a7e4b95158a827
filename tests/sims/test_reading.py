from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import override_settings

from journal.models import Event
from sims import reading
from sims.models import Sim
from sims.reading import read_again
from smarthub import Client
from tests.simulated import Simulated
from toolkit import carrier as toolkit_carrier
from toolkit.governor import Lane
from users.models import User

pytestmark = pytest.mark.django_db
SEED = "8986011805021000004"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("mara")


@pytest.fixture(autouse=True)
def _carrier(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr(reading, "carrier", {Lane.CLICK: client}.__getitem__)


def test_what_the_carrier_shows_is_in_the_copy_at_once(sync: Callable, carrier: Simulated, user: User) -> None:
    sync()
    before = Sim.objects.get(giccid=SEED).read_at
    carrier.post("/_sim/imei", {"giccid": SEED, "imei": "490154203237518"})
    assert read_again(giccid=SEED, user=user) == (True, "", True)
    sim = Sim.objects.get(giccid=SEED)
    assert sim.devices[0]["imei"] == "490154203237518"
    assert sim.read_at > before
    event = Event.objects.get()
    assert (event.kind, event.cause_kind, event.cause_id) == ("sim.imei", "read", user.pk)


def test_sim_that_the_carrier_does_not_know_keeps_our_copy(sync: Callable, carrier: Simulated, user: User) -> None:
    sync()
    carrier.post("/_sim/sims", {"remove": [SEED]})
    answer = read_again(giccid=SEED, user=user)
    assert (answer.found, "does not know" in answer.error) == (False, True)
    assert Sim.objects.get(giccid=SEED).missing_since is None


@pytest.mark.parametrize(
    ("kind", "word"), [("401", "key"), ("403", "right"), ("500", "trouble"), ("badjson", "cannot be read")]
)
def test_failed_read_says_why_and_changes_nothing(
    sync: Callable, carrier: Simulated, user: User, kind: str, word: str
) -> None:
    sync()
    before = Sim.objects.filter(giccid=SEED).values().get()
    carrier.post("/_sim/fault", {"operation": "sim_detail", "kind": kind, "times": 10})
    answer = read_again(giccid=SEED, user=user)
    assert not answer.found
    assert word in answer.error and "stays as it was" in answer.error
    assert Sim.objects.filter(giccid=SEED).values().get() == before


def test_unreadable_record_says_which_field(sync: Callable, carrier: Simulated, user: User) -> None:
    sync()
    bad = {"giccid": SEED, "status": "ACTIVATED", "currentCycleUsages": {"dataUsage": "12,4 MB"}}
    carrier.post("/_sim/sims", {"put": [bad]})
    assert "12,4 MB" in read_again(giccid=SEED, user=user).error


def test_sim_we_never_saw_is_added_without_an_account(carrier: Simulated, user: User) -> None:
    assert read_again(giccid=SEED, user=user).found
    assert Sim.objects.get().account is None


def test_without_a_carrier_it_says_what_to_set(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "carrier", toolkit_carrier.carrier.__wrapped__)
    with override_settings(SMARTHUB_BASE_URL=None, SMARTHUB_API_KEY=None):
        answer = read_again(giccid=SEED, user=user)
    assert not answer.found
    assert "Set SMARTHUB_BASE_URL and SMARTHUB_API_KEY" in answer.error
