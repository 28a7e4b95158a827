"""How each field of a SIM is read, one row each."""

from __future__ import annotations

from smarthub.decode import sim_names
from smarthub.decode.reading import (
    Field,
    Many,
    One,
    Shape,
    Unreadable,
    read_count,
    read_text,
    read_time,
    read_volume,
    text_of,
)
from smarthub.identifiers import is_giccid
from smarthub.models.sims import Apn, ApnUsage, BasicPackage, Device, Sim

MAX_IDENTIFIER = 64
MAX_STATUS = 64

read_identifier = text_of(MAX_IDENTIFIER)
read_status = text_of(MAX_STATUS)


def read_giccid(value: object) -> str | None:
    """A text of 1 to 32 letters and digits; its check digit is not looked at."""
    text = read_text(value)
    if text is not None and not is_giccid(text):
        raise Unreadable("1 to 32 letters and digits")
    return text


def _row(names: sim_names.Names, name: str, label: str, read: object, **more: object) -> Field:
    return Field(name, names[name], label, read, **more)  # type: ignore[arg-type]


DEVICE = Shape(
    Device,
    (
        _row(sim_names.DEVICE, "imei", "IMEI", read_identifier, is_private=True),
        _row(sim_names.DEVICE, "imsi", "IMSI", read_identifier, is_private=True),
        _row(sim_names.DEVICE, "msisdn", "MSISDN", read_identifier, is_private=True),
    ),
)
APN = Shape(
    Apn,
    (
        _row(sim_names.APN, "name", "APN name", read_text, is_required=True),
        _row(sim_names.APN, "status", "APN status", read_status, default=""),
    ),
    skips_partial=True,
)
APN_USAGE = Shape(
    ApnUsage,
    (
        _row(sim_names.APN_USAGE, "apn", "APN of a usage", read_text, is_required=True),
        _row(sim_names.APN_USAGE, "data_usage_mb", "Data usage of an APN", read_volume, is_required=True),
    ),
    skips_partial=True,
)
PACKAGE = Shape(
    BasicPackage,
    (
        _row(sim_names.PACKAGE, "name", "Package name", read_text, is_required=True),
        _row(sim_names.PACKAGE, "started_at", "Start of the package", read_time),
        _row(sim_names.PACKAGE, "ends_at", "End of the package", read_time),
    ),
    skips_partial=True,
)


def _usage(name: str, label: str, read: object) -> Field:
    return Field(name, f"{sim_names.SIM['usages']}.{sim_names.USAGES[name]}", label, read)  # type: ignore[arg-type]


SIM = Shape(
    Sim,
    (
        _row(sim_names.SIM, "giccid", "ICCID", read_giccid, is_required=True),
        _row(sim_names.SIM, "status", "Status", read_status, is_required=True),
        _row(sim_names.SIM, "sold_at", "Time of sale", read_time),
        _row(sim_names.SIM, "activated_at", "Time of activation", read_time),
        _usage("data_usage_mb", "Data usage", read_volume),
        _usage("sms_usage", "SMS usage", read_count),
        _usage("voice_usage_min", "Voice usage", read_count),
        _row(sim_names.SIM, "apn_usages", "Usage by APN", Many(APN_USAGE), default=()),
        _row(sim_names.SIM, "package", "Basic package", One(PACKAGE)),
        _row(sim_names.SIM, "apns", "APN list", Many(APN), default=()),
        _row(sim_names.SIM, "devices", "Device list", Many(DEVICE), default=()),
    ),
)
