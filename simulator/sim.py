"""One SIM as the carrier knows it, and how its usage grows."""

from dataclasses import dataclass

from simulator.catalogue import Package

STATUSES = ("TEST_READY", "ACTIVATE_READY", "INVENTORY", "ACTIVATED", "DEACTIVATED", "RETIRED")
TEST_READY, ACTIVATE_READY, INVENTORY, ACTIVATED, DEACTIVATED, RETIRED = range(6)
NO_PACKAGE = 255
SMS_INTERVAL = 86_400
YEAR_S = 365 * 86_400


@dataclass(slots=True)
class Device:
    imei: str | None
    imsi: str | None
    msisdn: str | None


@dataclass(slots=True)
class Plan:
    """The basic package's term. A renewing one follows the billing cycles and has no end of its own."""

    start: int | None
    end: int | None
    renews: bool = False


@dataclass(slots=True)
class Sim:
    """Volumes are whole thousandths of a MB, so that sums over the fleet are exact.

    `used` (per APN), `sms` and `voice` are what was counted in the cycle that starts at `cycle`; on top comes
    steady growth since `since`, as long as the SIM is active.
    """

    slot: int
    giccid: str
    account: int
    status: int
    package: int
    devices: list[Device]
    sold_at: int | None
    activated_at: int | None
    plan: Plan
    apns: list[str]
    open_apns: int
    rate: int
    interval: int
    sms_rate: int
    countries: tuple[str, ...]
    used: list[int]
    sms: int = 0
    voice: int = 0
    cycle: int = 0
    since: int = 0
    last_session: int | None = None
    is_odd: bool = False

    def grown(self, start: int, end: float) -> int:
        """Steady data use between two moments."""
        if self.status != ACTIVATED or end <= start or not self.rate:
            return 0
        return self.rate * (int(end) // self.interval - start // self.interval)

    def data_used(self, now: float, cycle: int) -> int:
        if cycle != self.cycle:
            return self.grown(max(cycle, self.since), now)
        return sum(self.used) + self.grown(max(cycle, self.since), now)

    def apn_used(self, now: float, cycle: int) -> list[int]:
        """Data per APN; the first takes seven eighths of the steady growth."""
        grown = self.grown(max(cycle, self.since), now)
        parts = list(self.used) if cycle == self.cycle else [0] * len(self.apns)
        if not parts:
            return parts
        side = grown // 8 if len(parts) > 1 else 0
        parts[0] += grown - side
        if side:
            parts[1] += side
        return parts

    def sms_used(self, now: float, cycle: int) -> int:
        counted = self.sms if cycle == self.cycle else 0
        if self.status != ACTIVATED or not self.sms_rate:
            return counted
        start = max(cycle, self.since)
        return counted + max(self.sms_rate * (int(now) // SMS_INTERVAL - start // SMS_INTERVAL), 0)

    def voice_used(self, cycle: int) -> int:
        return self.voice if cycle == self.cycle else 0

    def settle(self, now: float, cycle: int) -> None:
        """Count the growth up to now, before the status or the figures change."""
        self.used, self.sms, self.voice = (
            self.apn_used(now, cycle),
            self.sms_used(now, cycle),
            self.voice_used(cycle),
        )
        self.cycle, self.since = cycle, int(now)

    def plan_bounds(self, now: float, cycle: tuple[int, int], package: Package) -> tuple[int | None, int | None]:
        """Start and end of the basic package's present term."""
        plan = self.plan
        if not plan.renews or not package.is_prepaid or plan.start is None:
            return plan.start, plan.end
        if package.unit != "YEAR":
            return cycle
        start = plan.start + (int(now) - plan.start) // YEAR_S * YEAR_S
        return start, start + YEAR_S

    def moves_at(self, now: float, cycle_end: int) -> float:
        """The moment until which the record looks as it does now."""
        moves = float(cycle_end)
        if self.plan.renews and self.plan.start is not None:
            moves = min(moves, self.plan.start + ((int(now) - self.plan.start) // YEAR_S + 1) * YEAR_S)
        if self.status == ACTIVATED and self.rate:
            moves = min(moves, (int(now) // self.interval + 1) * self.interval)
        if self.status == ACTIVATED and self.sms_rate:
            moves = min(moves, (int(now) // SMS_INTERVAL + 1) * SMS_INTERVAL)
        return moves
