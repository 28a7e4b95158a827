import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from smarthub import Client, RecordError, calls, errors, models

BASE = "https://api.example.com/v1"
SIM = f"{BASE}/global-sims/1"


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    return make_client(BASE)


@pytest.fixture
def carrier() -> Any:
    with responses.RequestsMock() as mock:
        yield mock


def query_of(call: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(call.request.url).query).items()}


def sent(carrier: Any, place: int = -1) -> Any:
    return json.loads(carrier.calls[place].request.body)


def test_a_page_of_sims_is_asked_for_under_the_carriers_names(client: Client, carrier: Any) -> None:
    carrier.get(f"{BASE}/global-sims", json={"data": [], "page": 3, "size": 50, "total": 7})
    page = client.list_sims_raw("lab account", ["1", "2", "1"], 3, 100, "ACTIVATED", po="p", package="Basic & more")
    assert query_of(carrier.calls[0]) == {
        "accountName": "lab account",
        "giccids": "1,2",
        "page": "3",
        "size": "100",
        "status": "ACTIVATED",
        "po": "p",
        "basicServicePackageName": "Basic & more",
    }
    assert (page.records, page.page, page.size, page.total) == ([], 3, 50, 7)
    assert page.reply.attempts == 1


def test_a_page_that_says_nothing_of_itself_is_the_one_asked_for(client: Client, carrier: Any) -> None:
    carrier.get(f"{BASE}/global-sims", json=[{"giccid": "1"}])
    page = client.list_sims_raw(page=4, size=20)
    assert (page.page, page.size, page.total) == (4, 20, None)


@pytest.mark.parametrize("giccids", [[], ["x" * 33], [str(number) for number in range(101)], ["1,2"]])
def test_keys_that_cannot_be_asked_for_are_refused_unsent(client: Client, giccids: list[str]) -> None:
    with pytest.raises(errors.ValidationFailed) as caught:
        client.list_sims_raw(giccids=giccids)
    assert caught.value.is_sent is False


NO_LIST = "The answer holds no list “data”."


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "The answer is empty."),
        (b"<html>", "The answer is not JSON."),
        (b"[" * 100_000, "The answer is nested too deeply."),
        (b"{}", NO_LIST),
        (b'{"data": 3}', NO_LIST),
        (b'{"items": []}', NO_LIST),
    ],
)
def test_a_page_that_is_none_knows_its_call(client: Client, carrier: Any, body: bytes, words: str) -> None:
    carrier.get(f"{BASE}/global-sims", body=body)
    with pytest.raises(errors.ProtocolError) as caught:
        client.list_sims_raw()
    assert (caught.value.operation, caught.value.status, caught.value.reply.attempts) == ("sim_list", 200, 1)
    assert caught.value.detail == words


@pytest.mark.parametrize("body", [{"giccid": "1", "status": "A"}, {"data": {"giccid": "1", "status": "A"}}])
def test_a_sim_may_be_wrapped(client: Client, carrier: Any, body: Any) -> None:
    carrier.get(SIM, json=body)
    assert client.read_sim("1").value == models.Sim("1", "A")
    assert json.loads(client.read_sim_raw("1").records[0]) == {"giccid": "1", "status": "A"}


@pytest.mark.parametrize("giccid", ["2", 2, "1F", " 1"])
def test_an_answer_about_another_sim_is_none(client: Client, carrier: Any, giccid: str | int) -> None:
    """It would make a second SIM of one, and prove what nobody has seen."""
    carrier.get(SIM, json={"giccid": giccid, "status": "A"})
    with pytest.raises(errors.ProtocolError, match="about another SIM"):
        client.read_sim_raw("1")


@pytest.mark.parametrize("giccid", ["1", 1, None, "", []])
def test_a_sim_may_be_told_as_a_number_or_not_at_all(client: Client, carrier: Any, giccid: Any) -> None:
    carrier.get(SIM, json={"giccid": giccid, "status": "A"})
    assert len(client.read_sim_raw("1").records) == 1


def test_a_sim_that_cannot_be_read_is_a_carrier_error(client: Client, carrier: Any) -> None:
    carrier.get(SIM, json={"giccid": "1"})
    with pytest.raises(errors.CarrierError) as caught:
        client.read_sim("1")
    assert isinstance(caught.value, RecordError)


