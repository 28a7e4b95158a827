import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], object], what: str, within_s: float = 60) -> None:
    """For what another process does and nobody can be asked to announce."""
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(0.05)
