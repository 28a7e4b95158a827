"""The payloads of the nine pushes (contract 9.2)."""

from typing import Any

from simulator.catalogue import Catalogue
from simulator.clock import Clock, Cycles, stamp
from simulator.courier import Courier
from simulator.sim import NO_PACKAGE, Plan, Sim

EVENT_TYPES = {
    "mo-sms": "MO_SMS",
    "mt-sms-report": "MT_SMS_STATUS_REPORT",
    "cycle-usage": "CYCLE_USAGE_TRACKING",
    "imei-change": "IMEI_CHANGE",
    "no-session": "NO_SESSION_CONNECTION",
    "prepaid-expired": "PREPAID_SERVICE_PACKAGE_EXPIRED",
    "prepaid-traffic": "PREPAID_SERVICE_PACKAGE_TRAFFIC_TRACKING",
    "sim-status": "SIM_STATUS_CHANGE",
    "apn-status": "SIM_APN_STATUS_CHANGE",
}


class Pushes:
    """One method per push; each gives the event an id and hands it to the courier."""

    def __init__(self, clock: Clock, cycles: Cycles, catalogue: Catalogue, courier: Courier) -> None:
        self._clock, self._cycles = clock, cycles
        self._catalogue, self._courier = catalogue, courier
        self._events = 0

    def mo_sms(self, sim: Sim, message_id: str, content: str, encoding: str) -> None:
        self._send(
            "mo-sms",
            sim,
            smsMsgId=message_id,
            fromGiccid=sim.giccid,
            fromMsisdn=sim.devices[0].msisdn if sim.devices else None,
            content=content,
            encoding=encoding,
            receiveTime=stamp(self._clock.second()),
        )

    def mt_sms_report(self, sim: Sim, message: dict[str, Any]) -> None:
        fields = {name: value for name, value in message.items() if name != "submitTime"}
        self._send("mt-sms-report", sim, **fields)

    def cycle_usage(self, sim: Sim, rule: str, kind: str, threshold: float, usage: float) -> None:
        start, end = self._cycles.bounds(self._clock.now())
        self._send(
            "cycle-usage",
            sim,
            ruleName=rule,
            usageType=kind,
            threshold=threshold,
            currentUsage=usage,
            cycleStartTime=stamp(start),
            cycleEndTime=stamp(end),
        )

    def imei_change(self, sim: Sim, imsi: str | None, old: str | None, new: str) -> None:
        self._send("imei-change", sim, imsi=imsi, oldImei=old, newImei=new)

    def no_session(self, sim: Sim, hours: int) -> None:
        last = None if sim.last_session is None else stamp(sim.last_session)
        self._send("no-session", sim, ruleName=f"silent {hours} h", noSessionHours=hours, lastSessionTime=last)

    def prepaid_expired(self, sim: Sim, plan: Plan, days: int) -> None:
        self._send(
            "prepaid-expired",
            sim,
            ruleName=f"{days} days before" if days else "expired",
            servicePackageName=self._package(sim),
            startTime=None if plan.start is None else stamp(plan.start),
            endTime=None if plan.end is None else stamp(plan.end),
            remainingDays=days,
        )

    def prepaid_traffic(self, sim: Sim, percent: int, volume_mb: float, usage: float) -> None:
        self._send(
            "prepaid-traffic",
            sim,
            ruleName=f"{percent} percent",
            servicePackageName=self._package(sim),
            dataVolume=volume_mb,
            dataUsage=usage,
            thresholdPercent=percent,
        )

    def sim_status(self, sim: Sim, old: str, new: str, reason: str) -> None:
        self._send("sim-status", sim, oldStatus=old, newStatus=new, reason=reason)

    def apn_status(self, sim: Sim, apn: str, old: str, new: str) -> None:
        self._send("apn-status", sim, apnName=apn, oldApnStatus=old, newApnStatus=new)

    def custom(self, slug: str, sim: Sim, fields: dict[str, Any]) -> None:
        """An event of any kind, with the fields a test gives it."""
        self._send(slug, sim, **fields)

    def _package(self, sim: Sim) -> str | None:
        return None if sim.package == NO_PACKAGE else self._catalogue.packages[sim.package].name

    def _send(self, slug: str, sim: Sim, **fields: Any) -> None:
        self._events += 1
        common = {
            "eventId": f"evt-{self._events:06d}",
            "eventType": EVENT_TYPES[slug],
            "eventTime": stamp(self._clock.second()),
            "accountName": self._catalogue.accounts[sim.account].name,
            "giccid": sim.giccid,
        }
        self._courier.send(slug, {**common, **fields})
