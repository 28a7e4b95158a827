"""Writing the audit trail: the one door."""

from __future__ import annotations

from typing import Any

from users.models import AuditEntry, User


def record(user: User, action: str, target: str, **detail: Any) -> AuditEntry:
    """Keep for good who did what, in the caller's transaction; `detail` is plain JSON."""
    return AuditEntry.objects.create(
        user=user, username=user.username, action=action, target=target[:500], detail=detail
    )
