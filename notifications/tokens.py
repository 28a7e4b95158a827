"""The tokens in the carrier's addresses: made, replaced without a gap, and revoked on purpose."""

from __future__ import annotations

import secrets
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from notifications.intake.app import PREFIX
from notifications.intake.tokens import Known, digest_of, write_known
from notifications.models import WebhookToken
from notifications.pushes.kinds import KINDS
from stack.files import write_private
from users import audit
from users.models import User

Origin = WebhookToken.Origin
BYTES = 32


class CannotRevoke(Exception):
    """Why not, for the person who asked."""


def ensure_tokens() -> None:
    """At each start: the token of the settings has its row, one that they held before is revoked, the file is true."""
    own = digest_of(settings.SMARTHUB_WEBHOOK_TOKEN)
    origin = Origin.SETTING if settings.WEBHOOK_TOKEN_IS_SET else Origin.MADE
    with transaction.atomic():
        former = WebhookToken.objects.filter(origin=Origin.SETTING, revoked_at=None).exclude(digest=own)
        former.update(revoked_at=Now())
        row, is_new = WebhookToken.objects.get_or_create(
            digest=own, defaults={"value": settings.SMARTHUB_WEBHOOK_TOKEN, "origin": origin}
        )
        if not is_new and origin == Origin.SETTING:
            WebhookToken.objects.filter(pk=row.pk).update(origin=origin, revoked_at=None)
    write_file()


def valid_tokens() -> list[WebhookToken]:
    """Newest first; the first is the one to register at the carrier."""
    return list(WebhookToken.objects.filter(revoked_at=None).select_related("created_by"))


def add_token(user: User) -> WebhookToken:
    """A new token, valid beside the others until they are revoked."""
    value = secrets.token_urlsafe(BYTES)
    with transaction.atomic():
        token = WebhookToken.objects.create(value=value, digest=digest_of(value), origin=Origin.MADE, created_by=user)
        audit.record(user, "webhook-token.add", f"token {token.pk}")
    write_file()
    return token


def revoke_token(token: WebhookToken, user: User) -> None:
    """From here on its addresses answer 404. Raises CannotRevoke."""
    with transaction.atomic():
        valid = list(WebhookToken.objects.select_for_update().filter(revoked_at=None))
        if token not in valid:
            raise CannotRevoke("This token is revoked already.")
        if token.origin == Origin.SETTING:
            raise CannotRevoke("This token stands in SMARTHUB_WEBHOOK_TOKEN. Take it out there, then start again.")
        if len(valid) == 1:
            raise CannotRevoke("It is the only token. Make a new one first, and register it at the carrier.")
        WebhookToken.objects.filter(pk=token.pk).update(revoked_at=Now())
        audit.record(user, "webhook-token.revoke", f"token {token.pk}")
    write_file()
    _keep_newest()


def _keep_newest() -> None:
    """The next start begins with a token that is valid, also where it knows no more than its folder."""
    if not settings.WEBHOOK_TOKEN_IS_SET:
        write_private(Path(settings.PORTAL_DATA_DIR) / "webhook_token", valid_tokens()[0].value)


def write_file() -> None:
    """What the intake goes by, so that it needs no database."""
    rows = list(WebhookToken.objects.values_list("digest", "revoked_at"))
    valid = sorted(digest for digest, revoked_at in rows if revoked_at is None)
    write_known(Known(valid, sorted(digest for digest, revoked_at in rows if revoked_at is not None)))


def path_of(token: WebhookToken) -> str:
    return f"{PREFIX}{token.value}/"


def addresses(token: WebhookToken) -> dict[str, str]:
    """What is registered at the carrier, by kind of push."""
    base = f"{settings.PUBLIC_URL.rstrip('/')}{path_of(token)}"
    return {slug: f"{base}{slug}/" for slug in KINDS}
