"""The facts of a call, and the values as they came."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

if TYPE_CHECKING:
    from smarthub.errors import RecordError

T = TypeVar("T")


class Reply(msgspec.Struct, frozen=True):
    """When and how an answer came.

    `asked_at` is our clock just before the last attempt left, `carrier_at` the reply's Date header; both aware
    UTC. `attempts` counts the requests sent, `elapsed_s` all of the call, waits included.
    """

    asked_at: datetime
    carrier_at: datetime | None
    attempts: int
    elapsed_s: float


class ErrorItem(msgspec.Struct, frozen=True):
    """One entry of the carrier's `errors` array; what was absent is empty."""

    resource: str = ""
    field: str = ""
    code: str = ""
    message: str = ""


class RawPage(msgspec.Struct, frozen=True):
    """One page of a list, its records still the carrier's own JSON text.

    `size` is what the answer says (it may have been clamped), `total` None where the answer has none.
    """

    records: list[bytes]
    page: int
    size: int
    total: int | None
    reply: Reply


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """A decoded value with the facts of its request; of a list read in pages, those of the first page.

    `refused` names the records of a list that could not be read; the rest of the list is in `value`.
    """

    value: T
    reply: Reply
    refused: tuple[RecordError, ...] = ()
