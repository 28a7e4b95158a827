"""Every status with every verb, against the carrier's own answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.changes.legality import LEGALITY, ORDER, is_legal, legal_from, why_not
from sims.models import Sim, Verb
from smarthub import errors
from tests.sims.changes.conftest import ACTIVE

YES_FROM = {
    Verb.ACTIVATE: "TEST_READY ACTIVATE_READY INVENTORY DEACTIVATED",
    Verb.SUSPEND: "ACTIVATED",
    Verb.RETIRE: "DEACTIVATED",
    Verb.CHANGE_PLAN: "TEST_READY ACTIVATE_READY INVENTORY ACTIVATED DEACTIVATED",
    Verb.ADD_PACKAGE: "ACTIVATED",
    Verb.APN: "TEST_READY ACTIVATE_READY ACTIVATED DEACTIVATED",
    Verb.CUSTOM_FIELDS: "TEST_READY ACTIVATE_READY INVENTORY ACTIVATED DEACTIVATED RETIRED",
}
CALLS = {
    Verb.ACTIVATE: lambda client: client.activate(ACTIVE),
    Verb.SUSPEND: lambda client: client.suspend(ACTIVE),
    Verb.RETIRE: lambda client: client.retire(ACTIVE),
    Verb.CHANGE_PLAN: lambda client: client.change_basic_package(ACTIVE, "Prepaid-Basic-500M", "now"),
    Verb.ADD_PACKAGE: lambda client: client.add_supplementary_package(ACTIVE, "Addon-50M"),
    Verb.APN: lambda client: client.set_apn_status(ACTIVE, "iot.private", "OPEN"),
    Verb.CUSTOM_FIELDS: lambda client: client.set_custom_fields(ACTIVE, {"custom1": "x"}),
}


def test_the_table_has_every_status_and_every_verb():
    assert set(LEGALITY) == {(status.value, verb.value) for status in Sim.Status for verb in Verb}
    assert len(LEGALITY) == len(Sim.Status) * len(Verb) == 42


@pytest.mark.parametrize("verb", Verb)
def test_each_verb_is_legal_from_exactly_these(verb):
    assert set(legal_from(verb)) == set(YES_FROM[verb].split())
    for status in Sim.Status:
        assert is_legal(status, verb) == (status in YES_FROM[verb].split())
        assert bool(why_not(status, verb)) != is_legal(status, verb)


@pytest.mark.parametrize("status", ORDER)
@pytest.mark.parametrize("verb", Verb)
def test_the_carrier_takes_what_the_table_allows_and_refuses_the_rest(carrier, client, status, verb):
    carrier.post("/_sim/sims", {"set": {ACTIVE: {"status": status.value}}})
    if is_legal(status, verb):
        CALLS[verb](client)
    else:
        with pytest.raises(errors.IllegalStatus):
            CALLS[verb](client)


@given(status=st.text().filter(lambda text: text not in Sim.Status.values), verb=st.sampled_from(list(Verb)))
def test_a_status_nobody_knows_allows_nothing(status, verb):
    assert not is_legal(status, verb)
    assert "does not know" in why_not(status, verb)
