from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import LiveStack

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, so that the workers end together."""
    items.sort(key=lambda item: (HERE not in item.path.parents, item.get_closest_marker("timeout") is None))


@pytest.fixture(scope="package")
def live_stack() -> Iterator[LiveStack]:
    """One stack for the tests that leave it as they found it."""
    with LiveStack.started(workers=2) as stack:
        yield stack


@pytest.fixture
def own_stack() -> Iterator[LiveStack]:
    """A stack of this test's own, for it ends in the test."""
    with LiveStack.started() as stack:
        yield stack


@pytest.fixture
def new_stack() -> Iterator[LiveStack]:
    """Another, started for the first time."""
    with LiveStack.started(is_new=True) as stack:
        yield stack
