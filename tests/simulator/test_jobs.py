"""B1 to B5."""

import pytest

from tests.simulator.carrier import (
    HEALTHY,
    NEAR_LIMIT,
    NOW,
    REFUSED,
    RETIRED,
    SUSPENDED,
    UNKNOWN,
    Carrier,
    S,
    refused,
)

BATCH = "/batchJobs/global-sims"
VERBS = ("activate", "deactivate", "retire", "basicServicePackage")


def start(carrier: Carrier, verb: str, giccids: list[str], **fields: str) -> str:
    answer = carrier.post(f"{BATCH}/{verb}", {"giccids": giccids, **fields})
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["jobId"]
    return answer.json()["jobId"]


def outcomes(job: dict) -> list[tuple[str, str | None]]:
    return [(item["status"], item["code"]) for item in job["details"]]


def test_a_job_from_pending_to_completed(carrier: Carrier) -> None:
    job_id = start(carrier, "deactivate", [HEALTHY, RETIRED, UNKNOWN, REFUSED])
    job = carrier.get(f"/batchJobs/{job_id}")
    assert (job["status"], job["totalCount"], job["finishTime"]) == ("PENDING", 4, None)
    assert outcomes(job) == [("PENDING", None)] * 4
    assert carrier.sim(HEALTHY)["status"] == "ACTIVATED"
    carrier.advance(1)
    job = carrier.get(f"/batchJobs/{job_id}")
    assert (job["status"], job["successCount"], job["failedCount"]) == ("PROCESSING", 1, 1)
    carrier.advance(1)
    assert carrier.get(f"/batchJobs/{job_id}") == {
        "jobId": job_id,
        "jobType": "DEACTIVATE",
        "status": "COMPLETED",
        "totalCount": 4,
        "successCount": 1,
        "failedCount": 3,
        "createTime": NOW,
        "finishTime": "2025-08-13T06:00:02+0000",
        "details": [
            {"giccid": HEALTHY, "status": "SUCCESS", "code": None, "message": None},
            {
                "giccid": RETIRED,
                "status": "FAILED",
                "code": "illegal_status",
                "message": "current SIM state cannot be suspended",
            },
            {"giccid": UNKNOWN, "status": "FAILED", "code": "missing", "message": "no such SIM"},
            {
                "giccid": REFUSED,
                "status": "FAILED",
                "code": "carrier_error",
                "message": "the carrier's network refused",
            },
        ],
    }
    assert carrier.sim(HEALTHY)["status"] == "DEACTIVATED"


@pytest.mark.parametrize(
    ("verb", "kind", "giccid", "status"),
    [
        ("activate", "ACTIVATE", S[1], "ACTIVATED"),
        ("deactivate", "DEACTIVATE", HEALTHY, "DEACTIVATED"),
        ("retire", "RETIRE", SUSPENDED, "RETIRED"),
    ],
)
def test_each_kind_at_once_without_delay(carrier: Carrier, verb: str, kind: str, giccid: str, status: str) -> None:
    carrier.control("knobs", job_delay=0)
    job = carrier.get(f"/batchJobs/{start(carrier, verb, [giccid])}")
    assert (job["jobType"], job["status"], outcomes(job)) == (kind, "COMPLETED", [("SUCCESS", None)])
    assert carrier.sim(giccid)["status"] == status


def test_changing_packages(carrier: Carrier) -> None:
    carrier.control("knobs", job_delay=0)
    numbers = [HEALTHY, NEAR_LIMIT, RETIRED, S[1]]
    job_id = start(carrier, "basicServicePackage", numbers, servicePackageName="Prepaid-Basic-10M")
    job = carrier.get(f"/batchJobs/{job_id}")
    assert job["jobType"] == "CHANGE_BASIC_SERVICE_PACKAGE"
    assert outcomes(job) == [
        ("SUCCESS", None),
        ("SUCCESS", None),
        ("FAILED", "illegal_status"),
        ("FAILED", "already_exists"),
    ]
    assert carrier.sim(HEALTHY)["currentBasicServicePackage"]["name"] == "Prepaid-Basic-10M"


