"""Files too big to wait for, as rows: asked for, finished, failed, kept for a week."""

from __future__ import annotations

import secrets
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from sims.export import store
from sims.export.wanted import Wanted
from sims.models import Export
from sims.models.export import KEPT
from toolkit import lease
from users import audit

ASKING = 0x51C1
State = Export.State


def request(wanted: Wanted, kind: str) -> Export:
    """An export of what is wanted; the one that the same person has asked for already and that is still open."""
    assert wanted.user.pk is not None
    same = {"user": wanted.user, "query": wanted.query, "columns": wanted.columns, "format": kind}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ASKING, wanted.user.pk % 2**31])
        found = Export.objects.filter(**same, state__in=Export.OPEN).first()
        if found is not None:
            return found
        audit.record(wanted.user, "sims.export", wanted.words, format=kind, rows=wanted.total)
        return Export.objects.create(**same, words=wanted.words, total=wanted.total, file_name=_new_name(kind))


def _new_name(kind: str) -> str:
    return f"{secrets.token_urlsafe(24)}.{kind}"


def unattended() -> list[int]:
    """Open exports that no worker holds: just asked for, or left behind by a process that is gone."""
    return list(Export.objects.filter(lease.free(), state__in=Export.OPEN).order_by("id").values_list("id", flat=True))


def expire() -> int:
    """Delete the files that were kept long enough, and what a killed worker left behind."""
    outlived = list(Export.objects.filter(state=State.FINISHED, expires_at__lt=Now()))
    for export in outlived:
        Export.objects.filter(pk=export.pk, state=State.FINISHED).update(state=State.EXPIRED)
        store.remove(export.file_name)
    kept = Export.objects.filter(state__in=(*Export.OPEN, State.FINISHED)).values_list("file_name", flat=True)
    store.remove_strangers(set(kept))
    return len(outlived)


def begin(export_id: int) -> Export:
    """Mark the export as being written, count the try, and read it."""
    Export.objects.filter(pk=export_id, state=State.QUEUED).update(state=State.RUNNING, started_at=Now())
    Export.objects.filter(pk=export_id).update(attempts=F("attempts") + 1)
    return Export.objects.select_related("user").get(pk=export_id)


def note(export: Export, owner: UUID, **values: object) -> bool:
    """Keep how far it came, and the lease; False when another worker has the lease, and then this one must stop."""
    mine = Export.objects.filter(pk=export.pk, lease_owner=owner)
    for name, value in values.items():
        setattr(export, name, value)
    return bool(mine.update(**values, lease_until=Now() + lease.LEASE))


def finish(export: Export, owner: UUID, size: int) -> bool:
    """Offer the file, which is whole and at its name, for a week; False when the lease was lost."""
    mine = Export.objects.filter(pk=export.pk, lease_owner=owner)
    values = {"finished_at": Now(), "expires_at": Now() + KEPT, "size": size, "total": export.rows}
    return bool(mine.update(state=State.FINISHED, **values))


def fail(export: Export, owner: UUID, reason: str) -> None:
    """End it by name of what went wrong; nothing of its file is left."""
    mine = Export.objects.filter(pk=export.pk, lease_owner=owner)
    if mine.update(state=State.FAILED, finished_at=Now(), note=reason, size=0):
        store.remove(export.file_name)
