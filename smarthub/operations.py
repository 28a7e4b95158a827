"""What we know or believe about the carrier's API, as data: mending an assumption is one line here.

The names of the fields inside answers stand beside this in `decode/tables.py`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Certainty(enum.Enum):
    """How sure a fact is (the words of the contract)."""

    SEED = "given in full by the carrier's page on the SIM list"
    DOC = "given by another page of the carrier's reference"
    DOC_CUT = "begun there, completed by us"
    ASSUMED = "our inference, not confirmed"
    DESIGN = "our own rule"


class RetryClass(enum.Enum):
    """Which failures of an operation may be answered by sending it again."""

    READ = "read"
    REPLACE = "replace"
    ACTION = "action"
    ONCE = "once"


class Retries(NamedTuple):
    """How many repeats one kind of failure allows."""

    connect: int
    lost: int
    throttled: int
    unavailable: int


RETRIES: Mapping[RetryClass, Retries] = MappingProxyType(
    {
        RetryClass.READ: Retries(connect=3, lost=3, throttled=3, unavailable=3),
        RetryClass.REPLACE: Retries(connect=2, lost=2, throttled=3, unavailable=2),
        RetryClass.ACTION: Retries(connect=2, lost=0, throttled=3, unavailable=0),
        RetryClass.ONCE: Retries(connect=2, lost=0, throttled=3, unavailable=0),
    }
)

Names = Mapping[str, str]


class Operation(NamedTuple):
    """One request. `query` and `body` map our parameter names to the carrier's."""

    id: str
    name: str
    method: str
    path: str
    retry: RetryClass
    path_source: Certainty
    method_source: Certainty
    is_async: bool = False
    query: Names = MappingProxyType({})
    body: Names = MappingProxyType({})


class Push(NamedTuple):
    """One message that the carrier sends to us; the slug is ours, in the address that the customer registers."""

    id: str
    name: str
    slug: str
    method: str = "POST"
    path_source: Certainty = Certainty.ASSUMED
    method_source: Certainty = Certainty.SEED


SEED, DOC, ASSUMED = Certainty.SEED, Certainty.DOC, Certainty.ASSUMED
READ, REPLACE, ACTION, ONCE = RetryClass.READ, RetryClass.REPLACE, RetryClass.ACTION, RetryClass.ONCE

PAGING: Names = {"page": "page", "size": "size"}
SIM_FILTERS: Names = {
    "status": "status",
    "po": "po",
    "customer_name": "customerName",
    "account_name": "accountName",
    "package": "basicServicePackageName",
    "giccids": "giccids",
}
CHANGE_LOG_FILTERS: Names = {
    "giccids": "giccids",
    "kind": "changeType",
    "start_at": "startTime",
    "end_at": "endTime",
    "account_name": "accountName",
}
CUSTOM_FIELDS: Names = {
    "custom1": "custom1",
    "custom2": "custom2",
    "custom3": "custom3",
    "custom4": "custom4",
    "custom5": "custom5",
}
ORDER_BODY: Names = {"package": "servicePackageName", "start_at": "startTime"}
PLAN_BODY: Names = {"package": "servicePackageName", "effective": "effectiveType"}
APN_BODY: Names = {"apn": "apnName", "status": "apnStatus"}
BATCH_BODY: Names = {"giccids": "giccids"}
SMS_BODY: Names = {
    "to_giccid": "toGiccid",
    "to_msisdn": "toMsisdn",
    "content": "content",
    "encoding": "encoding",
}

_SIM = "/global-sims/{giccid}"
_JOBS = "/batchJobs/global-sims"