def packages(carrier: Any, answer: Callable[[int, int], Any]) -> None:
    def reply(request: Any) -> tuple[int, dict[str, str], str]:
        query = parse_qs(urlsplit(request.url).query)
        return 200, {}, json.dumps(answer(int(query["page"][0]), int(query["size"][0])))

    carrier.add_callback("GET", f"{BASE}/lab%20account/servicePackages", callback=reply)


def named(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [{"name": f"Package {number}"} for number in range(start, start + count)]


def test_a_list_is_read_to_its_total(client: Client, carrier: Any) -> None:
    packages(
        carrier, lambda page, size: {"data": named(250)[page * size :][:size], "page": page, "size": size, "total": 250}
    )
    assert len(client.service_packages("lab account").value) == 250
    assert [query_of(call)["page"] for call in carrier.calls] == ["0", "1", "2"]


def test_a_clamped_page_size_is_reckoned_with(client: Client, carrier: Any) -> None:
    packages(carrier, lambda page, size: {"data": named(25)[page * 10 :][:10], "page": page, "size": 10, "total": 25})
    assert len(client.service_packages("lab account").value) == 25
    assert {query_of(call)["size"] for call in carrier.calls} == {"100"}
    assert len(carrier.calls) == 3


def test_a_list_without_a_total_is_read_until_an_empty_page(client: Client, carrier: Any) -> None:
    packages(carrier, lambda page, size: {"data": named(250)[page * size :][:size]})
    assert len(client.service_packages("lab account").value) == 250
    assert len(carrier.calls) == 4


def test_a_bare_array_that_is_always_the_same_is_read_twice(client: Client, carrier: Any) -> None:
    packages(carrier, lambda page, size: named(3))
    assert [package.name for package in client.service_packages("lab account").value] == [
        "Package 0",
        "Package 1",
        "Package 2",
    ]
    assert len(carrier.calls) == 2


def test_records_that_shift_between_pages_are_taken_once(client: Client, carrier: Any) -> None:
    packages(carrier, lambda page, size: {"data": named(100, start=page * 90), "size": 100, "total": 190})
    assert len(client.service_packages("lab account").value) == 190


def test_a_list_that_runs_away_does_not_hold_us(client: Client, carrier: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MOST_PAGES", 5)
    packages(carrier, lambda page, size: {"data": named(1, page), "page": page, "size": 100, "total": 300 + page})
    with pytest.raises(errors.ProtocolError, match="does not end"):
        client.service_packages("lab account")
    assert len(carrier.calls) == 5


def pages_of(count: int, *, per_page: int, first: int = 0, **said: object) -> Callable[[int, int], Any]:
    """A list in pages, the first of them at `first`, whatever it says of itself."""
    return lambda page, size: {"data": named(count)[max(0, page - first) * per_page :][:per_page], **said}


@pytest.mark.parametrize(
    ("answer", "requests"),
    [
        pytest.param(pages_of(25, per_page=10, size=10, total=12), 4, id="total too small"),
        pytest.param(pages_of(25, per_page=10, size=10, total=0), 4, id="total of nothing"),
        pytest.param(pages_of(25, per_page=10, size=10, total=400), 4, id="total too large"),
        pytest.param(pages_of(25, per_page=10, size=100, total=25), 3, id="clamped without a word"),
        pytest.param(pages_of(25, per_page=10, total=25), 3, id="no size"),
        pytest.param(pages_of(25, per_page=10, size=10, total=25, first=1), 4, id="counted from one"),
        pytest.param(pages_of(25, per_page=10, size=10, first=1), 5, id="counted from one, no total"),
        pytest.param(pages_of(10, per_page=10, size=10, total=10, first=1), 1, id="one page, counted from one"),
        pytest.param(pages_of(25, per_page=100, size=100, total=25), 1, id="as it should be"),
    ],
)
def test_a_list_is_read_whole_whatever_it_says_of_its_length(
    client: Client, carrier: Any, answer: Callable[[int, int], Any], requests: int
) -> None:
    packages(carrier, answer)
    names = [package.name for package in client.service_packages("lab account").value]
    assert sorted(names) == sorted(row["name"] for row in answer_of(answer))
    assert len(carrier.calls) == requests


@pytest.mark.parametrize("status", [404, 400, 422])
@pytest.mark.parametrize("said", [{}, {"size": 10, "total": 12}, {"size": 100, "total": 30}])
def test_a_page_past_the_end_may_be_refused(client: Client, carrier: Any, status: int, said: dict[str, int]) -> None:
    pages = [{"data": named(10), **said}, {"data": named(10, 10), **said}, None]

    def reply(request: Any) -> tuple[int, dict[str, str], str]:
        body = pages[int(parse_qs(urlsplit(request.url).query)["page"][0])]
        return (200 if body else status), {}, json.dumps(body or {})

    carrier.add_callback("GET", f"{BASE}/lab%20account/servicePackages", callback=reply)
    assert len(client.service_packages("lab account").value) == 20


def test_a_page_refused_before_the_end_fails_the_list(client: Client, carrier: Any) -> None:
    url = f"{BASE}/lab%20account/servicePackages"
    carrier.get(url, json={"data": named(10), "size": 10, "total": 30})
    carrier.get(url, status=404)
    with pytest.raises(errors.NotFound):
        client.service_packages("lab account")


def answer_of(answer: Callable[[int, int], Any]) -> list[dict[str, Any]]:
    found = [row for page in range(10) for row in answer(page, 100)["data"]]
    return [dict(row) for row in {tuple(row.items()): None for row in found}]


def test_a_bad_record_of_a_list_is_named_and_the_rest_kept(client: Client, carrier: Any) -> None:
    records = [{"name": "Good", "dataVolume": "100.5", "price": 1.2}, {"name": "Bad", "dataVolume": "plenty"}, 7]
    packages(carrier, lambda page, size: {"data": records, "page": 0, "size": 100, "total": 3})
    answer = client.service_packages("lab account")
    assert answer.value == (models.ServicePackage("Good", data_volume_mb=Decimal("100.5"), price=Decimal("1.2")),)
    assert [error.field for error in answer.refused] == ["dataVolume", ""]


def test_a_single_pool_is_a_list_of_one(client: Client, carrier: Any) -> None:
    carrier.get(f"{BASE}/sharePools", json={"name": "EU-Pool", "dataTotal": 51200.0})
    assert client.share_pools().value == (models.SharePool("EU-Pool", data_total_mb=Decimal("51200.0")),)


def test_an_account_that_cannot_be_read_is_named_and_the_rest_kept(client: Client, carrier: Any) -> None:
    accounts = [{"name": "a", "simCount": "many"}, {"customerName": "c"}, None, 7, {"name": "b", "simCount": "2"}]
    carrier.get(f"{BASE}/enterprise", json={"name": {}, "contactPhone": 86138, "accounts": accounts})
    answer = client.enterprise()
    named = (models.AccountSummary("a"), models.AccountSummary("b", sim_count=2))
    assert answer.value == models.Enterprise(contact_phone="86138", accounts=named)
    assert [error.field for error in answer.refused] == ["name", "accounts.simCount", "accounts.name", "accounts"]


def test_a_job_is_followed_although_parts_of_it_cannot_be_read(client: Client, carrier: Any) -> None:
    details = [{"giccid": 1, "status": "SUCCESS", "code": {}}, {"status": "FAILED"}, "2"]
    job = {"jobId": 7, "status": "COMPLETED", "createTime": 1709251198000, "totalCount": "all", "details": details}
    carrier.get(f"{BASE}/batchJobs/7", json=job)
    answer = client.batch_job("7")
    assert answer.value == models.BatchJob("7", status="COMPLETED", items=(models.BatchItem("1", "SUCCESS"),))
    assert len(answer.refused) == 5


def test_a_message_is_taken_although_the_rest_of_the_reply_cannot_be_read(client: Client, carrier: Any) -> None:
    carrier.post(f"{BASE}/mt-sms", json={"smsMsgId": 9, "status": "PENDING", "submitTime": 17, "failReason": {}})
    assert client.send_sms("x", "1").value == models.SmsMessage("9", status="PENDING")


def test_statistics_take_dates_and_are_one_page(client: Client, carrier: Any) -> None:
    carrier.get(f"{BASE}/statistics/global-sims/countryCodes", json={"data": [{"countryCode": 262, "simCount": "3"}]})
    answer = client.country_statistics("a", date(2025, 8, 1), date(2025, 8, 2))
    assert answer.value == (models.CountryUsage("262", None, 3),)
    assert query_of(carrier.calls[0]) == {"accountName": "a", "startDate": "2025-08-01", "endDate": "2025-08-02"}


@pytest.mark.parametrize("body", [b"", b"ok", b"[]", b'{"status": {}}', b"<html>", b'{"giccid": "1"}'])
@pytest.mark.parametrize("verb", ["activate", "suspend", "retire"])
def test_any_success_of_an_action_is_accepted(client: Client, carrier: Any, verb: str, body: bytes) -> None:
    carrier.post(f"{SIM}/{'deactivate' if verb == 'suspend' else verb}", body=body, status=202)
    answer = getattr(client, verb)("1")
    assert isinstance(answer.value, models.Accepted)
    assert answer.value.status is None
    assert carrier.calls[0].request.body is None


def test_custom_fields_are_read_merged_and_all_sent(client: Client, carrier: Any) -> None:
    carrier.get(f"{SIM}/custom-field", json={"custom1": "Berlin", "custom2": 7, "custom3": None, "custom4": "x"})
    carrier.put(f"{SIM}/custom-field", body=b"")
    answer = client.set_custom_fields("1", {"custom4": None, "custom5": "物联"})
    expected = {"custom1": "Berlin", "custom2": "7", "custom3": "", "custom4": "", "custom5": "物联"}
    assert sent(carrier) == expected
    assert answer.value == models.CustomFields(**expected)
    assert carrier.calls[1].request.headers["Content-Type"] == "application/json; charset=utf-8"


def test_a_custom_field_that_is_none_is_refused_before_anything_is_read(client: Client) -> None:
    with pytest.raises(errors.ValidationFailed):
        client.set_custom_fields("1", {"custom6": "x"})


def test_an_unreadable_custom_field_is_not_overwritten(client: Client, carrier: Any) -> None:
    carrier.get(f"{SIM}/custom-field", json={"custom1": {"x": 1}})
    with pytest.raises(RecordError):
        client.set_custom_fields("1", {"custom2": "x"})
    assert len(carrier.calls) == 1


@pytest.mark.parametrize(
    "body",
    [{}, {"type": "about:blank", "title": "Busy"}, {"code": 5001, "data": None}, {"accounts": []}],
)
def test_an_answer_that_holds_nothing_of_what_it_should_is_none(client: Client, carrier: Any, body: Any) -> None:
    carrier.get(f"{BASE}/enterprise", json=body)
    with pytest.raises(errors.ProtocolError, match="holds nothing of what it should"):
        client.enterprise()


@pytest.mark.parametrize("body", [{"code": 5001, "data": None}, {"CUSTOM1": "a"}, {"data": [{"custom1": "a"}]}])
def test_what_is_no_answer_about_custom_fields_does_not_count_as_empty_ones(
    client: Client, carrier: Any, body: Any
) -> None:
    """They would be sent back, and erase the texts that nobody meant."""
    carrier.get(f"{SIM}/custom-field", json=body)
    with pytest.raises(errors.ProtocolError, match="holds nothing of what it should"):
        client.set_custom_fields("1", {"custom1": "b"})
    assert [call.request.method for call in carrier.calls] == ["GET"]


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"giccid": "1"}, {"custom3": None, "updateTime": "x"}])
def test_custom_fields_may_be_left_out(client: Client, carrier: Any, body: Any) -> None:
    carrier.get(f"{SIM}/custom-field", json=body)
    assert client.custom_fields("1").value == models.CustomFields()


