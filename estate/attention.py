"""What needs a person, the worst first; each with what it means and where to go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from batches.models import Batch
from enterprise.forecast import Verdict
from enterprise.models import Account, SharePool
from estate.ages import Trouble
from estate.calendar import Calendar
from estate.pools import PoolRow, margin_words, pace_words
from estate.under_way import BatchSum, OpenOperations
from journal.feed import Scope
from sims.counts import Facets
from sims.freshness import Freshness, interval_words
from sims.models import SetAside, SyncRun
from sims.scope import Person
from sms.models import Message
from sms.scope import within
from toolkit.figures import count, plural, span, volume
from toolkit.templatetags.look import age, when

MOST_BATCHES, MOST_POOLS = 3, 3
ORDER = ("bad", "unknown", "warn")


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing that a person has to look at: tone and glyph, what it is, what it means, where to go."""

    tone: str
    glyph: str
    title: SafeString | str
    words: SafeString | str
    link: str
    url: str


def ranked(things: Iterable[Attention | None]) -> list[Attention]:
    """Those that are, the worst first."""
    return sorted((thing for thing in things if thing), key=lambda thing: ORDER.index(thing.tone))


def stopped(fleet: Freshness, scope: Scope) -> Attention | None:
    run = fleet.failed
    if run is None:
        return None
    # Why it stopped names an account, perhaps one that this person may not see.
    why = (run.note if scope is None else "") or "It ended before the whole fleet was read."
    words = f"{why} What was read is kept; nothing was called missing."
    return Attention("bad", "triangle", f"Sync run {run.pk} stopped", words, "Open run", _run_url(run))


def stale(fleet: Freshness) -> Attention | None:
    if not fleet.is_stale():
        return None
    title = format_html("The whole fleet was last read {}", age(fleet.read_at, "ago"))
    return Attention(
        "warn", "clock", title, f"It should be every {interval_words()}.", "Open sync", reverse("sims:sync")
    )


def missing(counted: Facets) -> Attention | None:
    n = counted.missing.get(True, 0)
    if not n:
        return None
    title = f"{plural(n, 'SIM is', 'SIMs are')} missing at the carrier"
    words = "Two complete runs have not seen them. They stay here as they were read last."
    return Attention("warn", "broken-ring", title, words, f"Show {count(n)}", f"{reverse('sims:list')}?missing=1")


def gone_accounts(found: Sequence[Account], counted: Facets) -> list[Attention]:
    """Accounts that the carrier stopped naming within a week; `counted` is of all that a person may see."""
    return [_gone(account, counted.accounts.get(account.pk, 0)) for account in found]


def _gone(account: Account, sims: int) -> Attention:
    title = format_html("The carrier has not named {} since {}", account.name, when(account.gone_at, "day"))
    words = f"{plural(sims, 'SIM stays', 'SIMs stay')} here as last read." if sims else "We know of no SIM in it."
    url = reverse("estate:account", args=[account.pk])
    return Attention("warn", "broken-ring", title, f"What it was is kept. {words}", "Open account", url)


def kept_aside(fleet: Freshness, scope: Scope) -> Attention | None:
    run = fleet.ended
    if not run or not run.kept_aside:
        return None
    found = SetAside.objects.filter(run=run)
    kept = (found if scope is None else found.filter(account__in=scope)).count()
    if not kept:
        return None
    title = f"{plural(kept, 'record', 'records')} of run {run.pk} could not be read"
    words = "All else was kept, and what we had of these SIMs stays as it was."
    return Attention("warn", "triangle", title, words, "See why", f"{_run_url(run)}#aside")


def _run_url(run: SyncRun) -> str:
    return reverse("sims:sync-run", args=[run.pk])


def failed_calls(troubles: Iterable[Trouble]) -> list[Attention]:
    url = reverse("estate:enterprise")
    return [Attention("warn", "clock", trouble.title, trouble.words, "How it was read", url) for trouble in troubles]


def ending_pools(rows: Iterable[PoolRow]) -> list[Attention]:
    """Pools that are empty, will be before their cycle ends, or have passed their critical step; many are one row."""
    ending = [row for row in rows if "bad" in (row.tone, row.end_tone) or row.end_tone == "warn"]
    rest = len(ending) - MOST_POOLS
    if rest < 2:
        return [_pool(row) for row in ending]
    title, words = f"{count(rest)} more share pools are near their end", "The most urgent come first in the list."
    more = Attention("warn", "triangle", title, words, "All pools", reverse("estate:pools"))
    return [*(_pool(row) for row in ending[:MOST_POOLS]), more]


