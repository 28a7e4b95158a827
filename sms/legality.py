"""From which status a SIM can be sent a message (contract 4; assumed there), as one table."""

from __future__ import annotations

from types import MappingProxyType

from sims.changes.legality import UNKNOWN_STATUS
from sims.models import Sim
from toolkit.states import state_of

S = Sim.Status
YES = ""
WHY_NOT: MappingProxyType[str, str] = MappingProxyType(
    {
        S.TEST_READY: YES,
        S.ACTIVATE_READY: "It is not active yet.",
        S.INVENTORY: "It is in the inventory: no network knows it yet.",
        S.ACTIVATED: YES,
        S.DEACTIVATED: "It is suspended. Activate it first.",
        S.RETIRED: "It is retired, and that is final.",
    }
)


def why_not(status: str) -> str:
    """Why a SIM of this status can be sent no message, "" where it can."""
    return WHY_NOT.get(status, UNKNOWN_STATUS)


def may_receive(status: str) -> bool:
    return not why_not(status)


def sentence(sim: Sim) -> str:
    """The same for one SIM, as a page says it."""
    if not (why := why_not(sim.status)):
        return ""
    label = state_of("sim", sim.status).label
    return f"No message can be sent to a SIM that is {label}. {why} Nothing was sent."
