import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import responses
from responses import matchers

from smarthub import Client, errors
from smarthub.answers import retry_after_s
from tests.smarthub.conftest import KEY

BASE = "https://api.example.com/v1"
SIM = f"{BASE}/global-sims/1"

READ = ("GET", SIM, lambda client: client.read_sim("1"))
REPLACE = ("PUT", f"{SIM}/apnStatus", lambda client: client.set_apn_status("1", "iot", "OPEN"))
ACTION = ("POST", f"{SIM}/activate", lambda client: client.activate("1"))
ONCE = ("PUT", f"{SIM}/basicServicePackage", lambda client: client.change_basic_package("1", "Basic"))
SMS = ("POST", f"{BASE}/mt-sms", lambda client: client.send_sms("reboot", to_giccid="1"))

Case = tuple[str, str, Callable[[Client], Any]]


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    return make_client(BASE, version="9.8")


@pytest.fixture
def carrier() -> Any:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def sleeps(events: list[Any]) -> list[float]:
    return [event[1] for event in events if event[0] == "sleep"]


@pytest.mark.parametrize(
    ("case", "status", "attempts"),
    [
        *[(READ, status, 4) for status in (429, 502, 503, 504)],
        *[(READ, status, 1) for status in (400, 401, 403, 404, 405, 422, 500, 501)],
        (REPLACE, 429, 4),
        *[(REPLACE, status, 3) for status in (502, 503, 504)],
        (REPLACE, 500, 1),
        *[(case, 429, 4) for case in (ACTION, ONCE, SMS)],
        *[(case, status, 1) for case in (ACTION, ONCE, SMS) for status in (500, 502, 503, 504)],
    ],
)
def test_an_answer_is_asked_for_again_as_its_row_allows(
    client: Client, carrier: Any, events: list[Any], case: Case, status: int, attempts: int
) -> None:
    method, url, call = case
    carrier.add(method, url, status=status)
    with pytest.raises(errors.CarrierError) as caught:
        call(client)
    assert len(carrier.calls) == attempts
    assert events.count("acquire") == attempts
    assert len(sleeps(events)) == attempts - 1
    assert caught.value.status == status
    assert caught.value.reply.attempts == attempts


@pytest.mark.parametrize(("case", "attempts"), [(READ, 4), (REPLACE, 3), (ACTION, 3), (ONCE, 3), (SMS, 3)])
def test_a_carrier_out_of_reach_is_tried_again_by_all(
    make_client: Callable[..., Client], events: list[Any], case: Case, attempts: int, closed_port: int
) -> None:
    client = make_client(f"http://127.0.0.1:{closed_port}/v1")
    with pytest.raises(errors.TransportError) as caught:
        case[2](client)
    assert caught.value.sent is False
    assert caught.value.is_outcome_unknown is False
    assert events.count("acquire") == attempts


@pytest.fixture
def closed_port() -> Any:
    import socket

    with socket.socket() as held:
        # Bound and never listening: nobody else can take it meanwhile.
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_later_success_is_the_answer_of_its_own_request(client: Client, carrier: Any) -> None:
    carrier.get(SIM, status=502)
    carrier.get(SIM, json={"giccid": "1", "status": "A"}, headers={"Date": "Wed, 13 Aug 2025 06:00:00 GMT"})
    before = datetime.now(UTC)
    answer = client.read_sim("1")
    assert answer.value.giccid == "1"
    assert answer.reply.attempts == 2
    assert before <= answer.reply.asked_at <= datetime.now(UTC)
    assert answer.reply.carrier_at == datetime(2025, 8, 13, 6, tzinfo=UTC)


def test_each_attempt_is_stamped_after_the_governor_let_it_go(make_client: Callable[..., Client], carrier: Any) -> None:
    released: list[datetime] = []

    class Slow:
        def acquire(self) -> None:
            released.append(datetime.now(UTC))

        def throttled(self, retry_after_s: float) -> None:
            raise AssertionError

    carrier.get(SIM, status=502)
    carrier.get(SIM, json={"giccid": "1", "status": "A"})
    answer = make_client(BASE, governor=Slow()).read_sim("1")
    assert len(released) == 2
    assert answer.reply.asked_at >= released[-1]


