"""Which accounts a person may see."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from enterprise.models import Account, AccountAccess
from toolkit.live import ACCESS, ring
from users import audit
from users.models import User


def accounts_for(user: User | AnonymousUser) -> frozenset[int] | None:
    """The ids of the accounts this person may see; None where nothing limits them. One query."""
    if not user.is_authenticated:
        return frozenset()
    return frozenset(AccountAccess.objects.filter(user_id=user.pk).values_list("account_id", flat=True)) or None


def limit_to(user: User, accounts: Iterable[Account], *, by: User) -> None:
    """Let `user` see these accounts only; none at all lifts the limit. Open pages follow at once."""
    wanted = {account.pk: account.name for account in accounts}
    with transaction.atomic():
        AccountAccess.objects.filter(user=user).exclude(account_id__in=wanted).delete()
        AccountAccess.objects.bulk_create(
            [AccountAccess(user=user, account_id=pk) for pk in wanted], ignore_conflicts=True
        )
        audit.record(by, "user.accounts", user.username, accounts=sorted(wanted.values()))
        ring(ACCESS)
