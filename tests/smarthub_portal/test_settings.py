"""The settings as another environment makes them, and what they do to an answer."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from smarthub_portal.addresses import broker_address
from smarthub_portal.secret import kept_secret
from stack.state import State, read_state, write_state

ASK = """
import json
from django.conf import settings
names = NAMES
print(json.dumps({name: getattr(settings, name) for name in names}, default=str))
"""


def settings_with(*names: str, **given: str) -> dict[str, Any]:
    command = [sys.executable, "-c", ASK.replace("NAMES", repr(names))]
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "smarthub_portal.settings", **given}
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("scheme", "is_secure"), [("https", True), ("http", False)])
def test_cookies_are_secure_exactly_where_the_address_is_https(scheme: str, is_secure: bool) -> None:
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS")

    found = settings_with(*names, PUBLIC_URL=f"{scheme}://sims.example.com")

    assert [bool(found[name]) for name in names] == [is_secure] * 3


@pytest.mark.parametrize(
    ("role", "has_pool", "has_limit"), [("web", True, True), ("worker", True, False), ("", False, False)]
)
def test_long_lived_processes_share_a_pool(role: str, has_pool: bool, has_limit: bool) -> None:
    database = settings_with("DATABASES", PORTAL_ROLE=role)["DATABASES"]["default"]

    assert database["CONN_MAX_AGE"] == 0
    assert (database["OPTIONS"].get("pool", {}).get("max_size") == 10) is has_pool
    assert ("statement_timeout" in database["OPTIONS"].get("options", "")) is has_limit


def test_any_command_finds_the_running_engines_and_carrier(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    address = "unix:///x/valkey.sock?db=0"
    state = State(
        database_url="postgresql://p:w@%2Fx/portal",
        redis_url=address,
        carrier_url="http://127.0.0.1:1/v1",
        carrier_key="k",
    )
    write_state(tmp_path, state)

    names = ("DATABASES", "REDIS_URL", "SMARTHUB_BASE_URL", "IS_SIMULATED")
    found = settings_with(*names, PORTAL_DATA_DIR=str(tmp_path), DATABASE_URL="", REDIS_URL="")

    assert (tmp_path / "run" / "stack.json").stat().st_mode & 0o777 == 0o600
    assert found["DATABASES"]["default"]["HOST"] == "/x"
    assert found["REDIS_URL"] == address
    assert found["SMARTHUB_BASE_URL"] == "http://127.0.0.1:1/v1"
    assert found["IS_SIMULATED"] is True


def test_a_torn_state_file_is_no_state(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "stack.json").write_text('{"database_url": ')

    assert read_state(tmp_path) == State()


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    first = kept_secret(tmp_path / "var" / "secret_key")

    assert len(first) > 50
    assert kept_secret(tmp_path / "var" / "secret_key") == first
    assert [(path.name, path.stat().st_mode & 0o777) for path in (tmp_path / "var").iterdir()] == [
        ("secret_key", 0o600)
    ]


@pytest.mark.parametrize(
    ("redis_url", "broker"),
    [
        ("unix:///run/valkey.sock?db=3", "redis+socket:///run/valkey.sock?virtual_host=3"),
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock?virtual_host=0"),
        ("redis://cache:6379/1", "redis://cache:6379/1"),
    ],
)
def test_celery_is_given_its_own_spelling(redis_url: str, broker: str) -> None:
    assert broker_address(redis_url) == broker


@pytest.mark.django_db
def test_every_page_has_the_strict_policy(client: Client) -> None:
    policy = dict(part.strip().split(" ", 1) for part in client.get("/login/")["Content-Security-Policy"].split(";"))

    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "manifest-src": "'self'",
    }