def test_orders_send_what_was_given_and_nothing_else(client: Client, carrier: Any) -> None:
    carrier.post(f"{SIM}/supplementaryServicePackages", json={"servicePackageName": "Addon"})
    client.add_supplementary_package("1", "Addon")
    assert sent(carrier) == {"servicePackageName": "Addon"}
    client.add_supplementary_package("1", "Addon", datetime(2025, 8, 13, 6, tzinfo=UTC))
    assert sent(carrier) == {"servicePackageName": "Addon", "startTime": "2025-08-13T06:00:00+0000"}


@pytest.mark.parametrize(("effective", "code"), [(None, None), ("now", "IMMEDIATE"), ("next-cycle", "NEXT_CYCLE")])
def test_a_package_change_has_the_carriers_words(
    client: Client, carrier: Any, effective: str | None, code: str | None
) -> None:
    carrier.put(f"{SIM}/basicServicePackage", json={"effectiveType": code, "effectiveTime": "2025-09-01T00:00:00Z"})
    answer = client.change_basic_package("1", "Basic", effective)
    assert sent(carrier) == {"servicePackageName": "Basic"} | ({"effectiveType": code} if code else {})
    assert answer.value == models.PackageChange(None, code, datetime(2025, 9, 1, tzinfo=UTC))


