import pytest

from smarthub import check_base_url


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        (" https://api.example.com/v1/ ", "https://api.example.com/v1"),
        ("https://api.example.com:8443/proxy/v1//", "https://api.example.com:8443/proxy/v1"),
        ("http://127.0.0.1:8100/v1", "http://127.0.0.1:8100/v1"),
        ("http://localhost:8100/v1", "http://localhost:8100/v1"),
        ("http://[::1]:8100/v1", "http://[::1]:8100/v1"),
    ],
)
def test_takes_an_address_of_the_version(given: str, expected: str) -> None:
    assert check_base_url(given) == expected


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("https://api.example.com", "end in /v1"),
        ("https://api.example.com/v1/v2", "end in /v1"),
        ("https://api.example.com/xv1", "end in /v1"),
        ("http://api.example.com/v1", "use https"),
        ("http://127.0.0.1.example.com/v1", "use https"),
        ("ftp://api.example.com/v1", "begin with https"),
        ("/v1", "begin with https"),
        ("", "begin with https"),
        ("https:///v1", "begin with https"),
        ("https://me:secret@api.example.com/v1", "neither a user name"),
        ("https://api.example.com/v1?x=/v1", "neither a user name"),
        ("https://api.example.com:99999/v1", "port"),
        ("https://[bad/v1", "address"),
    ],
)
def test_refuses_everything_else_with_a_reason(given: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_base_url(given)
