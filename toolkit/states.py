"""What each state is called, which tone it wears and which glyph stands before it."""

from dataclasses import dataclass
from types import MappingProxyType

TONES = ("ok", "warn", "bad", "info", "unknown", "idle")


@dataclass(frozen=True, slots=True)
class State:
    """One word of the status vocabulary. `is_verbatim`: the word is the carrier's own, set monospaced."""

    kind: str
    value: str
    label: str
    tone: str
    glyph: str
    is_verbatim: bool = False


_ROWS = """
sim ACTIVATED ok full-circle Active
sim DEACTIVATED warn pause Suspended
sim ACTIVATE_READY info half-circle Ready to activate
sim TEST_READY info target Test ready
sim INVENTORY idle ring Inventory
sim RETIRED idle ring-cross Retired
sim missing warn broken-ring Missing

operation queued idle broken-ring Queued
operation sending info arc Sending
operation accepted info clock Accepted
operation scheduled idle clock Scheduled
operation done ok tick Done
operation refused bad ring-slash Refused
operation failed bad triangle Failed
operation unknown unknown diamond Unknown
operation cancelled idle ring-cross Cancelled

batch planning idle broken-ring Planning
batch planned idle ring Planned
batch scheduled idle clock Scheduled
batch running info arc Running
batch paused warn pause Paused
batch finished ok tick Finished
batch finished-with-failures warn triangle Finished with failures
batch cancelled idle ring-cross Cancelled

item planned idle ring Planned
item skipped idle chevrons Skipped
item sending info arc Sending
item accepted info clock Accepted
item scheduled idle clock Scheduled
item done ok tick Done
item failed bad triangle Failed
item unknown unknown diamond Unknown

verdict will_change info half-circle Will change
verdict no_change idle equals No change
verdict illegal bad ring-slash Not allowed
verdict protected warn shield Protected
verdict busy idle arc Busy
verdict stale warn clock Stale
verdict not_found idle ring-question Not found
verdict duplicate idle sheets Repeated

pasted found ok tick Found
pasted ambiguous warn fork Ambiguous
pasted not_found idle ring-question Not found
pasted damaged bad triangle Damaged
pasted repeated idle sheets Repeated

message queued idle broken-ring Queued
message sending info arc Sending
message accepted info clock Accepted
message delivered ok tick Delivered
message failed bad triangle Failed
message expired warn clock Expired
message unknown unknown diamond Unknown
message received info tray Received

push received info tray Received
push handled ok tick Handled
push ignored idle chevrons Ignored
push failed bad triangle Failed

severity info idle ring-info Info
severity warning warn triangle Warning
severity critical bad square Critical

stream live ok live Live
stream reconnecting warn arc Reconnecting
stream paused warn pause Paused

apn OPEN ok full-circle Open
apn CLOSED idle ring Closed

run queued idle broken-ring Queued
run running info arc Reading
run done ok tick Complete
run failed warn triangle Stopped

export queued idle broken-ring Queued
export running info arc Writing
export finished ok tick Ready
export failed bad triangle Stopped
export expired idle clock Expired

account NORMAL ok full-circle Normal
account ARREARS bad triangle In arrears
account FROZEN warn pause Frozen

drift queued idle broken-ring Queued
drift running info arc Comparing
drift finished ok tick Complete
drift failed bad triangle Stopped
drift cancelled idle ring-cross Cancelled

drift-cause missed-push warn tray Missed push
drift-cause outside info fork Changed outside
drift-cause failed-write bad triangle Failed write
drift-cause under-way info arc Change under way
drift-cause absent warn broken-ring Not shown
"""


def _read(rows: str) -> dict[tuple[str, str], State]:
    table = {}
    for row in filter(None, rows.splitlines()):
        kind, value, tone, glyph, label = row.split(" ", 4)
        table[kind, value] = State(kind, value, label, tone, glyph)
    return table


STATES = MappingProxyType(_read(_ROWS))


def state_of(kind: str, value: str) -> State:
    """The state of a kind; a value the table does not know is shown as it came, never guessed at."""
    known = STATES.get((kind, value))
    return known or State(kind, value, value, "unknown", "diamond", is_verbatim=True)