def test_a_word_the_carrier_has_none_for_is_refused_unsent(client: Client) -> None:
    for call in (
        lambda: client.change_basic_package("1", "Basic", "IMMEDIATE"),
        lambda: client.batch_change_basic_package(["1"], "Basic", "later"),
        lambda: client.send_sms("x", to_giccid="1", encoding="utf-8"),
    ):
        with pytest.raises(errors.ValidationFailed):
            call()


def test_a_batch_sends_each_sim_once_and_answers_its_job(client: Client, carrier: Any) -> None:
    carrier.post(f"{BASE}/batchJobs/global-sims/deactivate", json={"jobId": 20250813063631000017})
    assert client.batch_suspend(["1", "2", "1"]).value.job_id == "20250813063631000017"
    assert sent(carrier) == {"giccids": ["1", "2"]}


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"jobId": null}'])
def test_a_batch_without_a_job_has_an_unknown_outcome(client: Client, carrier: Any, body: bytes) -> None:
    carrier.post(f"{BASE}/batchJobs/global-sims/retire", body=body)
    with pytest.raises(errors.ProtocolError) as caught:
        client.batch_retire(["1"])
    assert caught.value.is_outcome_unknown


@pytest.mark.parametrize("giccids", [[], [str(number) for number in range(1001)]])
def test_a_batch_has_limits(client: Client, giccids: list[str]) -> None:
    with pytest.raises(errors.ValidationFailed):
        client.batch_activate(giccids)


