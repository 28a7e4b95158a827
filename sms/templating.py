"""Templates: which one may use, and how they are kept."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from sms.messages import Expected
from sms.models import Template
from sms.scope import accounts_of
from users import audit
from users.models import User


def templates_for(user: User) -> QuerySet[Template]:
    """Those of the accounts this person may see, and those of every account."""
    accounts = accounts_of(user)
    rows = Template.objects.filter(deleted_at=None).select_related("account", "made_by").order_by("name", "id")
    return rows if accounts is None else rows.filter(Q(account=None) | Q(account_id__in=accounts))


def templates_of(account_id: int | None, user: User) -> QuerySet[Template]:
    """Those that fit a SIM of this account."""
    return templates_for(user).filter(Q(account=None) | Q(account_id=account_id))


def keep(template: Template | None, clean: dict[str, Any], expected: Expected, user: User) -> Template:
    """Write a new template, or change one."""
    row = template or Template(made_by=user)
    row.name, row.account_id = clean["name"], clean["account"]
    row.content, row.encoding = clean["content"], clean["encoding"]
    row.expect, row.expect_within_s = expected.pattern, expected.within_s
    with transaction.atomic():
        row.save()
        audit.record(user, "sms.template" if template else "sms.template.new", row.name, template=row.pk)
    return row


def delete(template: Template, user: User) -> None:
    """Offer it no longer; messages made with it go on naming it."""
    with transaction.atomic():
        Template.objects.filter(pk=template.pk).update(deleted_at=timezone.now())
        audit.record(user, "sms.template.delete", template.name, template=template.pk)
