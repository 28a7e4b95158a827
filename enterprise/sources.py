"""How the carrier's five reads about the enterprise went last, so that a page can say how old it is, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from enterprise.models import Account, Source
from toolkit.upsert import upsert


def note_read(call: Source.Call, account: Account | None, read_at: datetime) -> None:
    """It was answered; what was wrong before is over."""
    note_reads(call, {account: read_at})


def note_reads(call: Source.Call, read: Mapping[Account | None, datetime]) -> None:
    """The same for several accounts at once."""
    upsert(
        [Source(call=call, account=account, read_at=read_at) for account, read_at in read.items()],
        unique=["call", "account"],
        update=["read_at", "failed_at", "error"],
    )


def note_failure(call: Source.Call, account: Account | None, why: str) -> None:
    """It was not answered; the figures of the last answer stand."""
    Source.objects.update_or_create(call=call, account=account, defaults={"failed_at": timezone.now(), "error": why})


def failing(*calls: Source.Call, accounts: frozenset[int] | None = None) -> list[Source]:
    """Those of `calls` (all of them without any) that were not answered last time; gone accounts are left out.

    With `accounts` those of no account, and of these.
    """
    rows = sources_of(accounts).exclude(error="")
    return list(rows.filter(call__in=calls) if calls else rows)


def sources_of(accounts: frozenset[int] | None) -> QuerySet[Source]:
    """All that was asked of accounts that are still named, of those one may see, or of none."""
    rows = Source.objects.filter(account__gone_at=None).select_related("account")
    return rows if accounts is None else rows.filter(Q(account=None) | Q(account__in=accounts))
