from sims.models.count import SimCount, SimCountDelta
from sims.models.identifier import SimIdentifier
from sims.models.run import SetAside, SyncPage, SyncPart, SyncRun
from sims.models.sim import Sim, SimQuerySet
from sims.models.usage import UsageDay
from sims.models.working_set import WorkingSet, WorkingSetItem

__all__ = [
    "SetAside",
    "Sim",
    "SimCount",
    "SimCountDelta",
    "SimIdentifier",
    "SimQuerySet",
    "SyncPage",
    "SyncPart",
    "SyncRun",
    "UsageDay",
    "WorkingSet",
    "WorkingSetItem",
]
