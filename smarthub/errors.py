"""What can go wrong with a call to the carrier.

    CarrierError
    ├── AuthError            401: the key is missing, wrong or revoked
    ├── PermissionDenied     403: the key lacks the right
    ├── NotFound             404, or 422 with nothing but the code `missing`
    ├── ValidationFailed     400, 422 and any other 4xx; also input refused here before anything was sent
    ├── IllegalStatus        any 4xx with the code `illegal_status`
    ├── RateLimited          429, after its retries
    ├── ServerError          5xx, after its retries
    ├── TransportError       no answer: connect error, time limit, broken reply (`is_sent` says which side of it)
    └── ProtocolError        an answer that is not what was expected: not JSON, too large, redirected elsewhere
        └── RecordError      one record that cannot be read, named by giccid, field and reason

Each carries the facts of its call, never a request header and never the original exception of the HTTP library
(which would hold the request, and the key with it).
"""

from __future__ import annotations

from typing import Any

from smarthub.models.replies import ErrorItem, Reply


class CarrierError(Exception):
    """A call that did not end with a readable success; `str()` is safe to log and to show."""

    is_sent = True
    is_outcome_unknown = False
    """True where the carrier may have carried the request out although we hold no clear answer."""

    def __init__(
        self,
        operation: str = "",
        *,
        status: int | None = None,
        title: str = "",
        detail: str = "",
        errors: tuple[ErrorItem, ...] = (),
        reply: Reply | None = None,
    ) -> None:
        super().__init__(operation)
        self.operation = operation
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors
        self.reply = reply

    def __str__(self) -> str:
        # Detail and messages may repeat what was sent (a phone number, a text), so they stay out of here.
        head = " ".join(str(part) for part in (self.status, self.title) if part)
        items = ", ".join(f"{item.field}: {item.code}" for item in self.errors)
        return f"{self.operation}: {head}" + (f" ({items})" if items else "")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.__dict__)


def _rebuilt(kind: type[CarrierError], facts: dict[str, Any]) -> CarrierError:
    error = kind.__new__(kind)
    Exception.__init__(error, facts["operation"])
    error.__dict__.update(facts)
    return error


class AuthError(CarrierError):
    """The key is missing, wrong or revoked."""


class PermissionDenied(CarrierError):
    """The key is good but lacks the right."""


class NotFound(CarrierError):
    """The SIM, account, job or message named does not exist for this key."""


class ValidationFailed(CarrierError):
    """The carrier, or this client before sending (`is_sent` False), refused the input."""

    def __init__(self, operation: str = "", *, is_sent: bool = True, **facts: Any) -> None:
        super().__init__(operation, **facts)
        self.is_sent = is_sent


class IllegalStatus(CarrierError):
    """The SIM's status does not allow the action."""


class RateLimited(CarrierError):
    """Still 429 after every retry."""

    def __init__(self, operation: str = "", *, retry_after_s: float = 1.0, **facts: Any) -> None:
        super().__init__(operation, **facts)
        self.retry_after_s = retry_after_s


class ServerError(CarrierError):
    """The carrier's side failed; a change may or may not have been made."""

    is_outcome_unknown = True


class TransportError(CarrierError):
    """No usable answer came. `is_sent` False: the request never left, nothing has happened there."""

    def __init__(self, operation: str = "", *, is_sent: bool, **facts: Any) -> None:
        super().__init__(operation, **facts)
        self.is_sent = is_sent
        self.is_outcome_unknown = is_sent

    @property
    def sent(self) -> bool:
        """The contract's name of `is_sent`."""
        return self.is_sent


class ProtocolError(CarrierError):
    """An answer came, but not one that can be used; `detail` says in a sentence why."""

    is_outcome_unknown = True

    def __init__(self, operation: str = "", *, title: str = "", **facts: Any) -> None:
        super().__init__(operation, title=title, detail=f"{title.rstrip('.')}.", **facts)


class RecordError(ProtocolError):
    """One record that cannot be read.

    `field` is the carrier's dotted path ("currentCycleUsages.dataUsage", empty for the record as a whole),
    `reason` a sentence for people, `giccid` the SIM's key where it could be read.
    """

    def __init__(self, giccid: str | None, field: str, reason: str, *, operation: str = "") -> None:
        super().__init__(operation, title=reason)
        self.giccid = giccid
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.giccid or 'a record without a key'}: {self.reason}"
