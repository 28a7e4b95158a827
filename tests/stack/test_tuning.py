import pytest

from stack.postgres import Postgres
from stack.tuning import memory_settings

GB = 1024**3


@pytest.mark.parametrize(
    ("memory", "values_mb"),
    [
        (128 * 1024**2, (64, 128, 4, 64)),
        (2 * GB, (512, 1024, 4, 64)),
        (24 * GB, (6144, 12_288, 24, 768)),
        (512 * GB, (16_384, 65_536, 64, 1024)),
    ],
)
def test_memory_is_shared_out_within_bounds(memory: int, values_mb: tuple[int, ...]) -> None:
    names = ("shared_buffers", "effective_cache_size", "work_mem", "maintenance_work_mem")
    assert memory_settings(memory) == {name: f"{mb}MB" for name, mb in zip(names, values_mb, strict=True)}


def test_a_server_of_tests_stays_small(tmp_path) -> None:
    served = Postgres(data_dir=tmp_path / "data", run_dir=tmp_path / "run", fast=True).settings()
    assert served["shared_buffers"] == "128MB"
    assert "io_workers" not in served
