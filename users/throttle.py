"""Ten failed logins of one name from one address, and that pair waits."""

import hashlib
import logging

from django.core.cache import cache
from redis.exceptions import RedisError

LIMIT = 10
WINDOW_S = 15 * 60
logger = logging.getLogger(__name__)


def _key(address: str, username: str) -> str:
    digest = hashlib.blake2b(f"{address}\n{username.casefold()}".encode(), digest_size=16)
    return f"login-failures:{digest.hexdigest()}"


def is_blocked(address: str, username: str) -> bool:
    """Whether this pair used up its tries. Without a cache nobody is locked out."""
    try:
        return int(cache.get(_key(address, username), 0)) >= LIMIT
    except RedisError:
        logger.warning("login throttle has no cache")
        return False


def count_failure(address: str, username: str) -> None:
    """One more failure; the window starts with the first."""
    key = _key(address, username)
    try:
        cache.add(key, 0, WINDOW_S)
        cache.incr(key)
    except (RedisError, ValueError):  # ValueError: the window ended between the two
        logger.warning("login failure was not counted")


def forget(address: str, username: str) -> None:
    """A login that worked clears what failed before it."""
    try:
        cache.delete(_key(address, username))
    except RedisError:
        logger.warning("login throttle has no cache")
