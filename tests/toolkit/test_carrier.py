"""The clients as the portal builds them: whose turn they wait for, at what rate, and for how long."""

from collections.abc import Callable, Iterator

import pytest

from smarthub import Client
from toolkit.carrier import carrier, changing_carrier
from toolkit.governor import Lane


@pytest.fixture
def built(settings) -> Iterator[Callable[..., Client]]:
    """A client made anew, by the settings as they are."""
    settings.SMARTHUB_BASE_URL, settings.SMARTHUB_API_KEY = "http://127.0.0.1:9/v1", "x"
    settings.SMARTHUB_RATE_PER_MINUTE = 90
    clients: list[Client] = []

    def build(make: Callable[..., Client], *lane: Lane) -> Client:
        clients.append(make.__wrapped__(*lane))
        return clients[-1]

    yield build
    for client in clients:
        client.close()


@pytest.mark.parametrize("lane", Lane)
def test_each_lane_waits_its_own_turn_at_the_rate_of_the_settings(built, lane: Lane) -> None:
    governor = built(carrier, lane)._transport.governor
    assert governor.lane is lane
    assert governor.capacity + 60 * governor.refill == pytest.approx(90)


def test_a_click_takes_five_seconds_at_most_and_the_others_as_long_as_it_takes(built) -> None:
    def patience(client: Client) -> tuple[float | None, float | None]:
        return client._transport.governor.patience_s, client._transport.limits.call_s

    assert patience(built(carrier, Lane.CLICK)) == (2, 5)
    assert patience(built(carrier, Lane.BATCH)) == patience(built(carrier, Lane.SYNC)) == (None, None)
    assert patience(built(changing_carrier)) == (5, 40)
