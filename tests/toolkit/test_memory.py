from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from toolkit.memory import keep_what_is_loaded


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_loaded_is_in_no_collection_any_more() -> None:
    keep_what_is_loaded()
    assert gc.get_freeze_count() > 10_000
    assert not any(found is gc for found in gc.get_objects())
