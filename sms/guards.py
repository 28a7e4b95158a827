"""How many messages leave within an hour: by one person, and to one SIM."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from sims.models import Sim
from sms.models import Message
from users.models import User

HOUR = timedelta(hours=1)
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))"


def lock(user: User, sim: Sim) -> None:
    """Until the transaction ends nobody else counts for this person or this SIM (always in this order)."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [f"user {user.pk}"])
        cursor.execute(LOCK, [f"sim {sim.pk}"])


def left_for_user(user: User) -> int:
    """Single messages that this person may still send."""
    return max(0, settings.SMS_PER_USER_HOUR - _sent_by(user, is_bulk=False))


def left_to_many(user: User) -> int:
    """Messages to many that this person may still send: a limit of their own, for they have a dry run."""
    return max(0, settings.SMS_TO_MANY_PER_USER_HOUR - _sent_by(user, is_bulk=True))


def _sent_by(user: User, *, is_bulk: bool) -> int:
    sent = Message.objects.filter(user=user, direction=Message.Direction.MT, created_at__gt=timezone.now() - HOUR)
    return sent.filter(is_bulk=is_bulk).count()


def left_for_sim(giccid: str) -> int:
    """Messages that may still go to this SIM, whoever sends them."""
    return left_of_hour(sent_to([giccid]).get(giccid, 0))


def left_of_hour(sent: int) -> int:
    """Messages that may still go to a SIM that was sent so many within the hour."""
    return max(0, settings.SMS_PER_SIM_HOUR - sent)


def why_not_many(user: User, number: int) -> str:
    """Why this person cannot send so many messages now, "" where they can."""
    left = left_to_many(user)
    if number <= left:
        return ""
    most = f"{settings.SMS_TO_MANY_PER_USER_HOUR:,} messages to many within an hour (SMS_TO_MANY_PER_USER_HOUR)"
    return f"One person sends at most {most}. {left:,} are left, and this would make {number:,}. Nothing was sent."


def sent_to(giccids: Iterable[str]) -> dict[str, int]:
    """Messages to these SIMs within the hour, by ICCID; none is left out."""
    sent = Message.objects.filter(
        giccid__in=list(giccids), direction=Message.Direction.MT, at__gt=timezone.now() - HOUR
    )
    return dict(sent.order_by().values_list("giccid").annotate(Count("id")))


def why_not(user: User, sim: Sim) -> str:
    """Why another message would be one too many, "" where it would not."""
    if not left_for_user(user):
        most = settings.SMS_PER_USER_HOUR
        return f"You have sent {most} messages within an hour, and no more are taken (SMS_PER_USER_HOUR). Try later."
    if not left_for_sim(sim.giccid):
        most = settings.SMS_PER_SIM_HOUR
        return f"This SIM was sent {most} messages within an hour, and takes no more (SMS_PER_SIM_HOUR). Try later."
    return ""