def _pool(row: PoolRow) -> Attention:
    pool, forecast = row.pool, row.forecast
    tone = "bad" if "bad" in (row.tone, row.end_tone) else "warn"
    if forecast.verdict is Verdict.EMPTY:
        title: SafeString | str = f"{pool.name} is empty"
    elif row.end_tone:
        margin = margin_words(forecast.margin)
        title = format_html("{} runs out on {} ± {}", pool.name, when(forecast.at, "heading"), margin)
        title = format_html("{}{}", title, _ahead_of(forecast.at, pool))
    else:
        title = f"{pool.name} is {row.percent} % used"
    by = f" by {plural(pool.sim_count, 'SIM', 'SIMs')}" if pool.sim_count is not None else ""
    pace = f", {pace_words(forecast)}" if forecast.per_day_mb else ""
    words = f"{row.percent or 0} % of {volume(pool.data_total_mb)} used{by}{pace}."
    return Attention(tone, "square" if tone == "bad" else "triangle", title, words, "Open pool", row.url)


def _ahead_of(at: datetime | None, pool: SharePool) -> str:
    if at is None or pool.cycle_ends_at is None or at >= pool.cycle_ends_at:
        return ""
    return f", {span(pool.cycle_ends_at - at)} before the cycle ends"


def unknown_operations(found: OpenOperations) -> Attention | None:
    """Operations without an outcome that reading cannot settle."""
    if not found.unknown:
        return None
    n, stuck = found.unknown, found.stuck
    if stuck:
        title = f"{plural(stuck, 'operation', 'operations')} ended without an answer and cannot be settled by reading"
        words = format_html("A person has to look. The oldest was asked for {}.", age(found.oldest, "ago"))
    else:
        title = f"{plural(n, 'operation', 'operations')} ended without an answer"
        words = format_html("They are settled by reading, never sent again. The oldest is {} old.", age(found.oldest))
    url = f"{reverse('sims:operations')}?{urlencode({'state': 'unknown'})}"
    return Attention("unknown", "diamond", title, words, "Decide" if stuck else "Open", url)


def unknown_messages(user: Person) -> Attention | None:
    """One query."""
    n = within(Message.objects.filter(state=Message.State.UNKNOWN), user)[:1000].count()
    if not n:
        return None
    title = (
        f"Of {plural(n, 'message', 'messages')} it is not known whether the carrier took {'it' if n == 1 else 'them'}"
    )
    words = "They are not sent again by themselves; a second one might arrive."
    return Attention("unknown", "diamond", title, words, "Open messages", f"{reverse('sms:list')}?state=unknown")


def troubled_batches(seen: Iterable[BatchSum]) -> list[Attention]:
    """Batches of the last day that ended with failures or unknowns, the newest first."""
    ended = [batch for batch in seen if batch.state == Batch.State.FINISHED and (batch.failed or batch.unknown)]
    return [_batch(batch) for batch in ended[:MOST_BATCHES]]


def _batch(batch: BatchSum) -> Attention:
    number, url = batch.number, batch.url
    if batch.unknown:
        title = f"Batch {number} ended with {plural(batch.unknown, 'unknown outcome', 'unknown outcomes')}"
        words = f"Of {count(batch.whole)} SIMs; they are settled by reading, never sent again."
        return Attention("unknown", "diamond", title, words, "Open batch", url)
    title = f"Batch {number} finished with {plural(batch.failed, 'failure', 'failures')} out of {count(batch.whole)}"
    words = "Each row says why; those that failed can be tried again as a batch of their own."
    return Attention("bad", "triangle", title, words, f"See the {count(batch.failed)}", f"{url}?state=failed")


def _part(n: int, whole: int) -> str:
    if whole == 1:
        return "The one plan that ends"
    return f"All {count(n)} plans that end" if n == whole else f"{count(n)} of the {count(whole)} plans that end"


def unfollowed_plans(week: Calendar) -> Attention | None:
    """Prepaid packages of active SIMs that end within days with nothing scheduled after."""
    if not week.unfollowed:
        return None
    title = f"{_part(week.unfollowed, week.total)} this week {'has' if week.unfollowed == 1 else 'have'} no successor"
    words = "The carrier suspends a SIM when its prepaid plan ends and none follows."
    return Attention("warn", "triangle", title, words, "Show the calendar", reverse("estate:calendar"))
