"""Records put in by a test that are no SIM of the fleet: handed out as they are, after all others."""

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from simulator.index import Filter
from simulator.sim import STATUSES


class Extra(NamedTuple):
    account: int
    giccid: str | None
    status: str | None
    body: bytes


@dataclass
class Extras:
    records: list[Extra] = field(default_factory=list)

    def put(self, account: int, body: bytes) -> None:
        """Take a record in, in place of an earlier one with the same giccid."""
        giccid, status = text_field(body, "giccid"), text_field(body, "status")
        if giccid is not None:
            self.remove(giccid)
        self.records.append(Extra(account, giccid, status, body))

    def remove(self, giccid: str) -> None:
        self.records = [extra for extra in self.records if extra.giccid != giccid]

    def find(self, giccid: str) -> bytes | None:
        return next((extra.body for extra in self.records if extra.giccid == giccid), None)

    def listed(self, wanted: Filter) -> list[bytes]:
        return [extra.body for extra in self.records if _shows(wanted, extra)]

    def count(self, account: int, status: str | None = None) -> int:
        return sum(extra.account == account and status in (None, extra.status) for extra in self.records)


def text_field(body: bytes, name: str) -> str | None:
    """A text field of a record that may be anything."""
    record = msgspec.json.decode(body)
    value = record.get(name) if isinstance(record, dict) else None
    return value if isinstance(value, str) else None


def _shows(wanted: Filter, extra: Extra) -> bool:
    if wanted.package is not None or (wanted.accounts is not None and extra.account not in wanted.accounts):
        return False
    return wanted.status is None or extra.status == STATUSES[wanted.status]
