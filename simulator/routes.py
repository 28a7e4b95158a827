"""The operation table of contract §1: which handler answers which method and path."""

from collections.abc import Callable
from typing import NamedTuple

from simulator import changelog, enterprise, fields, jobs, lifecycle, listing, plans, sms, statistics
from simulator.errors import ApiError
from simulator.query import Request
from simulator.reply import Reply, reply
from simulator.world import World

Handler = Callable[[World, Request], Reply]


class Operation(NamedTuple):
    id: str
    name: str
    method: str
    path: str
    handler: Handler


def _root(world: World, request: Request) -> Reply:
    """The endpoint categories, as the vendor's root lists them."""
    return reply(
        {
            "global_sims_url": "/v1/global-sims",
            "batch_jobs_url": "/v1/batchJobs/{jobId}",
            "mt_sms_url": "/v1/mt-sms",
            "share_pools_url": "/v1/sharePools",
            "enterprise_url": "/v1/enterprise",
            "account_url": "/v1/account/{name}",
            "service_packages_url": "/v1/{accountName}/servicePackages",
            "country_statistics_url": "/v1/statistics/global-sims/countryCodes",
        }
    )


OPERATIONS = (
    Operation("ROOT", "root", "GET", "", _root),
    Operation("S2", "sim_list", "GET", "global-sims", listing.sim_list),
    Operation("S1", "sim_detail", "GET", "global-sims/{giccid}", listing.sim_detail),
    Operation("S3", "sim_change_logs", "GET", "global-sims/changeLogs", changelog.change_logs),
    Operation("S4", "custom_field_get", "GET", "global-sims/{giccid}/custom-field", fields.custom_fields),
    Operation("S5", "custom_field_put", "PUT", "global-sims/{giccid}/custom-field", fields.set_custom_fields),
    Operation("S6", "sim_activate", "POST", "global-sims/{giccid}/activate", lifecycle.activate),
    Operation("S7", "sim_suspend", "POST", "global-sims/{giccid}/deactivate", lifecycle.suspend),
    Operation("S8", "sim_retire", "POST", "global-sims/{giccid}/retire", lifecycle.retire),
    Operation(
        "S9",
        "sim_add_supplementary",
        "POST",
        "global-sims/{giccid}/supplementaryServicePackages",
        plans.add_supplementary,
    ),
    Operation("S10", "sim_change_basic", "PUT", "global-sims/{giccid}/basicServicePackage", plans.change_basic),
    Operation("S11", "sim_apn_status", "PUT", "global-sims/{giccid}/apnStatus", fields.set_apn_status),
    Operation("B1", "batch_activate", "POST", "batchJobs/global-sims/activate", jobs.batch_activate),
    Operation("B2", "batch_suspend", "POST", "batchJobs/global-sims/deactivate", jobs.batch_suspend),
    Operation("B3", "batch_retire", "POST", "batchJobs/global-sims/retire", jobs.batch_retire),
    Operation("B4", "batch_change_basic", "POST", "batchJobs/global-sims/basicServicePackage", jobs.batch_change_basic),
    Operation("B5", "batch_job", "GET", "batchJobs/{jobId}", jobs.batch_job),
    Operation("M1", "sms_send", "POST", "mt-sms", sms.send),
    Operation("M2", "sms_status", "GET", "mt-sms/{smsMsgId}", sms.status),
    Operation("T1", "country_statistics", "GET", "statistics/global-sims/countryCodes", statistics.country_codes),
    Operation("P1", "share_pools", "GET", "sharePools", enterprise.share_pools),
    Operation("E1", "enterprise", "GET", "enterprise", enterprise.enterprise),
    Operation("E2", "account", "GET", "account/{name}", enterprise.account),
    Operation("E3", "service_packages", "GET", "{accountName}/servicePackages", enterprise.service_packages),
)
STATIC_ROOTS = frozenset(operation.path.split("/")[0] for operation in OPERATIONS if not operation.path.startswith("{"))


def _tables() -> dict[int, list[tuple[list[str], Operation]]]:
    """Operations by count of segments, those with more static ones first."""
    tables: dict[int, list[tuple[list[str], Operation]]] = {}
    for operation in sorted(OPERATIONS, key=lambda operation: operation.path.count("{")):
        pattern = operation.path.split("/")
        tables.setdefault(len(pattern), []).append((pattern, operation))
    return tables


_BY_LENGTH = _tables()


def match(request: Request) -> Operation:
    """The operation a request asks for; ApiError 404 or 405."""
    fitting = [op for pattern, op in _BY_LENGTH.get(len(request.segments), []) if _fits(pattern, request.segments)]
    if fitting and fitting[0].path.startswith("{") and request.segments[0] in STATIC_ROOTS:
        fitting = []
    if not fitting:
        raise ApiError(404)
    same_path = [op for op in fitting if op.path == fitting[0].path]
    for operation in same_path:
        if operation.method == request.method:
            return operation
    raise ApiError(405, headers={"Allow": ", ".join(sorted(op.method for op in same_path))})


def _fits(pattern: list[str], segments: list[str]) -> bool:
    return all(
        part == given or (part.startswith("{") and given != "") for part, given in zip(pattern, segments, strict=True)
    )
