"""Keys and the rate limit."""

import math
import time
from dataclasses import dataclass

from simulator.errors import ApiError
from simulator.settings import Knobs

FULL, READONLY = "full", "readonly"
_KEYS = {"sim-key-full": FULL, "sim-key-readonly": READONLY}


def rights_of(key: str, extra: tuple[str, ...]) -> str:
    """What a key may do; raises 401 for the revoked, the unknown and the missing."""
    if key in extra:
        return FULL
    if key not in _KEYS:
        raise ApiError(401)
    return _KEYS[key]


@dataclass(slots=True)
class _Windows:
    minute: float
    second: float
    in_minute: int = 0
    in_second: int = 0


class Limiter:
    """So many requests a minute and a second for each key, by real time: it is a fact of the wire."""

    def __init__(self) -> None:
        self._keys: dict[str, _Windows] = {}

    def admit(self, key: str, knobs: Knobs, carrier_now: float) -> dict[str, str]:
        """Count a request; the headers of its answer. Raises 429."""
        if not knobs.rate_limit:
            return {}
        now = time.monotonic()
        windows = self._keys.setdefault(key, _Windows(now, now))
        if now - windows.minute >= 60:
            windows.minute, windows.in_minute = now, 0
        if now - windows.second >= 1:
            windows.second, windows.in_second = now, 0
        wait = self._wait(windows, knobs, now)
        if not wait:
            windows.in_minute += 1
            windows.in_second += 1
        left = max(knobs.rate_limit - windows.in_minute, 0)
        reset = int(carrier_now + 60 - (now - windows.minute))
        headers = {
            "X-RateLimit-Limit": str(knobs.rate_limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(reset),
        }
        if wait:
            headers["Retry-After"] = str(math.ceil(wait))
            raise ApiError(429, detail="API rate limit exceeded", headers=headers)
        return headers

    def _wait(self, windows: _Windows, knobs: Knobs, now: float) -> float:
        if windows.in_minute >= knobs.rate_limit:
            return 60 - (now - windows.minute)
        if knobs.rate_burst and windows.in_second >= knobs.rate_burst:
            return 1 - (now - windows.second)
        return 0
