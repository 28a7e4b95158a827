"""Auth, routing, the error envelope and what is true of every operation."""

import socket
from urllib.parse import quote

import pytest
import requests

from tests.simulator.carrier import HEALTHY, UNKNOWN, Carrier

OPERATIONS = [
    ("GET", f"/global-sims/{HEALTHY}"),
    ("GET", "/global-sims"),
    ("GET", "/global-sims/changeLogs"),
    ("GET", f"/global-sims/{HEALTHY}/custom-field"),
    ("PUT", f"/global-sims/{HEALTHY}/custom-field"),
    ("POST", f"/global-sims/{HEALTHY}/activate"),
    ("POST", f"/global-sims/{HEALTHY}/deactivate"),
    ("POST", f"/global-sims/{HEALTHY}/retire"),
    ("POST", f"/global-sims/{HEALTHY}/supplementaryServicePackages"),
    ("PUT", f"/global-sims/{HEALTHY}/basicServicePackage"),
    ("PUT", f"/global-sims/{HEALTHY}/apnStatus"),
    ("POST", "/batchJobs/global-sims/activate"),
    ("POST", "/batchJobs/global-sims/deactivate"),
    ("POST", "/batchJobs/global-sims/retire"),
    ("POST", "/batchJobs/global-sims/basicServicePackage"),
    ("GET", "/batchJobs/1"),
    ("POST", "/mt-sms"),
    ("GET", "/mt-sms/1"),
    ("GET", "/sharePools"),
    ("GET", "/enterprise"),
    ("GET", "/account/example_account"),
    ("GET", "/example_account/servicePackages"),
    ("GET", "/statistics/global-sims/countryCodes"),
]
WRITES = [(method, path) for method, path in OPERATIONS if method != "GET"]
BODILESS = tuple(f"/global-sims/{HEALTHY}/{verb}" for verb in ("activate", "deactivate", "retire"))
WITH_BODY = [(method, path) for method, path in WRITES if path not in BODILESS]
NOT_FOUND = {"type": "about:blank", "title": "Not Found", "status": 404}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize("key", ["", "sim-key-revoked", "nonsense"])
def test_a_wrong_key_is_401(carrier: Carrier, method: str, path: str, key: str) -> None:
    answer = carrier.call(method, path, headers={"X-API-Key": key})
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {"type": "about:blank", "title": "Invalid api key", "status": 401}


def test_a_missing_key_is_401(carrier: Carrier) -> None:
    answer = requests.get(f"{carrier.base}/enterprise", timeout=10, proxies={"http": ""})
    assert answer.status_code == 401


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_read_only_key_writes_nothing(carrier: Carrier, method: str, path: str) -> None:
    before = carrier.sim(HEALTHY)
    answer = carrier.call(method, path, headers={"X-API-Key": "sim-key-readonly"}, json={})
    assert answer.status_code == 403
    assert answer.json() == {"type": "about:blank", "title": "Access forbidden", "status": 403}
    assert carrier.sim(HEALTHY) == before


@pytest.mark.parametrize("key", ["sim-key-readonly", "my-key"])
def test_other_keys_read(carrier: Carrier, key: str) -> None:
    assert carrier.call("GET", "/enterprise", headers={"X-API-Key": key}).status_code == 200


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_a_wrong_method_is_405(carrier: Carrier, method: str, path: str) -> None:
    answer = carrier.call("DELETE", path)
    assert answer.status_code == 405
    assert method in answer.headers["Allow"].split(", ")
    assert answer.json()["status"] == 405


@pytest.mark.parametrize("path", ["/nope", "/global-sims/a/b", "/batchJobs", "/account", "/mt-sms/1/2", "/account/"])
def test_an_unknown_path_is_404(carrier: Carrier, path: str) -> None:
    answer = carrier.call("GET", path)
    assert answer.status_code == 404
    assert answer.json() == NOT_FOUND


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/global-sims/{UNKNOWN}"),
        ("GET", f"/global-sims/{UNKNOWN}/custom-field"),
        ("PUT", f"/global-sims/{UNKNOWN}/custom-field"),
        ("POST", f"/global-sims/{UNKNOWN}/activate"),
        ("POST", f"/global-sims/{UNKNOWN}/deactivate"),
        ("POST", f"/global-sims/{UNKNOWN}/retire"),
        ("POST", f"/global-sims/{UNKNOWN}/supplementaryServicePackages"),
        ("PUT", f"/global-sims/{UNKNOWN}/basicServicePackage"),
        ("PUT", f"/global-sims/{UNKNOWN}/apnStatus"),
        ("GET", "/batchJobs/nope"),
        ("GET", "/mt-sms/nope"),
        ("GET", "/account/nope"),
        ("GET", "/nope/servicePackages"),
    ],
)
def test_an_unknown_id_in_the_path(carrier: Carrier, method: str, path: str) -> None:
    assert carrier.call(method, path, json={}).json() == NOT_FOUND
    carrier.control("knobs", not_found_as_422=True)
    answer = carrier.call(method, path, json={})
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == ["missing"]


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize("body", [b"", b"nonsense", b"[1]", b'"text"', b"\xff\xfe", b'{"a":', b"[" * 5000])
def test_a_body_that_is_no_object_is_400(carrier: Carrier, method: str, path: str, body: bytes) -> None:
    answer = carrier.call(method, path, data=body)
    assert answer.status_code == 400
    assert answer.json() == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "Body should be a JSON object",
    }


def test_static_segments_win(carrier: Carrier) -> None:
    assert "data" in carrier.get("/global-sims/changeLogs")
    assert carrier.call("GET", "/global-sims/servicePackages").status_code == 404
    assert carrier.call("GET", "/sharePools/servicePackages").status_code == 404


def test_names_are_percent_encoded_as_one_segment(carrier: Carrier) -> None:
    for name in ("a/b", "O'Neill & <b>Sons</b>", "深圳 IoT", "100%"):
        carrier.control("accounts", add=[name])
        assert carrier.get(f"/account/{quote(name, safe='')}")["name"] == name
        assert carrier.get(f"/{quote(name, safe='')}/servicePackages")["total"] == 5


def test_the_root_lists_addresses(carrier: Carrier) -> None:
    assert all(name.endswith("_url") for name in carrier.get("/"))
    assert carrier.get("") == carrier.get("/")


def test_the_date_is_the_carriers(carrier: Carrier) -> None:
    assert carrier.call("GET", "/enterprise").headers["Date"] == "Wed, 13 Aug 2025 06:00:00 GMT"


def test_success_is_json(carrier: Carrier) -> None:
    assert carrier.call("GET", "/enterprise").headers["Content-Type"] == "application/json; charset=utf-8"


def test_the_ready_line_names_the_address(carrier: Carrier) -> None:
    host, port = carrier.root.removeprefix("http://").split(":")
    assert carrier.ready_line == f"simulator ready on http://{host}:{port}/v1"
    with socket.create_connection((host, int(port)), timeout=5):
        pass
