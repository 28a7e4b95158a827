"""Results as one types: the few SIMs that a text may mean, with the number that matches."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.urls import reverse

from sims.identifiers import Wanted, wanted
from sims.lookup import MAX_HITS, Hit, Match, find_numbers, of_accounts
from sims.models import Sim, SimIdentifier

SHOWN = 8
# A SIM may match with its ICCID and with each number of its devices.
READ = 4 * SHOWN + 1
MIN_TYPED = 3


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`before`, `match` and `after` are the number that was typed at; `kind` names it where it is not the ICCID."""

    url: str
    giccid: str
    status: str
    is_missing: bool
    account: str
    kind: str
    before: str
    match: str
    after: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    rows: list[Suggestion]
    has_more: bool = False
    is_short: bool = False


def suggest(text: str, accounts: Collection[int] | None = None) -> Suggestions:
    """Best first, with `accounts` only SIMs of these; nothing inside numbers is looked for. Two queries, or three."""
    asked = wanted(text)
    if not asked or len(asked.whole[0]) < MIN_TYPED:
        return Suggestions([], is_short=True)
    best: dict[int, Hit] = {}
    limit = READ if accounts is None else MAX_HITS
    hits = find_numbers(asked, limit=limit)
    for hit in of_accounts(hits, accounts):
        best.setdefault(hit.sim_id, hit)
    chosen = list(best.values())[:SHOWN]
    sims = Sim.objects.select_related("account").in_bulk([hit.sim_id for hit in chosen])
    rows = [_suggestion(sims[hit.sim_id], hit, asked) for hit in chosen if hit.sim_id in sims]
    return Suggestions(rows, has_more=len(best) > SHOWN or len(hits) >= limit)


def _suggestion(sim: Sim, hit: Hit, asked: Wanted) -> Suggestion:
    is_iccid = hit.kind == SimIdentifier.Kind.ICCID
    before, match, after = _parts(sim.giccid if is_iccid else hit.value, hit.match, asked)
    return Suggestion(
        url=reverse("sims:detail", args=[sim.giccid]),
        giccid=sim.giccid,
        status=sim.status,
        is_missing=sim.is_missing,
        account=sim.account.name if sim.account else "",
        kind="" if is_iccid else SimIdentifier.Kind(hit.kind).label,
        before=before,
        match=match,
        after=after,
    )


def _parts(value: str, match: int, asked: Wanted) -> tuple[str, str, str]:
    spelled = value.upper()
    if match == Match.BEGINNING:
        size = max((len(each) for each in asked.whole if spelled.startswith(each)), default=0)
        return "", value[:size], value[size:]
    if match == Match.ENDING:
        size = max((len(each) for each in asked.endings if spelled.endswith(each)), default=0)
        return value[: len(value) - size], value[len(value) - size :], ""
    return "", value, ""
