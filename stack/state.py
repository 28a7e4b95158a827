"""What runs and where, in a private file, so that any command finds the engines and the simulated carrier."""

import json
from pathlib import Path

import msgspec

from stack.files import write_private


class State(msgspec.Struct, kw_only=True):
    database_url: str | None = None
    redis_url: str | None = None
    carrier_url: str | None = None
    carrier_key: str | None = None
    address: str | None = None
    pids: dict[str, int] = msgspec.field(default_factory=dict)


def state_file(data_dir: Path) -> Path:
    return data_dir / "run" / "stack.json"


def read_state(data_dir: Path) -> State:
    """The last state written; an empty one where nothing ran yet."""
    try:
        return msgspec.json.decode(state_file(data_dir).read_bytes(), type=State)
    except (OSError, msgspec.DecodeError):
        return State()


def write_state(data_dir: Path, state: State) -> None:
    write_private(state_file(data_dir), json.dumps(msgspec.to_builtins(state), indent=1))
