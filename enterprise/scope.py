"""Which accounts a person may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction

from enterprise.models import Account, AccountAccess
from toolkit.live import ACCESS, ring
from users import audit
from users.models import User


def accounts_for(user: User | AnonymousUser) -> frozenset[int] | None:
    """The ids of the accounts this person may see; None where nothing limits them. One query."""
    if not user.is_authenticated:
        return frozenset()
    return frozenset(AccountAccess.objects.filter(user_id=user.pk).values_list("account_id", flat=True)) or None


# Every page of a list asks, so in one query, and without the time Django takes to write it.
NAMES = """SELECT account.id, account.name, mine.id IS NOT NULL AS is_mine FROM enterprise_account AS account
LEFT JOIN enterprise_accountaccess AS mine ON mine.account_id = account.id AND mine.user_id = %(user)s
ORDER BY account.name"""


def names_for(user: User) -> tuple[dict[int, str], frozenset[int] | None]:
    """The accounts this person may see, by name, beside the answer of `accounts_for`. One query."""
    with connection.cursor() as cursor:
        cursor.execute(NAMES, {"user": user.pk})
        return names_in(cursor.fetchall())


def names_in(found: Sequence[tuple[int, str, bool]]) -> tuple[dict[int, str], frozenset[int] | None]:
    """What `names_for` answers, of the rows of `NAMES`."""
    mine = frozenset(pk for pk, _name, is_mine in found if is_mine)
    return {pk: name for pk, name, _ in found if not mine or pk in mine}, mine or None


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
