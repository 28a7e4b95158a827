"""What the client answers: frozen structs in our names and units."""

from smarthub.models.batches import BatchItem, BatchJob, BatchStart
from smarthub.models.changes import Accepted, ApnChange, CustomFields, PackageChange, PackageOrder, SimChange
from smarthub.models.enterprise import (
    Account,
    AccountSummary,
    CountryUsage,
    Enterprise,
    ServicePackage,
    SharePool,
    StatusCount,
)
from smarthub.models.replies import Answer, ErrorItem, RawPage, Reply
from smarthub.models.sims import Apn, ApnUsage, BasicPackage, Device, Sim
from smarthub.models.sms import SmsMessage

__all__ = [
    "Accepted",
    "Account",
    "AccountSummary",
    "Answer",
    "Apn",
    "ApnChange",
    "ApnUsage",
    "BasicPackage",
    "BatchItem",
    "BatchJob",
    "BatchStart",
    "CountryUsage",
    "CustomFields",
    "Device",
    "Enterprise",
    "ErrorItem",
    "PackageChange",
    "PackageOrder",
    "RawPage",
    "Reply",
    "ServicePackage",
    "SharePool",
    "Sim",
    "SimChange",
    "SmsMessage",
    "StatusCount",
]