def test_waits_grow_with_jitter(client: Client, carrier: Any, events: list[Any]) -> None:
    carrier.get(SIM, status=503)
    with pytest.raises(errors.ServerError):
        client.read_sim("1")
    for wait, middle in zip(sleeps(events), (0.5, 1.0, 2.0), strict=True):
        assert 0.5 * middle <= wait <= 1.5 * middle


@pytest.mark.parametrize(("header", "wait"), [("7", 7.0), ("600", 60.0), (None, 1.0), ("soon", 1.0)])
def test_retry_after_is_obeyed_and_told_to_the_governor(
    client: Client, carrier: Any, events: list[Any], header: str | None, wait: float
) -> None:
    carrier.post(f"{SIM}/activate", status=429, headers={"Retry-After": header} if header else {})
    carrier.post(f"{SIM}/activate", status=200)
    client.activate("1")
    assert events == ["acquire", ("throttled", wait), ("sleep", wait), "acquire"]


def test_the_last_429_too_is_told_to_the_governor(client: Client, carrier: Any, events: list[Any]) -> None:
    carrier.get(SIM, status=429, headers={"Retry-After": "3"})
    with pytest.raises(errors.RateLimited) as caught:
        client.read_sim("1")
    assert caught.value.retry_after_s == 3.0
    assert events.count(("throttled", 3.0)) == 4


def test_retry_after_may_be_a_date() -> None:
    now = datetime(2025, 8, 13, 6, tzinfo=UTC)
    assert retry_after_s("Wed, 13 Aug 2025 06:00:09 GMT", now) == 9.0
    assert retry_after_s("Wed, 13 Aug 2025 05:00:00 GMT", now) == 0.0
    assert retry_after_s("-5", now) == 1.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("1.5", 1.5),
        (" 7 ", 7.0),
        ("99999999999", 86400.0),
        ("9" * 400, 86400.0),
        ("nan", 1.0),
        ("1e9", 1.0),
        ("٣", 1.0),
    ],
)
def test_retry_after_is_a_number_of_any_length_and_of_no_other_kind(header: str, seconds: float) -> None:
    assert retry_after_s(header, datetime(2025, 8, 13, 6, tzinfo=UTC)) == seconds


def test_a_call_limit_ends_the_retries(make_client: Callable[..., Client], carrier: Any, events: list[Any]) -> None:
    carrier.get(SIM, status=429, headers={"Retry-After": "30"})
    with pytest.raises(errors.RateLimited):
        make_client(BASE, call_limit_s=5).read_sim("1")
    assert sleeps(events) == []


def test_nothing_is_sent_once_the_governor_has_used_up_the_call_limit(
    make_client: Callable[..., Client], carrier: Any, events: list[Any]
) -> None:
    with pytest.raises(errors.TransportError) as caught:
        make_client(BASE, call_limit_s=0).suspend("1")
    assert caught.value.is_sent is False
    assert len(carrier.calls) == 0
    assert events == ["acquire"]


def test_every_request_carries_key_and_version(client: Client, carrier: Any) -> None:
    headers = {"X-API-Key": KEY, "User-Agent": "smarthub-portal/9.8"}
    carrier.get(SIM, json={"giccid": "1", "status": "A"}, match=[matchers.header_matcher(headers)])
    client.read_sim("1")
    assert KEY not in carrier.calls[0].request.url


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (
            400,
            {"title": "Bad Request", "status": 400, "detail": "Body should be a JSON object"},
            errors.ValidationFailed,
        ),
        (401, {"title": "Invalid api key", "status": 401}, errors.AuthError),
        (403, {"title": "Access forbidden", "status": 403}, errors.PermissionDenied),
        (404, {"title": "Not Found", "status": 404}, errors.NotFound),
        (405, {}, errors.ValidationFailed),
        (422, {"errors": [{"field": "giccid", "code": "missing"}]}, errors.NotFound),
        (422, {"errors": [{"code": "missing"}, {"code": "invalid"}]}, errors.ValidationFailed),
        (422, {"errors": []}, errors.ValidationFailed),
        (400, {"errors": [{"code": "missing"}]}, errors.ValidationFailed),
        (422, {"errors": [{"code": "illegal_status", "message": "no"}]}, errors.IllegalStatus),
        (409, {"errors": [{"code": "illegal_status"}]}, errors.IllegalStatus),
        (404, {"errors": [{"code": "illegal_status"}]}, errors.IllegalStatus),
        (422, {"errors": {"code": "illegal_status"}}, errors.IllegalStatus),
        (422, {"errors": [{"code": 7}, "x", None]}, errors.ValidationFailed),
        (422, {"errors": "x", "title": 3, "detail": ["x"]}, errors.ValidationFailed),
        (422, ["x"], errors.ValidationFailed),
        (500, {"errors": [{"code": "illegal_status"}]}, errors.ServerError),
    ],
)
def test_an_error_answer_becomes_the_exception_that_says_what_it_means(
    client: Client, carrier: Any, status: int, body: Any, kind: type[errors.CarrierError]
) -> None:
    carrier.get(SIM, status=status, json=body)
    with pytest.raises(errors.CarrierError) as caught:
        client.read_sim("1")
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.operation == "sim_detail"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "", errors.AuthError),
        (422, "illegal_status", errors.IllegalStatus),
        (429, "", errors.RateLimited),
        (500, "", errors.ServerError),
    ],
)
def test_an_error_under_a_success_is_an_error(
    client: Client, carrier: Any, status: int, code: str, kind: type[errors.CarrierError]
) -> None:
    problem = {"type": "about:blank", "title": "No", "status": status, "errors": [{"code": code}] if code else []}
    for method, call in (("GET", client.read_sim), ("POST", client.retire)):
        carrier.add(method, SIM if method == "GET" else f"{SIM}/retire", json=problem)
        with pytest.raises(kind) as caught:
            call("1")
        assert (caught.value.status, caught.value.is_outcome_unknown) == (status, status == 500)


