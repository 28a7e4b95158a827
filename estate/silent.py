"""Active SIMs that used nothing for some time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db import connection
from django.utils import timezone

from enterprise.days import day_of
from estate.usage import Accounts, silent_counts
from sims.models import Sim

USUAL, LONGEST = 30, 3650
CURSOR = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d{1,18})")


class SilentForm(forms.Form):
    """For how many days, and from where on."""

    days = forms.IntegerField(required=False, min_value=1, max_value=LONGEST, label="Days")
    after = forms.RegexField(CURSOR, required=False)

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id=False)
        self.full_clean()

    @property
    def wanted(self) -> int:
        return self.cleaned_data.get("days") or USUAL

    @property
    def messages(self) -> list[str]:
        if "days" in self.errors:
            return [f"Days is a whole number from 1 to {LONGEST}; here are those silent for {USUAL}."]
        return ["The address of this page is damaged, so the list starts at its beginning."] if self.errors else []

    @property
    def cursor(self) -> tuple[date, int] | None:
        found = CURSOR.fullmatch(self.cleaned_data.get("after") or "")
        try:
            return (date.fromisoformat(found[1]), int(found[2])) if found else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class SilentRow:
    sim: Sim
    since: date
    days: int


@dataclass(frozen=True, slots=True)
class SilentPage:
    rows: list[SilentRow]
    after: str


FOUND = """
FROM estate_lastuse known JOIN sims_sim s ON s.id = known.sim_id
WHERE known.is_active AND known.day <= %(until)s
    AND s.status = 'ACTIVATED' AND s.missing_since IS NULL
    AND (s.activated_at IS NULL OR (s.activated_at AT TIME ZONE %(zone)s)::date <= %(until)s)
    AND (%(accounts)s::bigint[] IS NULL OR s.account_id = ANY(%(accounts)s::bigint[]))
"""

SILENT = f"""
SELECT known.day, s.id {FOUND} AND (known.day, known.sim_id) > (%(day)s, %(sim_id)s)
ORDER BY known.day, known.sim_id LIMIT %(size)s
"""


CAP = 10_000
COUNT = f"SELECT count(*) FROM (SELECT known.sim_id {FOUND} LIMIT %(cap)s) AS found"  # noqa: S608 - the text is ours


def silent_total(days: int, accounts: Accounts) -> tuple[int, bool]:
    """How many there are, and whether there are more; beyond `CAP` the roll-up has counted. Two queries at most."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {**_values(days, accounts), "cap": CAP + 1})
        found = int(cursor.fetchone()[0])
    if found <= CAP:
        return found, False
    counted = dict(silent_counts(accounts)).get(days)
    return (CAP, True) if counted is None else (counted, False)


def _values(days: int, accounts: Accounts) -> dict[str, Any]:
    return {
        "until": day_of(timezone.now()) - timedelta(days=days),
        "zone": settings.BILLING_TIME_ZONE,
        "accounts": None if accounts is None else list(accounts),
    }


def silent_page(days: int, accounts: Accounts, *, after: tuple[date, int] | None, size: int) -> SilentPage:
    """Some of them, the longest silent first; two queries."""
    today = day_of(timezone.now())
    start = {"day": after[0] if after else date.min, "sim_id": after[1] if after else 0, "size": size + 1}
    values = _values(days, accounts) | start
    with connection.cursor() as cursor:
        cursor.execute(SILENT, values)
        found = cursor.fetchall()
    sims = Sim.objects.select_related("account").in_bulk([sim_id for _, sim_id in found[:size]])
    rows = [SilentRow(sims[sim_id], day, (today - day).days) for day, sim_id in found[:size] if sim_id in sims]
    last = found[size - 1] if len(found) > size else None
    return SilentPage(rows, f"{last[0]}.{last[1]}" if last else "")
