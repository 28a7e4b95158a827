"""Reading a SIM: quickly where it is what we expect, field by field where it is not."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache

import msgspec

from smarthub.decode import sim_names
from smarthub.decode.parsing import parse_lenient
from smarthub.decode.reading import (
    LEAST_VOLUME,
    MAX_COUNT,
    MAX_TEXT,
    MAX_VOLUME,
    build,
    to_thousandths,
    utc_time,
)
from smarthub.decode.sim_table import MAX_IDENTIFIER, MAX_STATUS, SIM
from smarthub.errors import RecordError
from smarthub.identifiers import is_giccid
from smarthub.models.sims import Apn, ApnUsage, BasicPackage, Device, Sim


class _Odd(Exception):
    """Not for the quick way."""


class _Usages(msgspec.Struct, rename=sim_names.USAGES, gc=False):
    data_usage_mb: Decimal | None = None
    sms_usage: int | None = None
    voice_usage_min: int | None = None


class _ApnUsage(msgspec.Struct, rename=sim_names.APN_USAGE, gc=False):
    apn: str
    data_usage_mb: Decimal


class _Package(msgspec.Struct, rename=sim_names.PACKAGE, gc=False):
    name: str
    started_at: str | None = None
    ends_at: str | None = None


class _Apn(msgspec.Struct, rename=sim_names.APN, gc=False):
    name: str
    status: str


class _Device(msgspec.Struct, rename=sim_names.DEVICE, gc=False):
    imei: str | None = None
    imsi: str | None = None
    msisdn: str | None = None


class _Sim(msgspec.Struct, rename=sim_names.SIM, gc=False):
    giccid: str
    status: str
    sold_at: str | None = None
    activated_at: str | None = None
    usages: _Usages | None = None
    apn_usages: list[_ApnUsage] | None = None
    package: _Package | None = None
    apns: list[_Apn] | None = None
    devices: list[_Device] | None = None


_decode = msgspec.json.Decoder(_Sim).decode


def decode_sim(raw: bytes) -> Sim:
    """The SIM in one JSON object of the carrier (S1, S2).

    Unknown fields are ignored, optional ones may be null, absent or blank, numbers may be texts and identifiers
    numbers. Raises RecordError (giccid, field, reason) and nothing else, whatever the bytes are.
    """
    try:
        return _quick(raw)
    except (_Odd, msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
        return _tolerant(raw)


def _tolerant(raw: bytes) -> Sim:
    try:
        record = parse_lenient(raw)
    except ValueError:
        raise RecordError(None, "", "The record is not readable JSON.") from None
    sim: Sim = build(SIM, record)
    return msgspec.structs.replace(sim, devices=tuple(device for device in sim.devices if device != Device()))


def _quick(raw: bytes) -> Sim:
    if b"\\u0000" in raw:
        raise _Odd
    wire = _decode(raw)
    if not is_giccid(wire.giccid) or not 0 < len(wire.status) <= MAX_STATUS:
        raise _Odd
    usages = wire.usages
    return Sim(
        wire.giccid,
        wire.status,
        utc_time(wire.sold_at) if wire.sold_at else None,
        utc_time(wire.activated_at) if wire.activated_at else None,
        _volume(usages.data_usage_mb) if usages else None,
        _count(usages.sms_usage) if usages else None,
        _count(usages.voice_usage_min) if usages else None,
        tuple([_apn_usage(item) for item in wire.apn_usages]) if wire.apn_usages else (),
        _package(wire.package) if wire.package else None,
        tuple([_apn(item) for item in wire.apns]) if wire.apns else (),
        tuple([_device(item) for item in wire.devices]) if wire.devices else (),
    )


def _volume(number: Decimal | None) -> Decimal | None:
    if number is None:
        return None
    if not LEAST_VOLUME < number < MAX_VOLUME:
        raise _Odd
    return to_thousandths(number)


def _count(number: int | None) -> int | None:
    if number is not None and not -MAX_COUNT <= number <= MAX_COUNT:
        raise _Odd
    return number


def _name(text: str) -> str:
    if not 0 < len(text) <= MAX_TEXT:
        raise _Odd
    return text


def _time(text: str | None) -> datetime | None:
    return _begin_or_end(text) if text else None


# Cycles begin and end for many SIMs at one time.
_begin_or_end = lru_cache(maxsize=1024)(utc_time)


def _package(wire: _Package) -> BasicPackage:
    return BasicPackage(_name(wire.name), _time(wire.started_at), _time(wire.ends_at))


def _apn_usage(wire: _ApnUsage) -> ApnUsage:
    volume = wire.data_usage_mb
    if not LEAST_VOLUME < volume < MAX_VOLUME:
        raise _Odd
    return ApnUsage(_name(wire.apn), to_thousandths(volume))


def _apn(wire: _Apn) -> Apn:
    if not 0 < len(wire.status) <= MAX_STATUS:
        raise _Odd
    return Apn(_name(wire.name), wire.status)


def _device(wire: _Device) -> Device:
    for text in (wire.imei, wire.imsi, wire.msisdn):
        if text is not None and not 0 < len(text) <= MAX_IDENTIFIER:
            raise _Odd
    if wire.imei is None and wire.imsi is None and wire.msisdn is None:
        raise _Odd
    return Device(wire.imei, wire.imsi, wire.msisdn)