@pytest.mark.parametrize("more", [{"giccid": "1"}, {"data": []}, {"status": "500"}, {"status": 200}, {"title": None}])
def test_an_answer_that_only_looks_like_an_error_is_none(client: Client, carrier: Any, more: dict[str, Any]) -> None:
    carrier.post(f"{SIM}/retire", json={"title": "No", "status": 500} | more)
    client.retire("1")


@pytest.mark.parametrize("body", ["", "<html>Bad Gateway</html>", "{", "null", "[" * 5000, b"\xff\xfe"])
def test_the_body_of_an_error_may_be_anything(client: Client, carrier: Any, body: Any) -> None:
    carrier.get(SIM, status=500, body=body)
    with pytest.raises(errors.ServerError) as caught:
        client.read_sim("1")
    assert (caught.value.title, caught.value.detail, caught.value.errors) == ("", "", ())


def test_an_error_carries_the_carriers_words_but_prints_only_its_codes(client: Client, carrier: Any) -> None:
    item = {"resource": "mt", "field": "toMsisdn", "code": "invalid", "message": "8614500000004 is no number"}
    body = {"title": "Validation Failed", "detail": "8614500000004", "errors": [item]}
    carrier.post(f"{BASE}/mt-sms", status=422, json=body)
    with pytest.raises(errors.ValidationFailed) as caught:
        client.send_sms("reboot", to_msisdn="8614500000004")
    assert caught.value.detail == "8614500000004"
    assert caught.value.errors[0].message == "8614500000004 is no number"
    assert str(caught.value) == "sms_send: 422 Validation Failed (toMsisdn: invalid)"
    assert "86145" not in repr(caught.value)


def test_an_error_survives_being_pickled(client: Client, carrier: Any) -> None:
    carrier.get(SIM, status=429, headers={"Retry-After": "3"})
    with pytest.raises(errors.RateLimited) as caught:
        client.read_sim("1")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is errors.RateLimited
    assert (copy.retry_after_s, copy.status, str(copy)) == (3.0, 429, str(caught.value))
    record = pickle.loads(pickle.dumps(errors.RecordError("1", "status", "Status is missing.")))
    assert (record.giccid, record.field, str(record)) == ("1", "status", "1: Status is missing.")


def test_a_key_repeated_by_the_carrier_is_cut_out(client: Client, carrier: Any) -> None:
    body = {"title": f"Invalid api key {KEY}", "detail": KEY, "errors": [{"code": KEY, "message": KEY}]}
    carrier.get(SIM, status=401, json=body)
    with pytest.raises(errors.AuthError) as caught:
        client.read_sim("1")
    assert KEY not in str(vars(caught.value))
    assert caught.value.title == "Invalid api key ***"


