"""B1 to B5: batch jobs, carried out later in the background."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator import lifecycle, plans
from simulator.catalogue import Package
from simulator.clock import stamp
from simulator.errors import UnknownId, invalid_field
from simulator.lifecycle import ACTIVATE, RETIRE, SUSPEND, Action
from simulator.query import Request
from simulator.reply import Reply, reply
from simulator.seeds import CARRIER_REFUSES_SLOT
from simulator.world import World

_MOST_ITEMS = 1000
_KEPT_S = 30 * 86_400
Problem = tuple[str, str]
Work = Callable[[int], Problem | None]


@dataclass(slots=True)
class Item:
    giccid: str
    status: str = "PENDING"
    code: str | None = None
    message: str | None = None


@dataclass(slots=True)
class Job:
    id: str
    type: str
    created: int
    items: list[Item]
    status: str = "PENDING"
    finished: int | None = None
    breaks: bool = field(default=False)

    def as_json(self) -> dict[str, Any]:
        states = [item.status for item in self.items]
        return {
            "jobId": self.id,
            "jobType": self.type,
            "status": self.status,
            "totalCount": len(self.items),
            "successCount": states.count("SUCCESS"),
            "failedCount": states.count("FAILED"),
            "createTime": stamp(self.created),
            "finishTime": None if self.finished is None else stamp(self.finished),
            "details": [
                {"giccid": item.giccid, "status": item.status, "code": item.code, "message": item.message}
                for item in self.items
            ],
        }


def batch_activate(world: World, request: Request) -> Reply:
    return _act(world, request, ACTIVATE, "ACTIVATE", ("B1", "batch_activate"))


def batch_suspend(world: World, request: Request) -> Reply:
    return _act(world, request, SUSPEND, "DEACTIVATE", ("B2", "batch_suspend"))


def batch_retire(world: World, request: Request) -> Reply:
    return _act(world, request, RETIRE, "RETIRE", ("B3", "batch_retire"))


def batch_change_basic(world: World, request: Request) -> Reply:
    body = request.json()
    giccids = _giccids(body)
    package = plans.named_package(world, body)
    effect = plans.effect_of(world, body, package)

    def work(slot: int) -> Problem | None:
        return _change_basic(world, slot, package, effect)

    return _accept(world, giccids, "CHANGE_BASIC_SERVICE_PACKAGE", work, ("B4", "batch_change_basic"))


def batch_job(world: World, request: Request) -> Reply:
    job = world.jobs.get(request.segments[1])
    if job is None or world.clock.now() - job.created > _KEPT_S:
        raise UnknownId("batchJob", "jobId")
    return reply(job.as_json())


def _act(world: World, request: Request, action: Action, kind: str, operation: tuple[str, str]) -> Reply:
    giccids = _giccids(request.json())

    def work(slot: int) -> Problem | None:
        if lifecycle.perform(world, slot, action):
            return None
        return "illegal_status", f"current SIM state cannot be {action.participle}"

    return _accept(world, giccids, kind, work, operation)


def _change_basic(world: World, slot: int, package: Package, effect: plans.Effect) -> Problem | None:
    account = world.catalogue.accounts[world.fleet.account[slot]]
    index = world.catalogue.package_index(package.name)
    if index not in account.packages:
        return "missing", "no such service package for this SIM"
    if world.fleet.status[slot] not in lifecycle.BASIC_FROM:
        return "illegal_status", "current SIM state cannot change its basic package"
    if world.fleet.package[slot] == index:
        return "already_exists", "the SIM is on that package already"
    plans.order_basic(world, slot, package, effect)
    return None


def _giccids(body: dict[str, Any]) -> list[str]:
    given = body.get("giccids")
    if given is None:
        raise invalid_field("batchJob", "giccids", "missing_field")
    if not isinstance(given, list) or not all(isinstance(giccid, str) for giccid in given):
        raise invalid_field("batchJob", "giccids")
    wanted = list(dict.fromkeys(given))
    if not 1 <= len(wanted) <= _MOST_ITEMS:
        raise invalid_field("batchJob", "giccids")
    return wanted


def _accept(world: World, giccids: list[str], kind: str, work: Work, operation: tuple[str, str]) -> Reply:
    """Store the job; it starts at half the delay with half of its items, and ends at the full one."""
    now = world.clock.second()
    number = f"{stamp(now)[:19].translate(str.maketrans('', '', '-T:'))}{len(world.jobs) + 1:06d}"
    job = Job(number, kind, now, [Item(giccid) for giccid in giccids])
    job.breaks = world.faults.next_job_fails(*operation)
    world.jobs[job.id] = job
    delay = world.knobs.job_delay
    world.clock.after(delay / 2, lambda: _begin(world, job, work))
    world.clock.after(delay, lambda: _finish(world, job, work))
    return reply({"jobId": job.id})


def _begin(world: World, job: Job, work: Work) -> None:
    job.status = "PROCESSING"
    _carry_out(world, job.items[: len(job.items) // 2], work)


def _finish(world: World, job: Job, work: Work) -> None:
    if not job.breaks:
        _carry_out(world, job.items[len(job.items) // 2 :], work)
    job.status = "FAILED" if job.breaks else "COMPLETED"
    job.finished = world.clock.second()


def _carry_out(world: World, items: list[Item], work: Work) -> None:
    for item in items:
        problem = _refusal(world, item.giccid, work)
        if problem is None:
            item.status = "SUCCESS"
        else:
            item.status, (item.code, item.message) = "FAILED", problem


def _refusal(world: World, giccid: str, work: Work) -> Problem | None:
    slot = world.fleet.slot(giccid)
    if slot is None:
        return "missing", "no such SIM"
    if slot == CARRIER_REFUSES_SLOT:
        return "carrier_error", "the carrier's network refused"
    return work(slot)
