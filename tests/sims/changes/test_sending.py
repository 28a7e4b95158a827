"""From the intent to what a read proves, against the simulated carrier."""

from __future__ import annotations

import pytest

from journal.models import Event
from sims.changes.sending import send
from sims.models import OpenChange
from tests.sims.changes.conftest import ACTIVE, INVENTORY, SUSPENDED, done_at_carrier
from users.models import AuditEntry

pytestmark = pytest.mark.django_db
ALL_SEVEN = [
    (INVENTORY, "activate", {}, "activate"),
    (ACTIVE, "suspend", {}, "suspend"),
    (SUSPENDED, "retire", {}, "retire"),
    (ACTIVE, "change-plan", {"package": "Prepaid-Basic-500M", "effective": "now"}, "change_basic"),
    (ACTIVE, "add-package", {"package": "Addon-50M"}, "add_supplementary"),
    (ACTIVE, "apn", {"apn": "iot.private", "apn_status": "OPEN"}, "apn_status"),
    (ACTIVE, "custom-fields", {"custom2": "meter-7"}, "custom_field"),
]


@pytest.mark.parametrize(("giccid", "verb", "wanted", "name"), ALL_SEVEN)
def test_each_of_the_seven_is_done_when_a_read_shows_it(ask, settle, carrier, giccid, verb, wanted, name):
    operation = ask(giccid, verb, reason="end of test", **wanted)
    assert (operation.state, OpenChange.objects.get().operation) == ("queued", operation)
    send(operation.pk)
    operation.refresh_from_db()
    assert operation.state == ("done" if verb == "add-package" else "accepted")
    assert (operation.attempts, operation.request["call"][:4]) == (1, {"custom-fields": "cust"}.get(verb, "sim_"))

    settle()

    operation.refresh_from_db()
    assert (operation.state, operation.note) == ("done", "")
    assert operation.finished_at >= operation.answered_at >= operation.sent_at >= operation.created_at
    assert not OpenChange.objects.exists()
    assert done_at_carrier(carrier, giccid) == {name: 1}
    assert {(event.cause_kind, event.cause_id) for event in Event.objects.all()} == {("operation", operation.pk)}
    audit = AuditEntry.objects.get()
    assert (audit.username, audit.action, audit.target) == ("mara", f"sim.{verb}", giccid)
