"""A PostgreSQL and a Valkey of the suite's own, one simulator a worker; nothing here touches `var/`."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engines import Engines, choose_database, clean_environment
from tests.simulated import Simulated

_engines: list[Engines] = []


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before pytest-django loads the settings: xdist's controller starts the engines, its workers inherit them."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        clean_environment()
        _engines.append(Engines())
    choose_database(worker)
    _set_up_django()


def _set_up_django() -> None:
    import django
    from django.conf import settings

    # Not left in the environment: xdist's workers would load the settings before they chose their database.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_SETTINGS_MODULE", "smarthub_portal.settings")
        # Hashed names need `collectstatic`, which no test but the browser's has run.
        settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        # A third of a second for each user is meant for those who guess.
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        django.setup()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.scheduling import ByStack

    return ByStack(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_unconfigure(config: pytest.Config) -> None:
    while _engines:
        _engines.pop().stop()


@pytest.fixture(autouse=True)
def _empty_valkey() -> None:
    """Queues, buckets and cached values of the test before."""
    import redis

    with redis.Redis.from_url(os.environ["REDIS_URL"]) as connection:
        connection.flushdb()


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulated]:
    with Simulated.started("--quiet") as simulated:
        yield simulated


@pytest.fixture
def simulator(simulator_process: Simulated) -> Simulated:
    """The simulated carrier over real HTTP, in its first state."""
    simulator_process.post("/_sim/reset", {})
    return simulator_process
