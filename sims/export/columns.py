"""What each column of the list is in a file: its headings, and the SQL of its cells.

A cell is text, a plain number or a time in UTC with its offset. The tables that the SQL names are those of
`sims.export.chunks`, which also defuses the texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from django.db.models import Q
from django.http import QueryDict

from sims.columns import MAX_NAMES, chosen, preference_of
from sims.models import SavedView, Sim
from toolkit.states import state_of
from users.models import User


class Kind(Enum):
    TEXT = "text"
    TIME = "time"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Cells:
    """One column of a file. `sql` gives text or NULL; `needs` names the join it reads."""

    heading: str
    sql: str
    kind: Kind = Kind.TEXT
    needs: str = ""
    width: int = 18


def _each(rows: str, name: str) -> str:
    """One field of every entry of a JSON list, in the carrier's order."""
    return (
        f"(SELECT string_agg(each.entry->>'{name}', '; ' ORDER BY each.place) "
        f"FROM jsonb_array_elements({rows}) WITH ORDINALITY AS each(entry, place))"
    )


def _device(name: str) -> str:
    """One number of every device; nearly every SIM has one device."""
    many = _each("sim.devices", name)
    return f"CASE WHEN jsonb_array_length(sim.devices) > 1 THEN {many} ELSE sim.devices->0->>'{name}' END"


def _status() -> str:
    words = " ".join(f"WHEN '{value}' THEN '{state_of('sim', value).label}'" for value in Sim.Status.values)
    return f"CASE sim.status {words} ELSE sim.status END"


def _amount(heading: str, sql: str, needs: str = "") -> Cells:
    """Plain decimals: no separators, no zeros at the end."""
    return Cells(heading, f"trim_scale({sql})::text", Kind.NUMBER, needs=needs)


def _when(heading: str, sql: str, needs: str = "") -> Cells:
    text = f"""to_char({sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')"""
    return Cells(heading, text, Kind.TIME, needs=needs, width=26)


COLUMNS: dict[str, tuple[Cells, ...]] = {
    "giccid": (Cells("ICCID", "sim.giccid", width=24),),
    "status": (Cells("Status", _status(), width=16), _when("Missing since", "sim.missing_since")),
    "account": (Cells("Account", "account.name", needs="account", width=22),),
    "package": (Cells("Package", "sim.package", width=26),),
    "data_usage": (
        _amount("Data this cycle (MB)", "sim.data_usage_mb"),
        _amount("Allowance (MB)", "plan.data_volume_mb", needs="plan"),
    ),
    "plan_end": (_when("Plan ends", "sim.package_ends_at"),),
    "tags": (Cells("Tags", "tags.names", needs="tags"),),
    "read": (_when("Read", "GREATEST(sim.read_at, shown.asked_at)", needs="shown"),),
    "msisdn": (Cells("Phone number", _device("msisdn")),),
    "imei": (Cells("IMEI", _device("imei")),),
    "imsi": (Cells("IMSI", _device("imsi")),),
    "po": (Cells("PO", "sim.po"),),
    "activated": (_when("First active", "sim.activated_at"),),
    "sold": (_when("Sold", "sim.sold_at"),),
    "plan_start": (_when("Plan started", "sim.package_started_at"),),
    "sms_usage": (Cells("SMS this cycle", "sim.sms_usage::text", Kind.NUMBER),),
    "voice_usage": (Cells("Voice this cycle (min)", "sim.voice_usage_min::text", Kind.NUMBER),),
    "apns": (Cells("APNs", _each("sim.apns", "name")),),
    "place": (Cells("Sits in", "place.label", needs="place"),),
    "changed": (_when("Last change", "sim.changed_at"),),
    "first_seen": (_when("First seen", "sim.first_seen_at"),),
}


def cells_of(names: Iterable[str]) -> list[Cells]:
    """The file's columns for the list's, in their order; names that nobody knows are left out, the ICCID never is."""
    known = [name for name in dict.fromkeys(names) if name in COLUMNS]
    if "giccid" not in known:
        known.insert(0, "giccid")
    return [cells for name in known for cells in COLUMNS[name]]


def columns_for(user: User, query: QueryDict) -> list[str]:
    """The columns a file has: those of `column` (several), else of the saved view `view`, else this person's own."""
    names = query.getlist("column")[:MAX_NAMES] or _of_view(user, query.get("view", "")) or preference_of(user).columns
    return [column.name for column in chosen(names)]


def _of_view(user: User, view_id: str) -> list[str]:
    if not re.fullmatch(r"[0-9]{1,18}", view_id):
        return []
    found = SavedView.objects.filter(Q(owner=user) | Q(is_shared=True), pk=int(view_id)).first()
    return found.columns if found else []
