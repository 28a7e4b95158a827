"""What the command line sets: the fleet to build and the knobs, which can also be turned while it runs."""

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class Knobs:
    """Each one switches an assumption or a delay of the contract."""

    job_delay: float = 2.0
    action_delay: float = 0.0
    sms_delay: float = 1.0
    push_timeout: float = 5.0
    latency: float = 0.0
    max_size: int = 100
    rate_limit: int = 0
    rate_burst: int = 20
    shift: int = 0
    strict_put: bool = False
    extra_fields: bool = False
    wrap_detail: bool = False
    bare_arrays: bool = False
    not_found_as_422: bool = False

    def turn(self, name: str, value: Any) -> None:
        """Set one knob by name; raises ValueError for an unknown name or a value of the wrong kind."""
        known = {knob.name: knob.type for knob in fields(self)}
        if name not in known:
            raise ValueError(f"no knob named {name}")
        if known[name] is bool and not isinstance(value, bool):
            raise ValueError(f"{name} is true or false")
        if known[name] is not bool and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ValueError(f"{name} is a number")
        if value < 0:
            raise ValueError(f"{name} is not negative")
        setattr(self, name, value)


@dataclass(frozen=True)
class Options:
    """One fleet: the same options and the same clock give the same answers."""

    sims: int = 5000
    seed: int = 1
    accounts: int | None = None
    now: float | None = None
    quiet: bool = False
    cycle_zone: str = "UTC"
    push_url: str = ""
    push_secret: str = ""
    keys: tuple[str, ...] = ()
    knobs: dict[str, Any] = field(default_factory=dict)
