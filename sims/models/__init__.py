from sims.models.count import SimCount, SimCountDelta
from sims.models.export import Export, ExportQuerySet
from sims.models.history import ChangeLogRow, HistoryRead, SimCustomFields
from sims.models.identifier import SimIdentifier
from sims.models.note import Note, Place
from sims.models.operation import OpenChange, Operation, OperationQuerySet, Protection, ScheduledPlan, Verb
from sims.models.preference import ListPreference
from sims.models.run import PageSims, SetAside, SyncPage, SyncPart, SyncRun
from sims.models.sim import Sim, SimQuerySet
from sims.models.tag import SimTag, Tag, Tagging
from sims.models.usage import UsageDay
from sims.models.view import DefaultView, SavedView
from sims.models.working_set import WorkingSet, WorkingSetItem

__all__ = [
    "ChangeLogRow",
    "DefaultView",
    "Export",
    "ExportQuerySet",
    "HistoryRead",
    "ListPreference",
    "Note",
    "OpenChange",
    "Operation",
    "OperationQuerySet",
    "PageSims",
    "Place",
    "Protection",
    "SavedView",
    "ScheduledPlan",
    "SetAside",
    "Sim",
    "SimCount",
    "SimCountDelta",
    "SimCustomFields",
    "SimIdentifier",
    "SimQuerySet",
    "SimTag",
    "SyncPage",
    "SyncPart",
    "SyncRun",
    "Tag",
    "Tagging",
    "UsageDay",
    "Verb",
    "WorkingSet",
    "WorkingSetItem",
]
