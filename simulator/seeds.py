"""The ten SIMs of the contract's seed fleet."""

from simulator.clock import parse_stamp
from simulator.identity import SEEDS, giccid_of, imei_of, imsi_of, mix, msisdn_of
from simulator.sim import (
    ACTIVATE_READY,
    ACTIVATED,
    DEACTIVATED,
    INVENTORY,
    NO_PACKAGE,
    RETIRED,
    TEST_READY,
    Device,
    Plan,
    Sim,
)

_SOLD = parse_stamp("2025-01-15T08:00:00+0000")
_ACTIVATED = parse_stamp("2025-02-01T09:30:00+0000")
_ENDED = (parse_stamp("2025-02-01T09:30:00+0000"), parse_stamp("2025-05-01T00:00:00+0000"))
_HEALTHY_IMEI = "356938035643809"
# status, package, data used per APN in thousandths of a MB, SMS used
_ROWS = (
    (TEST_READY, 0, (1_500, 0), 0),
    (ACTIVATE_READY, 0, (0, 0), 0),
    (INVENTORY, NO_PACKAGE, (0, 0), 0),
    (ACTIVATED, 1, (40_000, 1_250), 3),
    (ACTIVATED, 1, (79_900, 0), 1),
    (ACTIVATED, 3, (18_233, 500), 0),
    (DEACTIVATED, 0, (2_048, 0), 2),
    (RETIRED, 0, (0, 0), 0),
    (ACTIVATED, 0, (6_125, 0), 4),
    (ACTIVATED, 3, (512, 0), 0),
)
ROW_STATUSES = tuple(row[0] for row in _ROWS)
ROW_PACKAGES = tuple(row[1] for row in _ROWS)
CARRIER_REFUSES_SLOT = SEEDS - 1


def account_of_seed(slot: int) -> int:
    return 1 if slot == CARRIER_REFUSES_SLOT else 0


def seed_sim(slot: int, cycle: int) -> Sim:
    status, package, used, sms = _ROWS[slot]
    has_run = status in (ACTIVATED, DEACTIVATED, RETIRED)
    return Sim(
        slot=slot,
        giccid=giccid_of(slot),
        account=account_of_seed(slot),
        status=status,
        package=package,
        devices=_devices(slot),
        sold_at=_SOLD,
        activated_at=_ACTIVATED if has_run else None,
        plan=_plan(status, has_run),
        apns=["iot.public", "iot.private"],
        open_apns=0 if status in (INVENTORY, RETIRED) else 1,
        rate=0,
        interval=3600,
        sms_rate=0,
        countries=("DE", "CN") if slot == 3 else ("CN",) if slot == 8 else ("DE",),
        used=list(used),
        sms=sms,
        cycle=cycle,
        since=cycle,
    )


def _plan(status: int, has_run: bool) -> Plan:
    if status == RETIRED:
        return Plan(*_ENDED)
    return Plan(_ACTIVATED, None, renews=True) if has_run else Plan(None, None)


def _devices(slot: int) -> list[Device]:
    if slot == 2:
        return []
    imei = _HEALTHY_IMEI if slot == 3 else imei_of(mix(slot, 0))
    devices = [Device(imei, imsi_of(slot), msisdn_of(slot))]
    if slot == 8:
        devices.append(Device(None, imsi_of(slot, 1), msisdn_of(slot, 1)))
    return devices
