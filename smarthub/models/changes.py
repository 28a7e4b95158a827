"""What the carrier answers to a change of a SIM, and its log of changes."""

from __future__ import annotations

from datetime import datetime

import msgspec


class SimChange(msgspec.Struct, frozen=True):
    """A row of the carrier's change log. It has no id: de-duplicate on all but `old_value` and `operator`."""

    giccid: str
    kind: str
    old_value: str | None = None
    new_value: str | None = None
    changed_at: datetime | None = None
    operator: str | None = None


class CustomFields(msgspec.Struct, frozen=True):
    """The five free texts of a SIM; None and the empty text both mean "not set"."""

    custom1: str | None = None
    custom2: str | None = None
    custom3: str | None = None
    custom4: str | None = None
    custom5: str | None = None


class Accepted(msgspec.Struct, frozen=True):
    """An action was accepted. The fields are a hint only, the proof is reading the SIM again."""

    giccid: str | None = None
    status: str | None = None


class PackageOrder(msgspec.Struct, frozen=True):
    """A supplementary package was ordered; what the reply did not say is None."""

    package: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class PackageChange(msgspec.Struct, frozen=True):
    """A change of basic package was accepted; `effective_at` says when it counts, where the reply told."""

    package: str | None = None
    effective: str | None = None
    effective_at: datetime | None = None


class ApnChange(msgspec.Struct, frozen=True):
    """A change of an APN was accepted."""

    apn: str | None = None
    status: str | None = None