@pytest.mark.parametrize(
    ("job", "is_finished", "items"),
    [
        ({"status": "PENDING"}, False, None),
        ({"status": "COMPLETED", "details": []}, True, ()),
        ({"status": "FAILED"}, True, None),
        ({"status": "DONE?", "finishTime": "2025-08-13T06:36:40+0000"}, True, None),
    ],
)
def test_a_job_says_whether_it_is_finished(
    client: Client, carrier: Any, job: dict[str, Any], is_finished: bool, items: Any
) -> None:
    carrier.get(f"{BASE}/batchJobs/a%2Fb", json=job)
    value = client.batch_job("a/b").value
    assert (value.is_finished, value.items) == (is_finished, items)


def test_a_message_names_its_encoding_only_where_it_is_not_the_default(client: Client, carrier: Any) -> None:
    carrier.post(f"{BASE}/mt-sms", json={"smsMsgId": 7, "status": "PENDING"})
    assert client.send_sms("reboot", to_giccid="1").value == models.SmsMessage("7", status="PENDING")
    assert sent(carrier) == {"toGiccid": "1", "content": "reboot"}
    client.send_sms("0aff", to_msisdn="8614500000004", encoding="hex")
    assert sent(carrier) == {"toMsisdn": "8614500000004", "content": "0aff", "encoding": "HEX"}


def test_a_text_of_broken_characters_is_refused_unsent(client: Client) -> None:
    with pytest.raises(errors.ValidationFailed) as caught:
        client.send_sms("\ud800", to_giccid="1")
    assert caught.value.is_sent is False


def test_several_threads_share_one_client(client: Client, carrier: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    carrier.get(f"{BASE}/account/a", json={"name": "a"})
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: client.account("a"), range(8)))
    assert {answer.value for answer in answers} == {models.Account("a")}
