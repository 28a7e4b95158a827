"""What proves that a change has happened (contract 4), as a table; for operations and for items of batches alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sims.models import Sim, Verb

Wanted = Mapping[str, Any]
"""What a verb needs: package, effective ("now" or "next-cycle"), apn, apn_status, custom1 … custom5."""


def _status(status: str) -> Callable[[Sim, Wanted], bool]:
    return lambda sim, wanted: sim.status == status


def _plan(sim: Sim, wanted: Wanted) -> bool:
    return bool(wanted.get("package")) and sim.package == wanted["package"]


def _apn(sim: Sim, wanted: Wanted) -> bool:
    status = {apn.get("name"): apn.get("status") for apn in sim.apns}
    return bool(wanted.get("apn_status")) and status.get(wanted.get("apn")) == wanted.get("apn_status")


SHOWN_BY_SIM: dict[Verb, Callable[[Sim, Wanted], bool]] = {
    Verb.ACTIVATE: _status(Sim.Status.ACTIVATED),
    Verb.SUSPEND: _status(Sim.Status.DEACTIVATED),
    Verb.RETIRE: _status(Sim.Status.RETIRED),
    Verb.CHANGE_PLAN: _plan,
    Verb.APN: _apn,
}
"""Proven by the SIM's own record (S1, S2). Custom fields are proven by S4, a package by S3 or by the 200 itself."""


def shows(sim: Sim, verb: Verb, wanted: Wanted) -> bool | None:
    """Whether our copy of the SIM shows what was wanted; None where the record cannot tell."""
    proof = SHOWN_BY_SIM.get(verb)
    return None if proof is None else proof(sim, wanted)
