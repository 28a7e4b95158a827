from __future__ import annotations

import pytest

from sims import custom_fields
from sims.custom_fields import custom_fields_of, read_custom_fields
from sims.models import Sim, SimCustomFields
from smarthub import Client
from tests.sims.fleet import make_sim
from tests.simulated import Simulated
from toolkit.governor import Lane

pytestmark = pytest.mark.django_db
SEED = "8986011805021000004"


@pytest.fixture(autouse=True)
def _carrier(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr(custom_fields, "carrier", {Lane.CLICK: client}.__getitem__)


def test_the_five_texts_are_kept_with_their_time(client: Client) -> None:
    client.set_custom_fields(SEED, {"custom1": "Berlin depot", "custom2": "<b>meter</b>"})
    sim = make_sim(SEED)
    assert custom_fields_of(sim) is None
    read = read_custom_fields(sim)
    assert (read.error, read.fields.custom1) == ("", "Berlin depot")
    client.set_custom_fields(SEED, {"custom1": ""})
    read_custom_fields(sim)
    kept = SimCustomFields.objects.get()
    assert [value for _, value in kept.values] == ["", "<b>meter</b>", "", "", ""]
    assert kept.read_at > read.fields.read_at
    assert custom_fields_of(Sim.objects.select_related("custom_fields").get()) == kept


@pytest.mark.parametrize(
    ("kind", "word"), [("401", "key"), ("403", "right"), ("500", "trouble"), ("badjson", "cannot be read")]
)
def test_a_failure_is_told_and_what_was_read_stays(client: Client, carrier: Simulated, kind: str, word: str) -> None:
    sim = make_sim(SEED)
    SimCustomFields.objects.create(sim=sim, custom1="as it was")
    carrier.post("/_sim/fault", {"operation": "custom_field_get", "kind": kind, "times": 10})
    read = read_custom_fields(sim)
    assert read.fields is None and word in read.error
    assert SimCustomFields.objects.get().custom1 == "as it was"


def test_a_sim_that_the_carrier_does_not_know() -> None:
    assert "does not know" in read_custom_fields(make_sim("999")).error
