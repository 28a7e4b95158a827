"""S3."""

import pytest

from tests.simulator.carrier import HEALTHY, NEAR_LIMIT, REFUSED, SUSPENDED, UNKNOWN, Carrier, refused

LOGS = "/global-sims/changeLogs"


@pytest.fixture
def story(carrier: Carrier) -> Carrier:
    """Four changes, a day apart."""
    carrier.post(f"/global-sims/{HEALTHY}/deactivate")
    carrier.advance(86_400)
    carrier.control("imei", giccid=NEAR_LIMIT, imei="490154203237518")
    carrier.advance(86_400)
    carrier.put(f"/global-sims/{SUSPENDED}/basicServicePackage", {"servicePackageName": "Prepaid-Basic-500M"})
    carrier.advance(86_400)
    carrier.post(f"/global-sims/{REFUSED}/deactivate")
    return carrier


def giccids(carrier: Carrier, **query: object) -> list[str]:
    page = carrier.get(LOGS, **query)
    assert page["total"] == len(page["data"])
    return [row["giccid"] for row in page["data"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [REFUSED, SUSPENDED, NEAR_LIMIT, HEALTHY]),
        ({"changeType": "STATUS_CHANGE"}, [REFUSED, HEALTHY]),
        ({"changeType": "SERVICE_PACKAGE_CHANGE"}, [SUSPENDED]),
        ({"changeType": "IMEI_CHANGE"}, [NEAR_LIMIT]),
        ({"giccids": f"{HEALTHY},{UNKNOWN},{SUSPENDED}"}, [SUSPENDED, HEALTHY]),
        ({"accountName": "lab account"}, [REFUSED]),
        ({"accountName": "nope"}, []),
        ({"startTime": "2025-08-14T06:00:00+0000"}, [REFUSED, SUSPENDED, NEAR_LIMIT]),
        ({"endTime": "2025-08-14T06:00:00+0000"}, [HEALTHY]),
        ({"startTime": "2025-08-14T06:00:00+0000", "endTime": "2025-08-15T06:00:00+0000"}, [NEAR_LIMIT]),
        ({"startTime": "2025-08-14T08:00:00+0200", "endTime": "2025-08-14T06:00:01+0000"}, [NEAR_LIMIT]),
    ],
)
def test_filters(story: Carrier, query: dict, expected: list[str]) -> None:
    assert giccids(story, **query) == expected


def test_an_imei_row(story: Carrier) -> None:
    row = story.get(LOGS, changeType="IMEI_CHANGE")["data"][0]
    assert (row["newValue"], row["operator"]) == ("490154203237518", "network")
    assert row["oldValue"] not in (None, row["newValue"])


def test_pages(story: Carrier) -> None:
    page = story.get(LOGS, page=1, size=3)
    assert (page["page"], page["size"], page["total"]) == (1, 3, 4)
    assert [row["giccid"] for row in page["data"]] == [HEALTHY]


def test_by_default_the_last_30_days(story: Carrier) -> None:
    story.advance(29 * 86_400)
    assert giccids(story) == [REFUSED, SUSPENDED]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"changeType": "NAME_CHANGE"}, "changeType"),
        ({"startTime": "yesterday"}, "startTime"),
        ({"endTime": "2025-08-14"}, "endTime"),
        ({"startTime": "2025-02-30T00:00:00+0000"}, "startTime"),
        ({"startTime": "2025-01-01T00:00:00+0000", "endTime": "2025-08-01T00:00:00+0000"}, "startTime"),
        ({"startTime": "2025-08-02T00:00:00+0000", "endTime": "2025-08-01T00:00:00+0000"}, "startTime"),
        ({"page": "-1"}, "page"),
        ({"giccids": ",".join(map(str, range(101)))}, "giccids"),
    ],
)
def test_bad_parameters(carrier: Carrier, query: dict, field: str) -> None:
    refused(carrier.call("GET", LOGS, params=query), field, "invalid")


def test_a_plus_that_was_not_encoded(carrier: Carrier) -> None:
    refused(carrier.call("GET", f"{LOGS}?startTime=2025-08-01T00:00:00+0000"), "startTime", "invalid")
