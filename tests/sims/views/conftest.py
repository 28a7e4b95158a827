from collections.abc import Iterator

import pytest
from django.test import Client

from tests.simulated import Simulated


@pytest.fixture
def user(django_user_model):
    return django_user_model.objects.create_user("jonas", password="x", first_name="Jonas", last_name="Berg")


@pytest.fixture
def client(db, user) -> Client:
    """Signed in."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def anonymous() -> Client:
    return Client()


@pytest.fixture
def carrier(simulator: Simulated, settings) -> Iterator[Simulated]:
    """The carrier that the portal itself asks."""
    from toolkit.carrier import carrier as portals_client

    settings.SMARTHUB_BASE_URL, settings.SMARTHUB_API_KEY = simulator.base_url, simulator.key
    portals_client.cache_clear()
    yield simulator
    portals_client.cache_clear()
