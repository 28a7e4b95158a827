"""Which base URLs are acceptable."""

import ipaddress
from urllib.parse import urlsplit

from smarthub.operations import VERSION_SEGMENT


def check_base_url(url: str) -> str:
    """The base URL without a trailing slash. ValueError with a sentence where it cannot be used.

    It must end in /v1, hold no name, password, query or fragment, and be https unless its host is loopback.
    """
    url = url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("The base URL is no address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("The base URL must begin with https:// and name a host.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("The base URL must hold neither a user name nor a query.")
    if not _has_valid_port(url):
        raise ValueError("The base URL has an impossible port.")
    if not parts.path.endswith(VERSION_SEGMENT):
        raise ValueError(f"The base URL must end in {VERSION_SEGMENT}.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("Plain http is allowed for this machine itself only: use https.")
    return url


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by name or address (nothing is looked up)."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _has_valid_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False
