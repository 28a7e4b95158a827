"""The kinds of push as data (contract 9.2; every field name there is assumed): mending one is a line here."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

from smarthub.decode.reading import read_count, read_text, read_time, read_volume, text_of
from sms.texts import keepable

LONGEST_MESSAGE = 20_000


def read_message(value: Any) -> str | None:
    """What a device wrote is kept whatever it holds: NUL and broken characters are replaced."""
    return text_of(LONGEST_MESSAGE)(keepable(value) if isinstance(value, str) else value)


class Field(NamedTuple):
    """What a value is called by the carrier (the first name that is there wins), and how it is read."""

    names: tuple[str, ...]
    read: Callable[[Any], Any] = read_text
    is_private: bool = False


class Kind(NamedTuple):
    """`needs_read`: a hint at something that reading the SIM shows."""

    slug: str
    label: str
    fields: dict[str, Field]
    needs_read: bool = True


def _names(*names: str, read: Callable[[Any], Any] = read_text, private: bool = False) -> Field:
    return Field(names, read, private)


COMMON: dict[str, Field] = {
    "event_id": _names("eventId", "eventID", "event_id", "notificationId", "id"),
    "event_type": _names("eventType", "type"),
    "event_at": _names("eventTime", "eventDate", "time", "timestamp", read=read_time),
    "rule": _names("ruleName", "rule"),
    "account": _names("accountName", "account"),
    "giccid": _names("giccid", "gIccid", "iccid", "toGiccid", "fromGiccid"),
}

KINDS: MappingProxyType[str, Kind] = MappingProxyType(
    {
        kind.slug: kind
        for kind in (
            Kind(
                "mo-sms",
                "Message from a device",
                {
                    "sms_id": _names("smsMsgId", "smsMessageId", "messageId", "msgId"),
                    "from_giccid": _names("fromGiccid"),
                    "from_msisdn": _names("fromMsisdn", "msisdn", "from", private=True),
                    "content": _names("content", "text", "message", read=read_message, private=True),
                    "encoding": _names("encoding"),
                    "sent_at": _names("receiveTime", "receivedTime", "eventTime", read=read_time),
                },
                needs_read=False,
            ),
            Kind(
                "mt-sms-report",
                "Delivery report",
                {
                    "sms_id": _names("smsMsgId", "smsMessageId", "messageId", "msgId"),
                    "status": _names("status", "smsStatus", "deliveryStatus"),
                    "finished_at": _names("finalTime", "doneTime", "eventTime", read=read_time),
                    "fail_reason": _names("failReason", "reason", "error"),
                },
                needs_read=False,
            ),
            Kind(
                "cycle-usage",
                "Usage of the cycle",
                {
                    "usage_type": _names("usageType"),
                    "threshold": _names("threshold", "thresholdValue", read=read_volume),
                    "usage": _names("currentUsage", "usage", "dataUsage", read=read_volume),
                    "cycle_ends_at": _names("cycleEndTime", read=read_time),
                },
            ),
            Kind(
                "imei-change",
                "IMEI change",
                {
                    "imsi": _names("imsi"),
                    "old": _names("oldImei", "previousImei", "lastImei"),
                    "new": _names("newImei", "imei", "currentImei"),
                },
            ),
            Kind(
                "no-session",
                "No connection",
                {
                    "hours": _names("noSessionHours", "hours", read=read_volume),
                    "last_at": _names("lastSessionTime", "lastConnectionTime", read=read_time),
                },
                needs_read=False,
            ),
            Kind(
                "prepaid-expired",
                "Prepaid plan ends",
                {
                    "package": _names("servicePackageName", "packageName", "servicePackage"),
                    "ends_at": _names("endTime", "expireTime", "expiryTime", read=read_time),
                    "days": _names("remainingDays", "daysLeft", read=read_count),
                },
            ),
            Kind(
                "prepaid-traffic",
                "Prepaid traffic",
                {
                    "package": _names("servicePackageName", "packageName", "servicePackage"),
                    "volume": _names("dataVolume", "volume", read=read_volume),
                    "usage": _names("dataUsage", "currentUsage", "usage", read=read_volume),
                    "percent": _names("thresholdPercent", "percent", read=read_volume),
                },
            ),
            Kind(
                "sim-status",
                "SIM status",
                {
                    "old": _names("oldStatus", "previousStatus"),
                    "new": _names("newStatus", "status", "currentStatus"),
                    "reason": _names("reason"),
                },
            ),
            Kind(
                "apn-status",
                "APN status",
                {
                    "apn": _names("apnName", "apn"),
                    "old": _names("oldApnStatus", "oldStatus"),
                    "new": _names("newApnStatus", "apnStatus", "status"),
                },
            ),
        )
    }
)


def label_of(slug: str) -> str:
    """The kind in words; a kind that the table does not know by its own name."""
    kind = KINDS.get(slug)
    return kind.label if kind else slug