def test_the_key_stands_in_no_repr(client: Client) -> None:
    transport = client._transport
    for thing in (client, transport, transport.auth, transport.exchange, transport.__dict__, client.__dict__):
        assert KEY not in repr(thing)


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "schlüssel", "nul\x00"])
def test_a_key_that_no_header_can_hold_is_refused_without_printing_it(key: str) -> None:
    with pytest.raises(ValueError, match="API key") as caught:
        Client(base_url=BASE, api_key=key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_read_follows_three_redirects_within_its_host(
    client: Client, carrier: Any, events: list[Any], status: int
) -> None:
    carrier.get(SIM, status=status, headers={"Location": "/v1/a"})
    carrier.get(f"{BASE}/a", status=status, headers={"Location": "b"})
    carrier.get(f"{BASE}/b", status=status, headers={"Location": f"{BASE}/c"})
    carrier.get(f"{BASE}/c", json={"giccid": "1", "status": "A"})
    assert client.read_sim("1").value.giccid == "1"
    assert events == ["acquire"] * 4


def test_the_fourth_redirect_is_an_error(client: Client, carrier: Any) -> None:
    carrier.get(SIM, status=302, headers={"Location": SIM})
    with pytest.raises(errors.ProtocolError, match="Redirected"):
        client.read_sim("1")
    assert len(carrier.calls) == 4


def test_a_change_follows_one_307_with_its_body(client: Client, carrier: Any) -> None:
    method, url, call = REPLACE
    carrier.add(method, url, status=307, headers={"Location": "/v1/there"})
    carrier.put(f"{BASE}/there", status=200)
    call(client)
    assert carrier.calls[0].request.body == carrier.calls[1].request.body
    assert len(carrier.calls) == 2


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 308])
def test_a_change_follows_no_other_redirect(client: Client, carrier: Any, status: int) -> None:
    method, url, call = SMS
    carrier.add(method, url, status=status, headers={"Location": url})
    with pytest.raises(errors.ProtocolError) as caught:
        call(client)
    assert caught.value.is_outcome_unknown
    assert len(carrier.calls) == 1


def test_a_change_follows_a_307_once_only(client: Client, carrier: Any) -> None:
    method, url, call = SMS
    carrier.add(method, url, status=307, headers={"Location": url})
    with pytest.raises(errors.ProtocolError):
        call(client)
    assert len(carrier.calls) == 2


@pytest.mark.parametrize("location", [None, "https://evil.example.com/v1/x", "http://api.example.com/v1/global-sims/1"])
def test_no_redirect_leads_elsewhere(client: Client, carrier: Any, location: str | None) -> None:
    carrier.get(SIM, status=302, headers={"Location": location} if location else {})
    with pytest.raises(errors.ProtocolError, match="Redirected"):
        client.read_sim("1")
    assert len(carrier.calls) == 1


@pytest.mark.parametrize("last", [429, ConnectionRefusedError()])
def test_what_may_have_arrived_stays_unknown_whatever_comes_after(
    client: Client, carrier: Any, last: int | Exception
) -> None:
    method, url, call = REPLACE
    carrier.add(method, url, status=503)
    if isinstance(last, int):
        carrier.add(method, url, status=last)
    else:
        carrier.add(method, url, body=last)
    with pytest.raises(errors.CarrierError) as caught:
        call(client)
    assert (caught.value.is_sent, caught.value.is_outcome_unknown) == (True, True)


def test_a_clear_refusal_after_a_lost_reply_is_clear(client: Client, carrier: Any) -> None:
    method, url, call = REPLACE
    carrier.add(method, url, status=503)
    carrier.add(method, url, status=422)
    with pytest.raises(errors.ValidationFailed) as caught:
        call(client)
    assert not caught.value.is_outcome_unknown


class Impatient:
    """Lets so many requests leave, and no more."""

    def __init__(self, left: int = 1) -> None:
        self.left = left

    def acquire(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise LookupError("no turn")

    def throttled(self, retry_after_s: float) -> None:
        self.left = 0


def test_no_turn_for_another_attempt_leaves_the_first_unknown(make_client: Callable[..., Client], carrier: Any) -> None:
    method, url, call = REPLACE
    carrier.add(method, url, status=503)
    with pytest.raises(errors.TransportError) as caught:
        call(make_client(BASE, governor=Impatient()))
    assert caught.value.is_outcome_unknown
    with pytest.raises(LookupError):
        call(make_client(BASE, governor=Impatient(left=0)))
