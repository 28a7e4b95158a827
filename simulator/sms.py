"""M1 and M2: messages to SIMs; M3 where a test lets a SIM send one."""

from dataclasses import dataclass
from typing import Any

from simulator import lifecycle
from simulator.clock import stamp
from simulator.errors import UnknownId, illegal_status, invalid_field
from simulator.identity import giccid_of, mix
from simulator.query import Request, required_text, text_of
from simulator.reply import Reply, reply
from simulator.seeds import CARRIER_REFUSES_SLOT
from simulator.sim import NO_PACKAGE
from simulator.world import World

RESOURCE = "mtSms"
_VALID_S = 86_400
_KEPT_S = 30 * 86_400
_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_ESCAPED = frozenset("\f^{}\\[~]|€")
_LONGEST_GSM7, _LONGEST_UCS2, _LONGEST_OCTETS = 160, 70, 140
_HEX = frozenset("0123456789abcdefABCDEF")


@dataclass(slots=True)
class Message:
    id: str
    slot: int
    submitted: int
    status: str = "PENDING"
    final: int | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "smsMsgId": self.id,
            "toGiccid": giccid_of(self.slot),
            "status": self.status,
            "submitTime": stamp(self.submitted),
            "finalTime": None if self.final is None else stamp(self.final),
            "failReason": self.reason,
        }


def send(world: World, request: Request) -> Reply:
    body = request.json()
    given = text_of(body, "toGiccid"), text_of(body, "toMsisdn")
    content = required_text(body, RESOURCE, "content")
    check_content(content, text_of(body, "encoding") or "TEXT")
    slot = _receiver(world, *given)
    _require_sms(world, slot)
    message = Message(_next_id(world, "sms"), slot, world.clock.second())
    world.messages[message.id] = message
    world.recorder.change(giccid_of(slot), "sms")
    submitted = {key: message.as_json()[key] for key in ("smsMsgId", "toGiccid", "status", "submitTime")}
    world.clock.call_at(message.submitted + _VALID_S, lambda: _finish(world, message, "FAILED", "expired"))
    world.clock.after(world.knobs.sms_delay, lambda: _deliver(world, message))
    return reply(submitted)


def status(world: World, request: Request) -> Reply:
    message = world.messages.get(request.segments[1])
    if message is None or world.clock.now() - message.submitted > _KEPT_S:
        raise UnknownId(RESOURCE, "smsMsgId")
    return reply(message.as_json())


def receive(world: World, slot: int, content: str, encoding: str = "TEXT") -> str:
    """A SIM sends a message: push M3."""
    sim = world.fleet.touch(slot)
    sim.sms += 1
    world.fleet.changed(sim)
    message_id = _next_id(world, "mo")
    world.pushes.mo_sms(sim, message_id, content, encoding)
    return message_id


def check_content(content: str, encoding: str) -> None:
    """One message, no concatenation: 160 GSM-7 characters, 70 others, or 140 octets in hex."""
    if encoding not in ("TEXT", "HEX"):
        raise invalid_field(RESOURCE, "encoding")
    if encoding == "HEX":
        is_good = len(content) % 2 == 0 and len(content) <= 2 * _LONGEST_OCTETS and set(content) <= _HEX
    elif set(content) <= _GSM7 | _GSM7_ESCAPED:
        is_good = len(content) + sum(letter in _GSM7_ESCAPED for letter in content) <= _LONGEST_GSM7
    else:
        is_good = len(content.encode("utf-16-le", "surrogatepass")) // 2 <= _LONGEST_UCS2
    if not is_good:
        raise invalid_field(RESOURCE, "content")


def _receiver(world: World, giccid: str | None, msisdn: str | None) -> int:
    if giccid and msisdn:
        raise invalid_field(RESOURCE, "toMsisdn")
    if not giccid and not msisdn:
        raise invalid_field(RESOURCE, "toGiccid", "missing_field")
    slot = world.fleet.slot(giccid) if giccid else world.fleet.slot_by_msisdn(msisdn or "")
    if slot is None:
        raise invalid_field(RESOURCE, "toGiccid" if giccid else "toMsisdn", "missing")
    return slot


def _require_sms(world: World, slot: int) -> None:
    """The SIM at which everything fails takes the message and fails later, as the contract's seed table says."""
    if world.fleet.status[slot] not in lifecycle.SMS_FROM:
        raise illegal_status("receive a message")
    package = world.fleet.package[slot]
    has_sms = package != NO_PACKAGE and world.catalogue.packages[package].sms != 0
    if not has_sms and slot != CARRIER_REFUSES_SLOT:
        raise invalid_field("globalSim", "servicePackageName", "sms_not_supported")


def _next_id(world: World, prefix: str) -> str:
    world.sms_count += 1
    return f"{prefix}-{mix(world.sms_count, world.options.seed) & 0xFFFFFFFF:08x}"


def _deliver(world: World, message: Message) -> None:
    """A SIM that cannot be reached by now leaves the message pending until it expires."""
    if message.slot == CARRIER_REFUSES_SLOT:
        _finish(world, message, "FAILED", "rejected")
    elif world.fleet.has(message.slot) and world.fleet.status[message.slot] in lifecycle.SMS_FROM:
        sim = world.fleet.touch(message.slot)
        if message.status == "PENDING":
            sim.sms += 1
        world.fleet.changed(sim)
        _finish(world, message, "DELIVERED", None)


def _finish(world: World, message: Message, status: str, reason: str | None) -> None:
    if message.status != "PENDING":
        return
    message.status, message.reason, message.final = status, reason, world.clock.second()
    if world.fleet.has(message.slot):
        world.pushes.mt_sms_report(world.fleet.look(message.slot), message.as_json())
