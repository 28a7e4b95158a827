"""The control panel, the knobs that no other test turns, and what a reset puts back."""

import pytest
import requests

from tests.simulator.carrier import HEALTHY, NOW, REFUSED, SUSPENDED, UNKNOWN, Carrier, S


def giccids(carrier: Carrier, **query: object) -> list[str]:
    return [record.get("giccid") for record in carrier.get("/global-sims", size=100, **query)["data"]]


def test_a_reset_puts_everything_back(carrier: Carrier) -> None:
    before = [carrier.get("/global-sims"), carrier.get("/enterprise")]
    carrier.post(f"/global-sims/{HEALTHY}/deactivate")
    carrier.control("knobs", wrap_detail=True, max_size=3)
    carrier.control("fault", kind=500, operation="S1")
    carrier.control("sims", add=5, remove=[SUSPENDED])
    carrier.control("accounts", add=["new"])
    carrier.advance(86_400)
    assert carrier.control("reset") == {"sims": 10, "now": NOW}
    assert [carrier.get("/global-sims"), carrier.get("/enterprise")] == before
    assert carrier.get("/global-sims/changeLogs")["total"] == 0
    assert carrier.panel("knobs")["max_size"] == 100
    assert carrier.panel("fault") == {"waiting": []}


def test_a_reset_to_another_fleet(carrier: Carrier) -> None:
    answer = carrier.control("reset", sims=123, seed=7, accounts=8, now="2026-02-03T04:05:06+00:00")
    assert answer == {"sims": 123, "now": "2026-02-03T04:05:06+0000"}
    assert len(carrier.get("/enterprise")["accounts"]) == 10


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("reset", {"colour": "red"}),
        ("clock", {}),
        ("clock", {"now": "noon"}),
        ("usage", {"giccid": UNKNOWN, "dataUsage": 1}),
        ("usage", {"giccid": SUSPENDED, "dataUsage": 1}),
        ("usage", {"giccid": HEALTHY, "apn": "other", "dataUsage": 1}),
        ("imei", {}),
        ("knobs", {"colour": 1}),
        ("knobs", {"wrap_detail": 1}),
        ("knobs", {"max_size": True}),
        ("knobs", {"job_delay": -1}),
        ("push", {"slug": "nope", "giccid": HEALTHY}),
        ("sims", {"move": {HEALTHY: "nope"}}),
        ("sims", {"restore": ["nope"]}),
    ],
)
def test_bad_control_requests_are_400(carrier: Carrier, name: str, body: dict) -> None:
    answer = carrier.session.post(f"{carrier.root}/_sim/{name}", json=body, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_unknown_controls_are_404(carrier: Carrier) -> None:
    assert carrier.session.get(f"{carrier.root}/_sim/nope", timeout=10).status_code == 404


def test_the_clock_stands_still_until_moved(carrier: Carrier) -> None:
    assert carrier.panel("clock") == {"now": NOW, "frozen": True}
    assert carrier.control("clock", advanceSeconds=90)["now"] == "2025-08-13T06:01:30+0000"
    assert carrier.control("clock", now="2025-08-13T05:00:00+0000")["now"] == "2025-08-13T05:00:00+0000"


def test_requests_are_recorded_and_changes_counted(carrier: Carrier) -> None:
    carrier.control("knobs", job_delay=0)
    carrier.get("/global-sims", giccids=f"{S[1]},{S[2]}")
    carrier.post(f"/global-sims/{HEALTHY}/deactivate")
    carrier.post(f"/global-sims/{HEALTHY}/deactivate")
    carrier.post("/batchJobs/global-sims/activate", {"giccids": [HEALTHY, REFUSED]})
    carrier.call("GET", "/nowhere")
    seen = carrier.panel("requests")
    assert seen["counts"] == {"S2": 1, "S7": 2, "B1": 1, "-": 1}
    assert seen["changes"] == {HEALTHY: {"suspend": 1, "activate": 1}}
    assert [row["giccids"] for row in seen["requests"]] == [
        [S[1], S[2]],
        [HEALTHY],
        [HEALTHY],
        [HEALTHY, REFUSED],
        [],
    ]
    assert [row["status"] for row in seen["requests"]] == [200, 200, 422, 200, 404]
    first = seen["requests"][0]
    assert (first["operation"], first["name"], first["method"], first["path"]) == (
        "S2",
        "sim_list",
        "GET",
        "/v1/global-sims",
    )
    assert first["query"] == {"giccids": f"{S[1]},{S[2]}"}
    only = carrier.panel("requests", operation="S7", giccid=HEALTHY, limit=1)["requests"]
    assert [row["status"] for row in only] == [422]
    carrier.control("requests")
    assert carrier.panel("requests") == {"counts": {}, "changes": {}, "requests": []}


def test_sims_are_removed_and_restored(carrier: Carrier) -> None:
    before = carrier.get("/global-sims")
    assert carrier.control("sims", remove=[HEALTHY])["sims"] == 9
    assert HEALTHY not in giccids(carrier)
    assert carrier.call("GET", f"/global-sims/{HEALTHY}").status_code == 404
    assert carrier.get("/enterprise")["accounts"][0]["simCount"] == 8
    assert carrier.get("/account/example_account")["currentCycleUsages"]["dataUsage"] < 120
    carrier.control("sims", restore=[HEALTHY])
    assert carrier.get("/global-sims") == before
    assert carrier.get("/enterprise")["accounts"][0]["simCount"] == 9


def test_sims_move_between_accounts_and_nothing_else(carrier: Carrier) -> None:
    before = carrier.sim(HEALTHY)
    carrier.control("sims", move={HEALTHY: "lab account"})
    assert giccids(carrier, accountName="lab account") == [HEALTHY, REFUSED]
    assert carrier.sim(HEALTHY) == before
    assert carrier.get("/global-sims/changeLogs")["total"] == 0


def test_sims_are_altered_in_silence(carrier: Carrier) -> None:
    carrier.control("sims", set={HEALTHY: {"status": "RETIRED", "package": "Prepaid-Basic-10M", "imei": "x"}})
    sim = carrier.sim(HEALTHY)
    assert (sim["status"], sim["deviceInfo"][0]["imei"]) == ("RETIRED", "x")
    assert sim["currentBasicServicePackage"]["name"] == "Prepaid-Basic-10M"
    assert carrier.deliveries() == []


def test_sims_are_added(carrier: Carrier) -> None:
    carrier.get("/global-sims")
    assert carrier.control("sims", add=3, account="lab account")["sims"] == 13
    added = [f"898601180502200000{number}" for number in (1, 2, 3)]
    assert giccids(carrier) == [*S.values(), *added]
    assert giccids(carrier, accountName="lab account") == [REFUSED, *added]


ODD_RECORDS = [
    {"giccid": HEALTHY, "status": None, "deviceInfo": "none", "currentCycleUsages": {"dataUsage": "12,4 MB"}},
    {"status": "ACTIVATED"},
    {"giccid": None},
    {"giccid": "weird-1", "status": "SLEEPING"},
    ["not", "an", "object"],
    None,
]


def test_records_are_put_in_as_they_are(carrier: Carrier) -> None:
    carrier.control("sims", put=ODD_RECORDS)
    page = carrier.get("/global-sims", size=100)
    assert page["total"] == 15
    assert page["data"][3] == ODD_RECORDS[0]
    assert page["data"][10:] == ODD_RECORDS[1:]
    assert carrier.get("/global-sims", size=4, page=2)["data"] == [*page["data"][8:10], *ODD_RECORDS[1:3]]
    assert carrier.get("/global-sims", size=4, page=3)["data"] == ODD_RECORDS[3:]
    assert carrier.sim("weird-1") == ODD_RECORDS[3]
    assert carrier.get("/global-sims", giccids=f"weird-1,{HEALTHY}")["data"] == [ODD_RECORDS[0], ODD_RECORDS[3]]
    assert carrier.get("/enterprise")["accounts"][0]["simCount"] == 14
    carrier.control("sims", restore=[HEALTHY], remove=["weird-1"])
    assert carrier.sim(HEALTHY)["status"] == "ACTIVATED"
    assert carrier.get("/global-sims")["total"] == 14


def test_put_into_an_account(carrier: Carrier) -> None:
    carrier.control("sims", put=[{"giccid": "x1"}], account="lab account")
    assert giccids(carrier, accountName="lab account") == [REFUSED, "x1"]
    assert "x1" not in giccids(carrier, accountName="example_account")


def test_accounts_come_and_go(carrier: Carrier) -> None:
    name = "O'Neill & <b>Sons</b>"
    answer = carrier.control("accounts", add=["深圳 IoT", {"name": name, "customerName": "c", "sims": 4}])
    assert answer == {"accounts": ["example_account", "lab account", "深圳 IoT", name]}
    assert len(giccids(carrier, accountName=name)) == len(giccids(carrier, customerName="c")) == 4
    carrier.control("accounts", remove=name, status={"lab account": "FROZEN"})
    assert giccids(carrier) == list(S.values())
    statuses = [account["status"] for account in carrier.get("/enterprise")["accounts"]]
    assert statuses == ["NORMAL", "FROZEN", "NORMAL"]


def test_the_rate_limit(carrier: Carrier) -> None:
    carrier.control("knobs", rate_limit=3, rate_burst=0)
    answers = [carrier.call("GET", "/enterprise") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"3"}
    refused = answers[-1]
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert int(refused.headers["X-RateLimit-Reset"]) > 1755064800
    assert refused.json() == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "API rate limit exceeded",
    }
    assert carrier.call("GET", "/enterprise", headers={"X-API-Key": "my-key"}).status_code == 200


def test_latency(carrier: Carrier) -> None:
    carrier.control("knobs", latency=5)
    with pytest.raises(requests.ReadTimeout):
        carrier.session.get(f"{carrier.base}/enterprise", timeout=0.2)


def test_the_burst(carrier: Carrier) -> None:
    carrier.control("knobs", rate_limit=600, rate_burst=1)
    answers = [carrier.call("GET", "/enterprise") for _ in range(20)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
    assert all(int(answer.headers["X-RateLimit-Remaining"]) > 500 for answer in refused)