def test_changing_packages_next_cycle(carrier: Carrier) -> None:
    carrier.control("knobs", job_delay=0)
    start(
        carrier,
        "basicServicePackage",
        [HEALTHY],
        servicePackageName="Prepaid-Basic-10M",
        effectiveType="NEXT_CYCLE",
    )
    assert carrier.sim(HEALTHY)["currentBasicServicePackage"]["name"] == "Prepaid-Basic-100M"
    carrier.control("clock", now="2025-09-01T00:00:00+00:00")
    assert carrier.sim(HEALTHY)["currentBasicServicePackage"]["name"] == "Prepaid-Basic-10M"


def test_a_package_of_another_account_fails_the_item(carrier: Carrier) -> None:
    carrier.control("knobs", job_delay=0)
    job_id = start(carrier, "basicServicePackage", [HEALTHY], servicePackageName="Tracker-Voice-1G")
    assert outcomes(carrier.get(f"/batchJobs/{job_id}")) == [("FAILED", "missing")]


def test_duplicates_are_removed_in_order(carrier: Carrier) -> None:
    job_id = start(carrier, "activate", [S[2], S[1], S[2]])
    job = carrier.get(f"/batchJobs/{job_id}")
    assert [item["giccid"] for item in job["details"]] == [S[2], S[1]]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("giccids", "code"),
    [
        (None, "missing_field"),
        ([], "invalid"),
        ("text", "invalid"),
        ([1], "invalid"),
        ([None], "invalid"),
        ([f"g{number}" for number in range(1001)], "invalid"),
    ],
)
def test_giccids_refused(carrier: Carrier, verb: str, giccids: object, code: str) -> None:
    body = {"giccids": giccids, "servicePackageName": "Prepaid-Basic-10M"}
    refused(carrier.post(f"{BATCH}/{verb}", body), "giccids", code)


@pytest.mark.parametrize("verb", VERBS)
def test_a_thousand_are_taken(carrier: Carrier, verb: str) -> None:
    body = {"giccids": [f"g{number}" for number in range(1000)], "servicePackageName": "Prepaid-Basic-10M"}
    job_id = carrier.post(f"{BATCH}/{verb}", body).json()["jobId"]
    assert carrier.get(f"/batchJobs/{job_id}")["totalCount"] == 1000


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({}, "servicePackageName", "missing_field"),
        ({"servicePackageName": "nope"}, "servicePackageName", "missing"),
        ({"servicePackageName": "Addon-50M"}, "servicePackageName", "invalid"),
        ({"servicePackageName": "Prepaid-Basic-10M", "effectiveType": "x"}, "effectiveType", "invalid"),
    ],
)
def test_package_refused(carrier: Carrier, fields: dict, field: str, code: str) -> None:
    refused(carrier.post(f"{BATCH}/basicServicePackage", {"giccids": [HEALTHY], **fields}), field, code)


def test_ids_are_unlike_and_told_by_the_clock(carrier: Carrier) -> None:
    assert [start(carrier, "activate", [S[1]]) for _ in range(2)] == ["20250813060000000001", "20250813060000000002"]


def test_jobs_are_kept_30_days(carrier: Carrier) -> None:
    job_id = start(carrier, "activate", [S[1]])
    carrier.advance(30 * 86_400)
    assert carrier.get(f"/batchJobs/{job_id}")["status"] == "COMPLETED"
    carrier.advance(1)
    assert carrier.call("GET", f"/batchJobs/{job_id}").status_code == 404


def test_a_job_can_break(carrier: Carrier) -> None:
    carrier.control("fault", operation="B2", kind="job_fails")
    job_id = start(carrier, "deactivate", [HEALTHY, NEAR_LIMIT])
    carrier.advance(2)
    job = carrier.get(f"/batchJobs/{job_id}")
    assert (job["status"], outcomes(job)) == ("FAILED", [("SUCCESS", None), ("PENDING", None)])
    assert job["finishTime"] is not None
    assert carrier.sim(NEAR_LIMIT)["status"] == "ACTIVATED"
