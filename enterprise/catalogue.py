"""Enterprise, accounts and packages: our dated copy of E1, E2 and E3."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from enterprise.history import keep_days
from enterprise.models import Account, Enterprise, ServicePackage, Source
from enterprise.sources import note_read, note_reads
from smarthub import Answer, Client
from smarthub import models as carrier_models
from toolkit.upsert import rewrite, upsert


def read_enterprise(client: Client) -> tuple[list[Account], Answer[carrier_models.Enterprise]]:
    """Read the enterprise and the names of its accounts (E1); the accounts, and the answer that named them.

    An account that is no longer named is marked gone and kept; none is where some of the answer could not be read, or
    where it names none at all.
    """
    answer = client.enterprise()
    read_at = answer.reply.asked_at
    with transaction.atomic():
        _write_enterprise(answer.value, read_at)
        _write_summaries(answer.value.accounts, read_at)
        names = [summary.name for summary in answer.value.accounts]
        if names and not answer.refused:
            Account.objects.filter(gone_at=None).exclude(name__in=names).update(gone_at=timezone.now())
        note_read(Source.Call.ENTERPRISE, None, read_at)
    return list(Account.objects.filter(name__in=names)), answer


def _write_enterprise(enterprise: carrier_models.Enterprise, read_at: datetime) -> None:
    row = Enterprise(
        pk=1,
        name=enterprise.name or "",
        contact_name=enterprise.contact_name or "",
        contact_phone=enterprise.contact_phone or "",
        contact_email=enterprise.contact_email or "",
        read_at=read_at,
    )
    upsert([row], unique=["pk"], update=["name", "contact_name", "contact_phone", "contact_email", "read_at"])


def _write_summaries(summaries: Sequence[carrier_models.AccountSummary], read_at: datetime) -> None:
    """The accounts as the enterprise names them; one that is as it was is not written.

    All are locked first, in order of their ids: so does `write_accounts`, and others are marked gone afterwards.
    """
    known = {account.name: account for account in Account.objects.order_by("pk").select_for_update(no_key=True)}
    seen = {summary.name: summary for summary in summaries}
    named = [_named(known.get(name), summary, read_at) for name, summary in seen.items()]
    upsert([account for account in named if account is not None], unique=["name"], update=NAMED)


NAMED = ("customer_name", "status", "carrier_sim_count", "gone_at")


def _named(account: Account | None, summary: carrier_models.AccountSummary, read_at: datetime) -> Account | None:
    figures = (summary.customer_name or "", summary.status or "", summary.sim_count, None)
    if account is not None and tuple(getattr(account, name) for name in NAMED) == figures:
        return None
    return Account(name=summary.name, read_at=read_at, **dict(zip(NAMED, figures, strict=True)))


def write_accounts(read: Sequence[tuple[Account, Answer[carrier_models.Account]]]) -> None:
    """Keep the figures of accounts (E2), and a reading of their day. A few statements for any number of them."""
    for account, answer in read:
        for name, value in _figures(answer).items():
            setattr(account, name, value)
    accounts = [account for account, _ in read]
    with transaction.atomic():
        rewrite(accounts, READ)
        keep_days(accounts)
        note_reads(Source.Call.ACCOUNT, {account: account.read_at for account in accounts})


READ = (
    "customer_name",
    "status",
    "balance",
    "currency",
    "billing_cycle",
    "current_cycle_charge",
    "data_usage_mb",
    "sms_usage",
    "voice_usage_min",
    "carrier_sim_count",
    "carrier_status_counts",
    "read_at",
)


def _figures(answer: Answer[carrier_models.Account]) -> dict[str, Any]:
    seen = answer.value
    figures = (
        seen.customer_name or "",
        seen.status or "",
        seen.balance,
        seen.currency or "",
        seen.billing_cycle or "",
        seen.cycle_charge,
        seen.data_usage_mb,
        seen.sms_usage,
        seen.voice_usage_min,
        seen.sim_count,
        {count.status: count.count for count in seen.sim_status_counts},
        answer.reply.asked_at,
    )
    return dict(zip(READ, figures, strict=True))


def write_packages(read: Sequence[tuple[Account, Answer[tuple[carrier_models.ServicePackage, ...]]]]) -> None:
    """Keep the tariffs of accounts (E3). One that is no longer listed is marked gone and kept.

    None is where one could not be read: that may be the one that seems gone. The accounts are written first, which
    locks them: the tariffs that another answer lists, or lacks, may be others.
    """
    rows: dict[tuple[int, str], ServicePackage] = {}
    for account, answer in read:
        read_at = account.packages_read_at = answer.reply.asked_at
        rows |= {(account.pk, package.name): _row(account, package, read_at) for package in answer.value}
    accounts = [account for account, _ in read]
    with transaction.atomic():
        rewrite(accounts, ["packages_read_at"])
        upsert(rows.values(), unique=["account", "name"], update=[*FIGURES, "read_at", "gone_at"])
        _mark_gone([account for account, answer in read if not answer.refused], rows)
        note_reads(Source.Call.PACKAGES, {account: answer.reply.asked_at for account, answer in read})


def _mark_gone(accounts: Sequence[Account], listed: Container[tuple[int, str]]) -> None:
    kept = ServicePackage.objects.filter(account__in=accounts, gone_at=None)
    gone = [pk for pk, *key in kept.values_list("pk", "account_id", "name") if tuple(key) not in listed]
    if gone:
        ServicePackage.objects.filter(pk__in=gone).update(gone_at=timezone.now())


FIGURES = (
    "type",
    "payment_type",
    "data_volume_mb",
    "sms_volume",
    "voice_volume_min",
    "validity_period",
    "validity_unit",
    "price",
    "currency",
    "share_pool_name",
    "description",
)


def _row(account: Account, package: carrier_models.ServicePackage, read_at: datetime) -> ServicePackage:
    return ServicePackage(
        account=account,
        name=package.name,
        type=package.kind or "",
        payment_type=package.payment_type or "",
        data_volume_mb=package.data_volume_mb,
        sms_volume=package.sms_volume,
        voice_volume_min=package.voice_volume_min,
        validity_period=package.validity_period,
        validity_unit=package.validity_unit or "",
        price=package.price,
        currency=package.currency or "",
        share_pool_name=package.share_pool_name or "",
        description=package.description or "",
        read_at=read_at,
        gone_at=None,
    )
