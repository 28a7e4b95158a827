from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection

from smarthub import Client
from tests.simulated import Simulated


@pytest.fixture
def own_folder(settings: LazySettings, tmp_path: Path) -> Path:
    """A data folder of the test's own, for spool and tokens."""
    settings.PORTAL_DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def committed(transactional_db: None, own_folder: Path) -> None:
    """For tests whose intake commits on connections of its own; Django empties no partitioned table by itself."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE notifications_delivery, notifications_push, journal_event")


@pytest.fixture
def carrier(simulator: Simulated, monkeypatch: pytest.MonkeyPatch, committed: None) -> Iterator[Simulated]:
    """A quiet carrier on the real clock, whose pushes go nowhere; the copy holds its ten seeds."""
    from journal.models import Event
    from journal.record import Cause
    from sims.copy import Answer, write_copy

    simulator.post("/_sim/reset", {"sims": 10, "quiet": True})
    client = Client(base_url=simulator.base_url, api_key=simulator.key, timeout=(1, 1), sleep=lambda seconds: None)
    monkeypatch.setattr("sims.changes.reading.carrier", lambda lane: client)
    pages = [client.list_sims_raw(account_name=name) for name in ("example_account", "lab account")]
    answers = [Answer(page.records, page.reply.asked_at) for page in pages]
    write_copy(answers, cause=Cause(Event.Cause.READ))
    simulator.post("/_sim/requests")
    yield simulator
    client.close()


@pytest.fixture
def work() -> Callable[[], None]:
    """The worker's side, until nothing more waits."""

    from notifications.pushes.work import read_slice, take_slice

    def work_out() -> None:
        while take_slice() or read_slice():
            pass

    return work_out
