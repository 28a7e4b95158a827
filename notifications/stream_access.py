"""Who watches a stream, and whether they still may. No viewer holds a connection between two askings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.http import parse_cookie
from django.utils.crypto import constant_time_compare
from psycopg_pool import AsyncConnectionPool

from journal.feed import Scope
from users.models import User

SESSION = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > now()"
# No row of access is no limit.
SCOPE = "ARRAY(SELECT account_id FROM enterprise_accountaccess a WHERE a.user_id = u.id ORDER BY account_id)"
PERSON = f"SELECT password, {SCOPE} FROM users_user u WHERE id = %s AND is_active"
# All viewers of the process at once.
STILL = f"""
SELECT place, {SCOPE} FROM unnest(%s::text[], %s::bigint[], %s::text[]) WITH ORDINALITY
    AS asked (session_key, user_id, password, place)
JOIN django_session s ON s.session_key = asked.session_key AND s.expire_date > now()
JOIN users_user u ON u.id = asked.user_id AND u.is_active AND u.password = asked.password
"""
OPTIONS = {"connect_timeout": 2, "options": "-c statement_timeout=3s"}


@dataclass(frozen=True, slots=True)
class Person:
    """Who watches: their session, and what made it theirs; `scope` is the accounts they may see."""

    session_key: str
    user_id: int
    password: str
    scope: Scope = None


class Access:
    """Asks the database through a small pool of its own; raises psycopg.Error when it is away."""

    def __init__(self) -> None:
        self._pool: AsyncConnectionPool[Any] | None = None

    async def person(self, cookie: str) -> Person | None:
        """Who sends this Cookie header; None for nobody who may watch."""
        key = _session_key(cookie)
        if not key:
            return None
        pool = await self._opened()
        async with pool.connection() as connection:
            session = await (await connection.execute(SESSION, [key])).fetchone()
            held = SessionStore().decode(session[0]) if session else {}
            if SESSION_KEY not in held:
                return None
            user_id = int(held[SESSION_KEY])
            found = await (await connection.execute(PERSON, [user_id])).fetchone()
        if not found or not _is_theirs(held, found[0]):
            return None
        return Person(key, user_id, found[0], frozenset(found[1]) or None)

    async def still(self, people: Iterable[Person]) -> set[Person]:
        """Those of them whose session goes on and whose scope is the same. One query."""
        asked = list(people)
        pool = await self._opened()
        async with pool.connection() as connection:
            cursor = await connection.execute(
                STILL,
                [
                    [person.session_key for person in asked],
                    [person.user_id for person in asked],
                    [person.password for person in asked],
                ],
            )
            found = [(asked[place - 1], accounts) for place, accounts in await cursor.fetchall()]
        return {person for person, accounts in found if person.scope == (frozenset(accounts) or None)}

    async def close(self) -> None:
        if self._pool:
            await self._pool.close(timeout=1)
            self._pool = None

    async def _opened(self) -> AsyncConnectionPool[Any]:
        if self._pool is None:
            pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
                kwargs=_address() | OPTIONS | {"autocommit": True},
                min_size=0, max_size=3, max_idle=30, timeout=5, open=False, name="stream",
            )  # fmt: skip
            self._pool = pool
            await pool.open()
        return self._pool


def _address() -> dict[str, Any]:
    held = connections["default"].settings_dict
    fields = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    ssl = {name: value for name, value in held["OPTIONS"].items() if name.startswith("ssl")}
    return {name: held[key] for name, key in fields.items() if held[key]} | ssl


def _session_key(cookie: str) -> str:
    try:
        key = parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME, "")
    except CookieError:
        return ""
    return key if key.isascii() and key.isalnum() else ""


def _is_theirs(held: dict[str, Any], password: str) -> bool:
    known = User(password=password).get_session_auth_hash()
    return constant_time_compare(held.get(HASH_SESSION_KEY, ""), known)
