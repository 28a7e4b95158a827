import pytest

from stack.postgres import shared_buffers_mb

GB = 1024**3


@pytest.mark.parametrize(("memory", "buffers_mb"), [(128 * 1024**2, 64), (2 * GB, 512), (64 * GB, 4096)])
def test_shared_buffers_are_a_quarter_within_bounds(memory: int, buffers_mb: int) -> None:
    assert shared_buffers_mb(memory) == buffers_mb
