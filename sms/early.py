"""Reports that came before the reply they belong to, and how they find their message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sms import delivery, story
from sms.models import EarlyReport, Message

S = Message.State
# The carrier's clock against ours, when a report without a known number is put beside a message that left.
CLOCKS_APART = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Report:
    """One delivery report, as pushed."""

    sms_id: str
    giccid: str
    status: str
    finished_at: datetime | None
    fail_reason: str
    push_id: int | None


def message_of(report: Report) -> Message | None:
    """The message it speaks of, locked: by its number, else the one message to this SIM whose reply was lost."""
    sent = Message.objects.select_for_update(of=("self",)).filter(direction=Message.Direction.MT)
    found = sent.filter(sms_id=report.sms_id).first()
    return found or _without_number(report)


def _without_number(report: Report) -> Message | None:
    if not report.giccid:
        return None
    to_sim = Message.objects.select_for_update(of=("self",)).filter(
        giccid=report.giccid, direction=Message.Direction.MT, sms_id="", state__in=[S.SENDING, S.UNKNOWN]
    )
    candidates = list(to_sim[:2])
    if len(candidates) != 1 or candidates[0].state != S.UNKNOWN:
        return None
    return candidates[0] if _can_be(candidates[0], report.finished_at) else None


def _can_be(message: Message, finished_at: datetime | None) -> bool:
    return message.sent_at is not None and (finished_at is None or finished_at >= message.sent_at - CLOCKS_APART)


def settle(message: Message, report: Report) -> None:
    """What the report says stands at its message, which has its number from now on."""
    state = delivery.state_for(report.status, report.fail_reason)
    if state is None:
        return
    message.sms_id = report.sms_id
    delivery.apply(
        message,
        state=state,
        finished_at=report.finished_at,
        reason=report.fail_reason,
        cause=story.pushed(report.push_id),
        is_report=True,
    )


def keep(report: Report) -> None:
    """Until its message is known; of several about one number the one that says most."""
    row = EarlyReport.objects.filter(sms_id=report.sms_id).first() or EarlyReport(sms_id=report.sms_id)
    if row.pk and _rank(report.status, report.fail_reason) <= _rank(row.status, row.fail_reason):
        return
    row.giccid, row.status, row.fail_reason = report.giccid, report.status, report.fail_reason
    row.finished_at, row.push_id = report.finished_at, report.push_id
    row.save()


def take_for(message: Message) -> bool:
    """Settle a message (locked, its number locked too) by a report that came before its number did."""
    row = EarlyReport.objects.filter(sms_id=message.sms_id).first()
    if row is None:
        return False
    settle(message, _as_report(row))
    row.delete()
    return True


def look_for(message: Message) -> bool:
    """Settle a message without a number (locked) by the one kept report of its SIM that can be about it."""
    if message.sms_id or not message.sent_at or _has_rival(message):
        return False
    kept = EarlyReport.objects.filter(giccid=message.giccid, received_at__gte=message.sent_at).order_by("id")
    rows = [row for row in kept[:2] if _can_be(message, row.finished_at)]
    if len(rows) != 1:
        return False
    settle(message, _as_report(rows[0]))
    rows[0].delete()
    return True


def _has_rival(message: Message) -> bool:
    rivals = Message.objects.filter(
        giccid=message.giccid, direction=Message.Direction.MT, sms_id="", state__in=[S.SENDING, S.UNKNOWN]
    )
    return rivals.exclude(pk=message.pk).exists()


def _as_report(row: EarlyReport) -> Report:
    return Report(row.sms_id, row.giccid, row.status, row.finished_at, row.fail_reason, row.push_id)


def _rank(status: str, fail_reason: str) -> int:
    state = delivery.state_for(status, fail_reason)
    return delivery.RANK[state] if state else 0
