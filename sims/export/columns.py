"""What each column of the list is in a file: its headings, and the SQL of its cells.

A cell is text, a plain number or a time in UTC with its offset. Text that a spreadsheet would take for a formula gets
an apostrophe in front. `sim`, `account`, `plan` and `shown` are the tables of `sims.export.chunks`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from sims.models import Sim
from toolkit.states import state_of


class Kind(Enum):
    TEXT = "text"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Cells:
    """One column of a file. `sql` gives text or NULL; `needs` names the join it reads."""

    heading: str
    sql: str
    kind: Kind = Kind.TEXT
    needs: str = ""
    width: int = 18


# What spreadsheets take for the beginning of a formula, the wide signs of East Asian keyboards included.
FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"
_DANGEROUS = ", ".join(f"chr({ord(sign)})" for sign in FORMULA_SIGNS)


def defused(sql: str) -> str:
    """SQL of a text that no spreadsheet calculates."""
    return f"CASE WHEN left({sql}, 1) IN ({_DANGEROUS}) THEN '''' || ({sql}) ELSE {sql} END"


def _time(sql: str) -> str:
    return f"""to_char({sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')"""


def _device(name: str) -> str:
    """One number of every device, in the carrier's order."""
    many = (
        f"(SELECT string_agg(each.device->>'{name}', '; ' ORDER BY each.place) "
        "FROM jsonb_array_elements(sim.devices) WITH ORDINALITY AS each(device, place))"
    )
    return f"CASE WHEN jsonb_array_length(sim.devices) > 1 THEN {many} ELSE sim.devices->0->>'{name}' END"


def _apns() -> str:
    return (
        "(SELECT string_agg(each.apn->>'name', '; ' ORDER BY each.place) "
        "FROM jsonb_array_elements(sim.apns) WITH ORDINALITY AS each(apn, place))"
    )


def _status() -> str:
    words = " ".join(f"WHEN '{value}' THEN '{state_of('sim', value).label}'" for value in Sim.Status.values)
    return f"CASE sim.status {words} ELSE {defused('sim.status')} END"


def _tags() -> str:
    return (
        "(SELECT string_agg(tag.name, '; ' ORDER BY lower(tag.name)) FROM sims_simtag AS worn "
        "JOIN sims_tag AS tag ON tag.id = worn.tag_id WHERE worn.sim_id = sim.id)"
    )


def _amount(sql: str) -> str:
    return f"trim_scale({sql})::text"


_TEXT, _NUMBER = Kind.TEXT, Kind.NUMBER
COLUMNS: dict[str, tuple[Cells, ...]] = {
    "giccid": (Cells("ICCID", defused("sim.giccid"), width=24),),
    "status": (
        Cells("Status", _status(), width=16),
        Cells("Missing since", _time("sim.missing_since"), width=26),
    ),
    "account": (Cells("Account", defused("account.name"), needs="account", width=22),),
    "package": (Cells("Package", defused("sim.package"), width=26),),
    "data_usage": (
        Cells("Data this cycle (MB)", _amount("sim.data_usage_mb"), _NUMBER),
        Cells("Allowance (MB)", _amount("plan.data_volume_mb"), _NUMBER, needs="plan"),
    ),
    "plan_end": (Cells("Plan ends", _time("sim.package_ends_at"), width=26),),
    "tags": (Cells("Tags", defused(_tags())),),
    "read": (Cells("Read", _time("GREATEST(sim.read_at, shown.asked_at)"), needs="shown", width=26),),
    "msisdn": (Cells("Phone number", defused(_device("msisdn"))),),
    "imei": (Cells("IMEI", defused(_device("imei"))),),
    "imsi": (Cells("IMSI", defused(_device("imsi"))),),
    "po": (Cells("PO", defused("sim.po")),),
    "activated": (Cells("First active", _time("sim.activated_at"), width=26),),
    "sold": (Cells("Sold", _time("sim.sold_at"), width=26),),
    "plan_start": (Cells("Plan started", _time("sim.package_started_at"), width=26),),
    "sms_usage": (Cells("SMS this cycle", "sim.sms_usage::text", _NUMBER),),
    "voice_usage": (Cells("Voice this cycle (min)", "sim.voice_usage_min::text", _NUMBER),),
    "apns": (Cells("APNs", defused(_apns())),),
    "place": (Cells("Sits in", defused("place.label"), needs="place"),),
    "changed": (Cells("Last change", _time("sim.changed_at"), width=26),),
    "first_seen": (Cells("First seen", _time("sim.first_seen_at"), width=26),),
}
USUAL = ("giccid", "status", "account", "package", "data_usage", "plan_end", "tags", "read")


def cells_of(names: Iterable[str]) -> list[Cells]:
    """The file's columns for the list's, in their order; names that nobody knows are left out, the ICCID never is."""
    known = [name for name in dict.fromkeys(names) if name in COLUMNS]
    if "giccid" not in known:
        known.insert(0, "giccid")
    return [cells for name in known for cells in COLUMNS[name]]
