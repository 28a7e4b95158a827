"""Which change is legal from which status, as one table (contract 4; all but two cells are assumed there)."""

from __future__ import annotations

from types import MappingProxyType

from sims.models import Sim, Verb

S = Sim.Status
YES = ""
# Why not, in a few words; "" is yes.
ACTIVE = "It is active already."
SUSPENDED = "It is suspended already."
NOT_YET = "Only an active SIM can be suspended."
NOT_SUSPENDED = "Only a suspended SIM can be retired. Suspend it first."
ONLY_ACTIVE = "Only an active SIM takes a supplementary package."
NO_APN = "A SIM in the inventory has no APN to open or close."
FINAL = "It is retired, and that is final."
UNKNOWN_STATUS = "The carrier gives it a status this version does not know, so nothing is offered."

ORDER = (S.TEST_READY, S.ACTIVATE_READY, S.INVENTORY, S.ACTIVATED, S.DEACTIVATED, S.RETIRED)
_ROWS: dict[Verb, tuple[str, ...]] = {
    Verb.ACTIVATE: (YES, YES, YES, ACTIVE, YES, FINAL),
    Verb.SUSPEND: (NOT_YET, NOT_YET, NOT_YET, YES, SUSPENDED, FINAL),
    Verb.RETIRE: (NOT_SUSPENDED, NOT_SUSPENDED, NOT_SUSPENDED, NOT_SUSPENDED, YES, FINAL),
    Verb.CHANGE_PLAN: (YES, YES, YES, YES, YES, FINAL),
    Verb.ADD_PACKAGE: (ONLY_ACTIVE, ONLY_ACTIVE, ONLY_ACTIVE, YES, ONLY_ACTIVE, FINAL),
    Verb.APN: (YES, YES, NO_APN, YES, YES, FINAL),
    Verb.CUSTOM_FIELDS: (YES, YES, YES, YES, YES, YES),
}
LEGALITY: MappingProxyType[tuple[str, str], str] = MappingProxyType(
    {(status.value, verb.value): why for verb, row in _ROWS.items() for status, why in zip(ORDER, row, strict=True)}
)


def why_not(status: str, verb: Verb) -> str:
    """Why this change is not legal from this status, "" where it is. A status nobody knows allows nothing."""
    return LEGALITY.get((status, verb), UNKNOWN_STATUS)


def is_legal(status: str, verb: Verb) -> bool:
    return not why_not(status, verb)


def legal_from(verb: Verb) -> tuple[str, ...]:
    """The statuses from which it is legal."""
    return tuple(status for status in ORDER if is_legal(status, verb))