_ROWS = (
    Operation("S1", "sim_detail", "GET", _SIM, READ, DOC, SEED),
    Operation("S2", "sim_list", "GET", "/global-sims", READ, SEED, SEED, query={**SIM_FILTERS, **PAGING}),
    Operation(
        "S3",
        "sim_change_logs",
        "GET",
        "/global-sims/changeLogs",
        READ,
        DOC,
        SEED,
        query={**CHANGE_LOG_FILTERS, **PAGING},
    ),
    Operation("S4", "custom_field_get", "GET", f"{_SIM}/custom-field", READ, ASSUMED, SEED),
    Operation("S5", "custom_field_put", "PUT", f"{_SIM}/custom-field", REPLACE, DOC, SEED, body=CUSTOM_FIELDS),
    Operation("S6", "sim_activate", "POST", f"{_SIM}/activate", ACTION, ASSUMED, SEED),
    Operation("S7", "sim_suspend", "POST", f"{_SIM}/deactivate", ACTION, ASSUMED, SEED),
    Operation("S8", "sim_retire", "POST", f"{_SIM}/retire", ACTION, DOC, SEED),
    Operation(
        "S9",
        "sim_add_supplementary",
        "POST",
        f"{_SIM}/supplementaryServicePackages",
        ONCE,
        ASSUMED,
        SEED,
        body=ORDER_BODY,
    ),
    Operation("S10", "sim_change_basic", "PUT", f"{_SIM}/basicServicePackage", ONCE, ASSUMED, SEED, body=PLAN_BODY),
    Operation("S11", "sim_apn_status", "PUT", f"{_SIM}/apnStatus", REPLACE, ASSUMED, SEED, body=APN_BODY),
    Operation("B1", "batch_activate", "POST", f"{_JOBS}/activate", ONCE, ASSUMED, SEED, is_async=True, body=BATCH_BODY),
    Operation("B2", "batch_suspend", "POST", f"{_JOBS}/deactivate", ONCE, DOC, SEED, is_async=True, body=BATCH_BODY),
    Operation("B3", "batch_retire", "POST", f"{_JOBS}/retire", ONCE, ASSUMED, SEED, is_async=True, body=BATCH_BODY),
    Operation(
        "B4",
        "batch_change_basic",
        "POST",
        f"{_JOBS}/basicServicePackage",
        ONCE,
        ASSUMED,
        SEED,
        is_async=True,
        body={**BATCH_BODY, **PLAN_BODY},
    ),
    Operation("B5", "batch_job", "GET", "/batchJobs/{job_id}", READ, DOC, SEED),
    Operation("M1", "sms_send", "POST", "/mt-sms", ONCE, DOC, SEED, is_async=True, body=SMS_BODY),
    Operation("M2", "sms_status", "GET", "/mt-sms/{sms_id}", READ, DOC, SEED),
    Operation(
        "P1",
        "share_pools",
        "GET",
        "/sharePools",
        READ,
        ASSUMED,
        ASSUMED,
        query={"account_name": "accountName", "name": "name", **PAGING},
    ),
    Operation("E1", "enterprise", "GET", "/enterprise", READ, DOC, DOC),
    Operation("E2", "account", "GET", "/account/{name}", READ, DOC, DOC),
    Operation(
        "E3",
        "service_packages",
        "GET",
        "/{account_name}/servicePackages",
        READ,
        DOC,
        DOC,
        query={"kind": "type", **PAGING},
    ),
    Operation(
        "T1",
        "country_statistics",
        "GET",
        "/statistics/global-sims/countryCodes",
        READ,
        ASSUMED,
        ASSUMED,
        query={"account_name": "accountName", "start_date": "startDate", "end_date": "endDate"},
    ),
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType({row.name: row for row in _ROWS})

PUSHES = (
    Push("M3", "push_mo_sms", "mo-sms"),
    Push("M4", "push_mt_sms_report", "mt-sms-report"),
    Push("N1", "push_cycle_usage", "cycle-usage"),
    Push("N2", "push_imei_change", "imei-change"),
    Push("N3", "push_no_session", "no-session"),
    Push("N4", "push_prepaid_expired", "prepaid-expired"),
    Push("N5", "push_prepaid_traffic", "prepaid-traffic"),
    Push("N6", "push_sim_status", "sim-status"),
    Push("N7", "push_apn_status", "apn-status"),
)

VERSION_SEGMENT = "/v1"
KEY_HEADER = "X-API-Key"

FIRST_PAGE = 0
MAX_PAGE_SIZE = 100
MAX_GICCIDS_PER_QUERY = 100
MAX_BATCH_ITEMS = 1000
LIST_JOINER = ","
LONGEST_GICCID = 32
GICCID_PATTERN = rf"[0-9A-Za-z]{{1,{LONGEST_GICCID}}}"

TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%z"
NO_END_YEAR = 9999

CODE_ILLEGAL_STATUS = "illegal_status"
CODE_MISSING = "missing"

SIM_STATUSES = ("TEST_READY", "ACTIVATE_READY", "INVENTORY", "ACTIVATED", "DEACTIVATED", "RETIRED")
APN_STATUSES = ("OPEN", "CLOSED")
CHANGE_KINDS = ("STATUS_CHANGE", "SERVICE_PACKAGE_CHANGE", "IMEI_CHANGE")
EFFECTIVE_TYPES: Names = {"now": "IMMEDIATE", "next-cycle": "NEXT_CYCLE"}
SMS_ENCODINGS: Names = {"text": "TEXT", "hex": "HEX"}
PACKAGE_KINDS = ("BASIC", "SUPPLEMENTARY")
JOB_TERMINAL_STATUSES = ("COMPLETED", "FAILED")
SMS_FINAL_STATUSES = ("DELIVERED", "FAILED")

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
ANSWER_LIMIT_S = 60.0
MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_REDIRECTS = 3
BACKOFF_S = 0.5
MAX_RETRY_AFTER_S = 60.0
DEFAULT_RETRY_AFTER_S = 1.0
