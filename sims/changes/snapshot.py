"""What a SIM was before a change and what it is after, as the operation keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sims.models import Sim


def snapshot_of(sim: Sim) -> dict[str, Any]:
    """What our copy shows of the SIM at this moment, and from when that is."""
    return {
        "status": sim.status,
        "package": sim.package,
        "package_ends_at": _text(sim.package_ends_at),
        "apns": {str(apn.get("name")): apn.get("status") for apn in sim.apns},
        "read_at": _text(sim.read_at),
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
