"""Pushes about messages go to the messages; each answers what it led to."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from notifications.models import Push
from notifications.pushes.payload import CannotRead
from sms.intake import receive_mo, receive_report


def _mo(push: Push, values: dict[str, Any]) -> str:
    if not (values["giccid"] or values["from_msisdn"]):
        raise CannotRead("It names neither a SIM nor a phone number.")
    # Without a number of the message's own, the push that brought it is the number.
    receive_mo(
        giccid=values["giccid"],
        sms_id=values["sms_id"] or f"push:{push.label}",
        from_giccid=values["from_giccid"],
        from_msisdn=values["from_msisdn"],
        content=values["content"],
        encoding=values["encoding"],
        received_at=values["sent_at"],
        push_id=push.delivery_id,
    )
    return "SMS received"


def _report(push: Push, values: dict[str, Any]) -> str:
    if not values["sms_id"]:
        raise CannotRead("It names no message: none of smsMsgId, smsMessageId, messageId and msgId is there.")
    message_id = receive_report(
        sms_id=values["sms_id"],
        giccid=values["giccid"],
        status=values["status"],
        finished_at=values["finished_at"],
        fail_reason=values["fail_reason"],
        push_id=push.delivery_id,
    )
    status = (values["status"] or "no status").capitalize()
    return f"Message {status.lower()}" if message_id else f"{status}; no message of ours is known by this number yet"


MESSAGES: MappingProxyType[str, Callable[[Push, dict[str, Any]], str]] = MappingProxyType(
    {"mo-sms": _mo, "mt-sms-report": _report}
)
