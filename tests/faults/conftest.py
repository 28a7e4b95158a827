from collections.abc import Iterator

import pytest

from tests.live import LiveStack


@pytest.fixture(scope="module")
def live_stack() -> Iterator[LiveStack]:
    """One stack for the tests that leave it as they found it."""
    with LiveStack.started(workers=2) as stack:
        yield stack


@pytest.fixture
def own_stack() -> Iterator[LiveStack]:
    """A stack of this test's own, for it ends in the test."""
    with LiveStack.started() as stack:
        yield stack
