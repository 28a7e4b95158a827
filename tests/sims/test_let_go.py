"""No connection to the database is held while the carrier is waited for."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.db import connection

from sims import custom_fields, history, reading
from sims.history import read_history
from sims.models import Sim, SyncRun
from sims.sync import runs
from smarthub import Client
from smarthub.exchange import Exchange
from toolkit.governor import Lane
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
SEED = "8986011805021000004"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What was asked for since, by the last word of its path, and whether we held a connection meanwhile."""
    ask, ours, found = Exchange.ask, connection._connections["default"], []

    def watched(exchange: Exchange, method: str, url: str, *how: object) -> object:
        found.append((urlsplit(url).path.rpartition("/")[2], ours.connection is not None))
        return ask(exchange, method, url, *how)

    monkeypatch.setattr(Exchange, "ask", watched)
    return found


def test_while_accounts_are_read(sync: Callable[..., SyncRun], asked: list[tuple[str, bool]]) -> None:
    assert sync().state == "finished"
    figures = asked[: [name for name, _ in asked].index("servicePackages")]
    assert len(figures) > 1 and not any(held for _, held in figures)


def test_while_sims_are_asked_for_by_name(sync: Callable[..., SyncRun], asked: list[tuple[str, bool]]) -> None:
    sync(runs.request_named([SEED, "8986011805021000005"], trigger=SyncRun.Trigger.COMMAND))
    assert asked == [("global-sims", False)]


@pytest.mark.parametrize(
    ("module", "read"),
    [
        (reading, lambda sim: reading.read_again(giccid=sim.giccid, user=User.objects.create_user("mara"))),
        (history, read_history),
        (custom_fields, custom_fields.read_custom_fields),
    ],
)
def test_while_a_person_waits(
    sync: Callable[..., SyncRun], client: Client, monkeypatch: pytest.MonkeyPatch, asked: list, module, read
) -> None:
    sync(runs.request_named([SEED], trigger=SyncRun.Trigger.COMMAND))
    asked.clear()
    monkeypatch.setattr(module, "carrier", {Lane.CLICK: client}.__getitem__)
    assert read(Sim.objects.get(giccid=SEED))[0]
    assert asked and not any(held for _, held in asked)
