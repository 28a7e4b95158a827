from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import parse_qs, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smarthub.errors import ValidationFailed
from smarthub.operations import OPERATIONS
from smarthub.targets import build_path, build_query, check_giccids, redirected, wire_time


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("lab account", "/account/lab%20account"),
        ("a/b?c#d", "/account/a%2Fb%3Fc%23d"),
        ("库存 <script>", "/account/%E5%BA%93%E5%AD%98%20%3Cscript%3E"),
        ("a\r\nX-Evil: 1\x00", "/account/a%0D%0AX-Evil%3A%201%00"),
        ("100%25", "/account/100%2525"),
        ("...", "/account/..."),
    ],
)
def test_an_account_name_stays_in_its_segment(name: str, path: str) -> None:
    assert build_path(OPERATIONS["account"], {"name": name}) == path


@pytest.mark.parametrize("name", ["", ".", "..", "\ud800"])
def test_a_name_that_would_leave_its_segment_is_refused_unsent(name: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        build_path(OPERATIONS["service_packages"], {"account_name": name})
    assert caught.value.is_sent is False
    assert caught.value.operation == "service_packages"
    assert caught.value.errors[0].field == "account_name"


@pytest.mark.parametrize("giccid", ["", "..", "a/b", "1" * 33, "12 34", "é", "1\n", "changeLogs?"])
def test_a_giccid_is_letters_and_digits_only(giccid: str) -> None:
    with pytest.raises(ValidationFailed):
        build_path(OPERATIONS["sim_detail"], {"giccid": giccid})
    with pytest.raises(ValidationFailed):
        check_giccids("sim_list", ["8986011805021000004", giccid], 100)


def test_giccids_lose_repeats_and_have_a_limit() -> None:
    assert check_giccids("sim_list", ["1", "2", "1"], 2) == ["1", "2"]
    for wrong in ([], ["1", "2", "3"]):
        with pytest.raises(ValidationFailed):
            check_giccids("sim_list", wrong, 2)


@given(st.text(min_size=1))
def test_whatever_the_name_it_comes_back_from_one_segment(name: str) -> None:
    try:
        path = build_path(OPERATIONS["account"], {"name": name})
    except ValidationFailed:
        return
    assert path.count("/") == 2
    assert path.isascii()
    assert path.isprintable()
    assert unquote(path.rsplit("/", 1)[1]) == name


def test_a_query_has_the_carriers_names_and_no_blanks() -> None:
    values = {"account_name": "lab account&x=1", "giccids": ["1", "2"], "status": None, "po": "", "page": 0}
    query = build_query(OPERATIONS["sim_list"], values)
    assert parse_qs(query[1:]) == {"accountName": ["lab account&x=1"], "giccids": ["1,2"], "page": ["0"]}
    assert build_query(OPERATIONS["sim_list"], {"status": None}) == ""


def test_times_in_a_query_are_utc_with_their_plus_encoded() -> None:
    east = timezone(timedelta(hours=8))
    values = {"start_at": datetime(2025, 8, 1, 8, tzinfo=east), "end_at": datetime(2025, 8, 2, 1, 2, 3)}  # noqa: DTZ001
    query = build_query(OPERATIONS["sim_change_logs"], values)
    assert query == "?startTime=2025-08-01T00%3A00%3A00%2B0000&endTime=2025-08-02T01%3A02%3A03%2B0000"
    assert build_query(OPERATIONS["country_statistics"], {"start_date": date(2025, 8, 1)}) == "?startDate=2025-08-01"


def test_wire_time_and_python_agree() -> None:
    moment = datetime(2018, 10, 10, 10, 32, 50, tzinfo=UTC)
    assert wire_time(moment) == "2018-10-10T10:32:50+0000"
    assert datetime.fromisoformat(wire_time(moment)) == moment


HERE = "https://api.example.com/v1/global-sims?page=0"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/v1/other", "https://api.example.com/v1/other"),
        ("other#top", "https://api.example.com/v1/other"),
        ("https://api.example.com:443/v1/x", "https://api.example.com:443/v1/x"),
        ("https://API.example.com/v1/x", "https://API.example.com/v1/x"),
        ("http://api.example.com/v1/x", None),
        ("https://api.example.com:8443/v1/x", None),
        ("https://evil.example.com/v1/x", None),
        ("//evil.example.com/v1/x", None),
        ("https://me:you@api.example.com/v1/x", None),
        ("https://api.example.com@evil.example.com/", None),
        ("https://[", None),
        ("https://api.example.com:x/", None),
        ("", None),
        (None, None),
    ],
)
def test_a_redirect_is_followed_to_the_same_origin_only(location: str | None, target: str | None) -> None:
    assert redirected(HERE, location) == target
