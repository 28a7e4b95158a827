"""Enterprise, accounts and packages: our dated copy of E1, E2 and E3."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from enterprise.history import keep_day
from enterprise.models import Account, Enterprise, ServicePackage, Source
from enterprise.sources import note_read
from smarthub import Answer, Client
from smarthub import models as carrier_models


def read_enterprise(client: Client) -> tuple[list[Account], int]:
    """Read the enterprise and the names of its accounts (E1); the accounts, and how many requests it took.

    An account that is no longer named is marked gone and kept.
    """
    answer = client.enterprise()
    read_at = answer.reply.asked_at
    with transaction.atomic():
        _write_enterprise(answer.value, read_at)
        for summary in answer.value.accounts:
            _write_summary(summary, read_at)
        names = [summary.name for summary in answer.value.accounts]
        Account.objects.filter(gone_at=None).exclude(name__in=names).update(gone_at=timezone.now())
        note_read(Source.Call.ENTERPRISE, None, read_at)
    return list(Account.objects.filter(name__in=names)), answer.reply.attempts


def _write_enterprise(enterprise: carrier_models.Enterprise, read_at: datetime) -> None:
    Enterprise.objects.update_or_create(
        pk=1,
        defaults={
            "name": enterprise.name or "",
            "contact_name": enterprise.contact_name or "",
            "contact_phone": enterprise.contact_phone or "",
            "contact_email": enterprise.contact_email or "",
            "read_at": read_at,
        },
    )


def _write_summary(summary: carrier_models.AccountSummary, read_at: datetime) -> None:
    figures = {
        "customer_name": summary.customer_name or "",
        "status": summary.status or "",
        "carrier_sim_count": summary.sim_count,
        "gone_at": None,
    }
    Account.objects.update_or_create(
        name=summary.name, defaults=figures, create_defaults={**figures, "read_at": read_at}
    )


def write_account(account: Account, answer: Answer[carrier_models.Account]) -> None:
    """Keep one account's figures (E2), and a reading of its day."""
    seen = answer.value
    figures = {
        "customer_name": seen.customer_name or "",
        "status": seen.status or "",
        "balance": seen.balance,
        "currency": seen.currency or "",
        "billing_cycle": seen.billing_cycle or "",
        "current_cycle_charge": seen.cycle_charge,
        "data_usage_mb": seen.data_usage_mb,
        "sms_usage": seen.sms_usage,
        "voice_usage_min": seen.voice_usage_min,
        "carrier_sim_count": seen.sim_count,
        "carrier_status_counts": {count.status: count.count for count in seen.sim_status_counts},
        "read_at": answer.reply.asked_at,
    }
    for name, value in figures.items():
        setattr(account, name, value)
    with transaction.atomic():
        account.save(update_fields=list(figures))
        keep_day(account)
        note_read(Source.Call.ACCOUNT, account, answer.reply.asked_at)


def write_packages(account: Account, answer: Answer[tuple[carrier_models.ServicePackage, ...]]) -> None:
    """Keep an account's tariffs (E3). One that is no longer listed is marked gone and kept."""
    read_at = answer.reply.asked_at
    with transaction.atomic():
        _write_packages(account, answer.value, read_at)
        Account.objects.filter(pk=account.pk).update(packages_read_at=read_at)
        note_read(Source.Call.PACKAGES, account, read_at)


def _write_packages(account: Account, seen: tuple[carrier_models.ServicePackage, ...], read_at: datetime) -> None:
    ServicePackage.objects.bulk_create(
        {package.name: _row(account, package, read_at) for package in seen}.values(),
        update_conflicts=True,
        unique_fields=["account", "name"],
        update_fields=[*FIGURES, "read_at", "gone_at"],
    )
    names = [package.name for package in seen]
    account.packages.filter(gone_at=None).exclude(name__in=names).update(gone_at=timezone.now())


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
