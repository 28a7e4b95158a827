"""What was asked and what was done, for tests to count."""

from collections import Counter, defaultdict, deque
from typing import Any

_KEPT = 5000


class Recorder:
    """Requests are kept in a ring; the counters stay exact."""

    def __init__(self) -> None:
        self.requests: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self.counts: Counter[str] = Counter()
        self.changes: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def request(self, entry: dict[str, Any]) -> None:
        self.counts[entry["operation"]] += 1
        self.requests.append(entry)

    def change(self, giccid: str, verb: str) -> None:
        """A SIM's change was carried out."""
        self.changes[giccid][verb] += 1

    def clear(self) -> None:
        self.requests.clear()
        self.counts.clear()
        self.changes.clear()
