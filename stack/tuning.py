"""What PostgreSQL is given of the machine it is on: as defaults, it takes a machine of 1 GB and a disk that turns."""

from __future__ import annotations

_MB = 1024 * 1024

# Reads ahead of a bitmap and of a vacuum: a disk that is no turning one answers many at once.
DISK = {"effective_io_concurrency": "64", "maintenance_io_concurrency": "64", "io_workers": "8"}


def memory_settings(memory_bytes: int) -> dict[str, str]:
    """Shares of the memory; what else runs beside PostgreSQL (web, workers, Valkey) takes about a gigabyte."""
    mb = memory_bytes // _MB
    return {
        "shared_buffers": f"{_within(64, mb // 4, 16_384)}MB",
        # What it may count on in all, the system's cache of its files included: decides between index and table.
        "effective_cache_size": f"{_within(128, mb // 2, 65_536)}MB",
        # For each sort and hash, of which few run at once.
        "work_mem": f"{_within(4, mb // 1024, 64)}MB",
        # Building and vacuuming indexes.
        "maintenance_work_mem": f"{_within(64, mb // 32, 1024)}MB",
    }


def _within(least: int, wanted: int, most: int) -> int:
    return max(least, min(most, wanted))
