"""What became of a message, as a person would say it."""

from __future__ import annotations

from types import MappingProxyType

from sms import outcomes, polling
from sms.models import Message
from toolkit.figures import span
from toolkit.states import state_of

S = Message.State
# Why a message failed, after "Failed: ": the carrier's words (all but the first few assumed), and ours.
REASONS: MappingProxyType[str, str] = MappingProxyType(
    {
        "illegal_status": "the carrier does not take messages for a SIM of this status",
        "sms_not_supported": "the SIM’s package has no SMS",
        "missing": "the carrier does not know this SIM",
        "invalid": "the carrier did not accept the text",
        "missing_field": "the carrier did not accept the request",
        "expired": "the device was not reached within 24 h",
        "rejected": "the device or its network refused it",
        "absent_subscriber": "the device was off",
        "subscriber_absent": "the device was off",
        "unreachable": "the device was not reached",
        "memory_full": "the device’s memory is full",
        "barred": "the SIM is barred from SMS",
        "network_failure": "the network failed",
        "key_refused": "the carrier refused the portal’s key",
        "no_right": "the portal’s key has no right to send SMS",
        "too_many_requests": "the carrier took no more requests",
        "no_carrier": "no carrier is set up",
        "refused": "the carrier refused it",
        outcomes.NOT_REACHED: "the carrier could not be reached, so it never left",
        outcomes.NO_REPLY: "no reply came",
        outcomes.CLOSED: "closed by hand as not sent",
        polling.NO_REPORT_IN_TIME: "nothing was heard of it within 24 h",
        polling.GONE: "the carrier does not know it any more",
    }
)


def reason_words(reason: str) -> str:
    """The reason in words; one that is not in the table as the carrier wrote it."""
    return REASONS.get(reason.strip().lower(), f"the carrier says “{reason}”") if reason else ""


def state_words(message: Message) -> str:
    """The state in a line: "Delivered after 4 s", "Failed: the device was off"."""
    label = state_of("message", message.state).label
    if message.state == S.DELIVERED:
        return f"{label}{_after(message)}"
    if message.state == S.FAILED and message.reason:
        return f"{label}: {reason_words(message.reason)}"
    if message.state == S.EXPIRED:
        return f"{label}: {reason_words(message.reason or 'expired')}"
    if message.state == S.ACCEPTED:
        return "Accepted, delivery not reported yet"
    if message.state == S.QUEUED and message.tries:
        return "Queued: the carrier could not be reached; it is tried again"
    return label


def _after(message: Message) -> str:
    """By the carrier's clock where it fits between ours; else by when we learned it."""
    if message.sent_at is None or message.settled_at is None:
        return ""
    at = message.finished_at or message.settled_at
    then = at if message.sent_at <= at <= message.settled_at else message.settled_at
    return f" after {span(then - message.sent_at)}"
