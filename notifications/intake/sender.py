"""Who may push: an optional list of addresses, an optional signature. Both are off unless the settings say so."""

from __future__ import annotations

import hmac
from functools import lru_cache
from hashlib import sha256
from ipaddress import ip_address, ip_network

from django.conf import settings

SIGNATURE = b"x-smarthub-signature"
TIMESTAMP = b"x-smarthub-timestamp"


def may_send(source: str) -> bool:
    """Whether the address is in the list, where there is one."""
    return not settings.PUSH_ADDRESSES or _is_listed(source, tuple(settings.PUSH_ADDRESSES))


@lru_cache(maxsize=1024)
def _is_listed(source: str, listed: tuple[str, ...]) -> bool:
    try:
        address = ip_address(source)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ip_network(each, strict=False) for each in listed)


def is_signed(headers: dict[bytes, bytes], body: bytes) -> bool:
    """Whether the signature holds, where there is a secret.

    The age of the timestamp is not looked at: a push sent again is recognised, and a hint in any case.
    """
    if not settings.PUSH_SIGNATURE_SECRET:
        return True
    signed = headers.get(TIMESTAMP, b"") + b"." + body
    expected = "sha256=" + hmac.new(settings.PUSH_SIGNATURE_SECRET.encode(), signed, sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), headers.get(SIGNATURE, b""))
