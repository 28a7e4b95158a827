"""Reading some SIMs again now, as many as a person can point at: a page, a selection, a working set."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from sims.models import SimQuerySet, SyncRun
from sims.sync import runs
from toolkit.figures import count, plural
from users.models import User

MOST = 10_000
# Two clicks on one button are one wish.
ONE_CLICK = timedelta(seconds=10)
ASKING = 0x51C2


class CannotVerify(Exception):
    """Why not, for the person who asked."""


def verify(sims: SimQuerySet, user: User) -> SyncRun:
    """A run that reads these SIMs by ICCID, 100 a request; the same one for the same wish within seconds.

    Raises CannotVerify when there are none, or more than `MOST`.
    """
    giccids = sorted(sims.order_by().values_list("giccid", flat=True)[: MOST + 1])
    if not giccids:
        raise CannotVerify("No SIM was chosen, so nothing was read.")
    if len(giccids) > MOST:
        raise CannotVerify(
            f"At most {count(MOST)} SIMs are read again at once, and these are more. "
            "Narrow the list, or let Sync read the whole fleet."
        )
    with transaction.atomic():
        _one_at_a_time(user)
        return _same(giccids, user) or runs.request_named(giccids, trigger=SyncRun.Trigger.PERSON, user=user)


def _one_at_a_time(user: User) -> None:
    assert user.pk is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ASKING, user.pk % 2**31])


def _same(giccids: list[str], user: User) -> SyncRun | None:
    is_recent = Q(state__in=SyncRun.OPEN) | Q(created_at__gt=Now() - ONE_CLICK)
    mine = SyncRun.objects.filter(is_recent, kind=SyncRun.Kind.NAMED, requested_by=user)
    return mine.filter(giccids=giccids).order_by("-id").first()


def words_for(run: SyncRun) -> str:
    """What came of it."""
    if run.state == SyncRun.State.FAILED:
        return f"{plural(run.read, 'SIM', 'SIMs')} read, then it stopped."
    if run.is_open:
        return ""
    unseen = len(run.giccids) - run.read
    said = [f"{plural(run.read, 'SIM', 'SIMs')} read just now"]
    differs = run.changed + run.moved
    said.append(f"{count(differs)} had changed" if differs else "all as they stood here before")
    if unseen > 0:
        said.append(f"{plural(unseen, 'is', 'are')} not shown by the carrier")
    return f"{', '.join(said)}."
