"""Connections of the intake's own: short of patience, and never Django's, for they must not wait behind its pages."""

from __future__ import annotations

from typing import Any

from django.db import connections

LIMIT_S = 2
_OPTIONS = (
    f"-c statement_timeout={LIMIT_S}s -c lock_timeout={LIMIT_S}s -c synchronous_commit=on "
    "-c application_name=portal-intake"
)


def parameters() -> dict[str, Any]:
    """Arguments of psycopg's `connect` for the portal's database."""
    found = connections["default"].settings_dict
    named = {
        "dbname": found["NAME"],
        "user": found["USER"],
        "password": found["PASSWORD"],
        "host": found["HOST"],
        "port": found["PORT"],
    }
    more = {name: value for name, value in found.get("OPTIONS", {}).items() if name.startswith("ssl")}
    given = {name: value for name, value in named.items() if value}
    return {**given, **more, "connect_timeout": LIMIT_S, "options": _OPTIONS, "autocommit": True}
