"""How each change is called: as a question, on its button, in the journal, in the list of operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sims.models import Operation, SimCustomFields, Verb


@dataclass(frozen=True, slots=True)
class VerbWords:
    """`label` … is what the card offers; `question` ends with the SIM; `button` is pressed, `keep` is the other one."""

    label: str
    icon: str
    hint: str
    question: str
    button: str
    keep: str = "Leave it as it is"
    is_final: bool = False


WORDS: dict[Verb, VerbWords] = {
    Verb.ACTIVATE: VerbWords("Activate", "player-play", "Billing may start with it", "Activate", "Activate this SIM"),
    Verb.SUSPEND: VerbWords(
        "Suspend", "player-pause", "No data and no SMS until it is activated", "Suspend", "Suspend this SIM"
    ),
    Verb.CHANGE_PLAN: VerbWords(
        "Change plan", "arrows-exchange", "Now, or with the next cycle", "Change the plan of", "Change the plan"
    ),
    Verb.ADD_PACKAGE: VerbWords(
        "Add a package", "package", "Once, beside its plan", "Add a package to", "Add this package"
    ),
    Verb.APN: VerbWords(
        "Open or close an APN", "broadcast", "One of those it has", "Open or close an APN of", "Change the APN"
    ),
    Verb.CUSTOM_FIELDS: VerbWords(
        "Edit custom fields",
        "forms",
        "Five texts, kept at the carrier",
        "Edit the custom fields of",
        "Save at the carrier",
    ),
    Verb.RETIRE: VerbWords(
        "Retire", "trash", "Final. Asks for the last four digits", "Retire", "Retire this SIM", "Keep it", is_final=True
    ),
}
# In the order in which they are offered: what cannot be taken back comes last.
ORDER = tuple(WORDS)
HOLDING = {
    Verb.ACTIVATE: "activate",
    Verb.SUSPEND: "suspend",
    Verb.RETIRE: "retire",
    Verb.CHANGE_PLAN: "the change of plan",
    Verb.ADD_PACKAGE: "the new package",
    Verb.APN: "the change of its APN",
    Verb.CUSTOM_FIELDS: "the edit of its custom fields",
}
"""What a SIM waits for: until … is resolved."""


def name_of(operation: Operation) -> str:
    """Suspend; Change plan to Prepaid-Basic-10M with the next cycle; Open iot.private; Edit custom 1 and 3."""
    verb, wanted = operation.verb, operation.wanted
    if verb == Verb.CHANGE_PLAN:
        return f"Change plan to {_package(wanted)}{_when(wanted)}"
    if verb == Verb.ADD_PACKAGE:
        return f"Add {_package(wanted)}"
    if verb == Verb.APN:
        return f"{'Open' if _opens(wanted) else 'Close'} {wanted.get('apn') or 'an APN'}"
    if verb == Verb.CUSTOM_FIELDS:
        return f"Edit {_fields(wanted)}"
    return Verb(verb).label if verb in Verb.values else str(verb)


def asked_words(operation: Operation) -> str:
    """Behind "asked to": activate this SIM, change its plan to …"""
    verb, wanted = operation.verb, operation.wanted
    if verb == Verb.CHANGE_PLAN:
        return f"change its plan to {_package(wanted)}{_when(wanted)}"
    if verb == Verb.ADD_PACKAGE:
        return f"add the package {_package(wanted)}"
    if verb == Verb.APN:
        return f"{'open' if _opens(wanted) else 'close'} the APN {wanted.get('apn') or 'of this SIM'}"
    if verb == Verb.CUSTOM_FIELDS:
        return f"edit its {_fields(wanted)}"
    return f"{verb} this SIM"


def done_words(operation: Operation) -> str:
    """Behind a name: suspended it, changed its plan to …"""
    verb, wanted = operation.verb, operation.wanted
    if verb == Verb.CHANGE_PLAN:
        return f"changed its plan to {_package(wanted)}{_when(wanted)}"
    if verb == Verb.ADD_PACKAGE:
        return f"added the package {_package(wanted)}"
    if verb == Verb.APN:
        return f"{'opened' if _opens(wanted) else 'closed'} the APN {wanted.get('apn') or 'of this SIM'}"
    if verb == Verb.CUSTOM_FIELDS:
        return f"edited its {_fields(wanted)}"
    return f"{PAST.get(Verb(verb), verb)} it" if verb in Verb.values else f"{verb} it"


PAST = {Verb.ACTIVATE: "activated", Verb.SUSPEND: "suspended", Verb.RETIRE: "retired"}


def _package(wanted: Mapping[str, Any]) -> str:
    return str(wanted.get("package") or "another package")


def _when(wanted: Mapping[str, Any]) -> str:
    return " with the next cycle" if wanted.get("effective") == "next-cycle" else ""


def _opens(wanted: Mapping[str, Any]) -> bool:
    return wanted.get("apn_status") == "OPEN"


def _fields(wanted: Mapping[str, Any]) -> str:
    numbers = [name.removeprefix("custom") for name in SimCustomFields.NAMES if name in wanted]
    if not numbers or len(numbers) == len(SimCustomFields.NAMES):
        return "custom fields"
    return f"custom {' and '.join(filter(None, [', '.join(numbers[:-1]), numbers[-1]]))}"
