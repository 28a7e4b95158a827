from __future__ import annotations

import pytest
from django.utils import timezone

from journal.models import Event
from journal.story import tell
from sms.intake import receive_mo, receive_report
from tests.page import text_of

pytestmark = pytest.mark.django_db


def test_the_story_tells_of_messages_without_their_text(sim, mt):
    facts = {"from_giccid": None, "from_msisdn": "8614500000004", "encoding": "TEXT", "received_at": None, "push_id": 1}
    receive_mo(giccid=sim.giccid, sms_id="mo-1", content="SECRET", **facts)
    failed = mt(content="SECRET")
    report = {"giccid": sim.giccid, "status": "FAILED", "finished_at": timezone.now(), "push_id": 2}
    receive_report(sms_id=failed.sms_id, fail_reason="absent_subscriber", **report)
    entries = tell(Event.objects.order_by("id"))
    assert [text_of(entry.sentence) for entry in entries] == [
        "The device sent an SMS",
        "An SMS to the device failed : the device was off",
    ]
    assert [entry.tone for entry in entries] == ["", "warn"]
    assert all(f"/sms/{sim.giccid}/" in entry.more for entry in entries)
    assert "SECRET" not in str([(entry.sentence, entry.more) for entry in entries])
