"""Texts with variables: `{imei}` and the like stand for what a SIM has; `{{` and `}}` are braces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from sims.models import Sim, SimCustomFields

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_BRACES = {"{{": "{", "}}": "}"}

Values = Mapping[str, str]


class Missing(ValueError):
    """A SIM has no value for a variable; `str()` says which, to a person."""


def _device(name: str) -> Callable[[Sim], str]:
    return lambda sim: next(
        (str(device[name]) for device in sim.devices if isinstance(device, dict) and device.get(name)), ""
    )


def _custom(name: str) -> Callable[[Sim], str]:
    return lambda sim: getattr(getattr(sim, "custom_fields", None), name, "")


VARIABLES: Mapping[str, tuple[str, Callable[[Sim], str]]] = MappingProxyType(
    {
        "iccid": ("ICCID", lambda sim: sim.giccid),
        "imei": ("IMEI of its first device", _device("imei")),
        "imsi": ("IMSI", _device("imsi")),
        "msisdn": ("phone number", _device("msisdn")),
        "account": ("account", lambda sim: sim.account.name if sim.account else ""),
        "package": ("package", lambda sim: sim.package),
        "place": ("what it sits in", lambda sim: getattr(getattr(sim, "place", None), "label", "")),
        **{name: (f"custom field {name[-1]}", _custom(name)) for name in SimCustomFields.NAMES},
    }
)
RELATED = ("account", "place", "custom_fields")


def names_in(text: str) -> list[str]:
    """The variables of a text, each once, in order; those that do not exist too."""
    return list(dict.fromkeys(found[1] for found in _PART.finditer(text) if found[1] is not None))


def why_not(text: str) -> str:
    """Why a text cannot be a template, "" where it can."""
    strange = [name for name in names_in(text) if name not in VARIABLES]
    if not strange:
        return ""
    known = ", ".join(f"{{{name}}}" for name in VARIABLES)
    return f"There is no variable {{{strange[0]}}}. There are {known}; a brace of its own is written twice: {{{{."


def fill(text: str, sim: Sim) -> str:
    """The text for one SIM (fetched with `RELATED`). Raises Missing where the SIM has no such value."""
    return _PART.sub(lambda found: _filled(found, sim), text)


def _filled(found: re.Match[str], sim: Sim) -> str:
    if found[0] in _BRACES:
        return _BRACES[found[0]]
    title, value_of = VARIABLES.get(found[1], ("", None))
    value = value_of(sim) if value_of else ""
    if not value:
        raise Missing(f"The SIM has no {title or found[1]} in our copy, which {{{found[1]}}} stands for.")
    return value


def sims_for_filling(giccids: Iterable[str]) -> dict[str, Sim]:
    """The SIMs with all that a template may ask of them, by ICCID; one query."""
    sims = Sim.objects.select_related(*RELATED).filter(giccid__in=list(giccids))
    return {sim.giccid: sim for sim in sims}
