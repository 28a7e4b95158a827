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

    def put(self, account: int, record: object) -> None:
        """Take a record in, in place of an earlier one with the same giccid."""
        fields = record if isinstance(record, dict) else {}
        giccid, status = fields.get("giccid"), fields.get("status")
        key = giccid if isinstance(giccid, str) else None
        if key is not None:
            self.remove(key)
        text = status if isinstance(status, str) else None
        self.records.append(Extra(account, key, text, msgspec.json.encode(record)))

    def remove(self, giccid: str) -> None:
        self.records = [extra for extra in self.records if extra.giccid != giccid]

    def find(self, giccid: str) -> bytes | None:
        return next((extra.body for extra in self.records if extra.giccid == giccid), None)

    def listed(self, wanted: Filter) -> list[bytes]:
        return [extra.body for extra in self.records if _shows(wanted, extra)]

    def count(self, account: int, status: str | None = None) -> int:
        return sum(extra.account == account and status in (None, extra.status) for extra in self.records)


def _shows(wanted: Filter, extra: Extra) -> bool:
    if wanted.package is not None or (wanted.accounts is not None and extra.account not in wanted.accounts):
        return False
    return wanted.status is None or extra.status == STATUSES[wanted.status]
