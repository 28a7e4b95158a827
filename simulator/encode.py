"""SIM records as JSON bytes, put together by hand: the list must serve tens of thousands of them a second."""

from functools import lru_cache

import msgspec

from simulator.catalogue import Package
from simulator.clock import stamp
from simulator.sim import NO_PACKAGE, STATUSES, Device, Sim

_NO_PLAN = '"currentBasicServicePackage":null'


@lru_cache(maxsize=4096)
def quoted(text: str | None) -> str:
    return msgspec.json.encode(text).decode()


def time_text(second: int | None) -> str:
    return "null" if second is None else f'"{stamp(second)}"'


def encode_sim(sim: Sim, packages: list[Package], now: float, cycle: tuple[int, int]) -> bytes:
    """The record of contract 3.1."""
    start = cycle[0]
    apn_used = sim.apn_used(now, start)
    devices = ",".join([_device(device) for device in sim.devices])
    usages = ",".join(
        [f'{{"apn":{quoted(apn)},"dataUsage":{mb(used)}}}' for apn, used in zip(sim.apns, apn_used, strict=True)]
    )
    apns = ",".join([_apn(apn, sim.open_apns >> place & 1) for place, apn in enumerate(sim.apns)])
    return (
        f'{{"giccid":"{sim.giccid}","deviceInfo":[{devices}],"status":"{STATUSES[sim.status]}",'
        f'"sellTime":{time_text(sim.sold_at)},"activatedTime":{time_text(sim.activated_at)},'
        f'"currentCycleUsages":{{"dataUsage":{mb(sum(apn_used))},"smsUsage":{sim.sms_used(now, start)},'
        f'"voiceUsage":{sim.voice_used(start)}}},"currentCycleAPNUsagesList":[{usages}],'
        f'{_plan(sim, packages, now, cycle)},"apnList":[{apns}]}}'
    ).encode()


def mb(thousandths: int) -> str:
    """A volume as a JSON number of MB with at most three places."""
    return str(thousandths / 1000)


def _device(device: Device) -> str:
    return f'{{"imei":{quoted_id(device.imei)},"imsi":{quoted_id(device.imsi)},"msisdn":{quoted_id(device.msisdn)}}}'


def quoted_id(value: str | None) -> str:
    return "null" if value is None else f'"{value}"'


@lru_cache(maxsize=256)
def _apn(name: str, is_open: int) -> str:
    return f'{{"apnName":{quoted(name)},"apnStatus":"{"OPEN" if is_open else "CLOSED"}"}}'


def _plan(sim: Sim, packages: list[Package], now: float, cycle: tuple[int, int]) -> str:
    if sim.package == NO_PACKAGE:
        return _NO_PLAN
    package = packages[sim.package]
    start, end = sim.plan_bounds(now, cycle, package)
    return (
        f'"currentBasicServicePackage":{{"name":{quoted(package.name)},'
        f'"startTime":{time_text(start)},"endTime":{time_text(end)}}}'
    )
