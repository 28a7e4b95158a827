"""Names and addresses of machines, as settings need them."""

import ipaddress
import socket
from urllib.parse import urlsplit

import psutil

_WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def join_address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def own_names(host: str) -> list[str]:
    """What a browser may call this machine when we listen on `host`: every address of it where that is all of them."""
    if host not in _WILDCARDS:
        return [f"[{host}]" if ":" in host else host]
    families = {socket.AF_INET, socket.AF_INET6}
    addresses = [
        entry.address.partition("%")[0]
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family in families
    ]
    return [socket.gethostname(), *(f"[{item}]" if ":" in item else item for item in addresses)]
