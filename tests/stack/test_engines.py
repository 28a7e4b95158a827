"""The engines as root and as a normal user, in the open and under a closed folder, new and on old data."""

import json
import os
from pathlib import Path

import psycopg
import pytest

from stack import account
from tests.stack.conftest import needs_root
from tests.stack.engines import postgres_in, valkey_in, visit
from tests.stack.somebody import SOMEBODY, as_somebody, somebodys_python

ROOT = Path(__file__).parent.parent.parent


def test_data_outlives_a_restart(folder: Path) -> None:
    first, second = visit(folder), visit(folder)

    assert (first["postgres"], first["valkey"]) == (1, 1)
    assert (second["postgres"], second["valkey"]) == (2, 2)


@needs_root
def test_root_runs_the_engines_as_nobody(folder: Path) -> None:
    assert visit(folder)["uid"] == account.NOBODY


@needs_root
@pytest.mark.skipif(not account.can_unshare(), reason="no user namespaces here")
def test_root_runs_them_in_a_namespace_where_nobody_may_not_walk(folder: Path) -> None:
    folder.chmod(0o700)

    assert visit(folder)["postgres"] == 1
    assert visit(folder)["postgres"] == 2
    assert (folder / "postgres" / "data").stat().st_uid == 0


@needs_root
def test_data_follows_a_folder_that_was_opened_later(folder: Path) -> None:
    folder.chmod(0o700)
    visit(folder)
    folder.chmod(0o755)

    assert visit(folder) == {"postgres": 2, "valkey": 2, "uid": account.NOBODY}


@needs_root
def test_without_namespaces_root_runs_a_copy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed, home = folder / "closed", folder / "home"
    closed.mkdir(mode=0o700)
    home.mkdir()
    monkeypatch.setattr(account, "can_unshare", lambda: False)
    monkeypatch.setattr(account, "FALLBACK_HOME", home)
    monkeypatch.setattr(account, "FALLBACK_SOCKETS", home / "run")

    assert visit(closed)["postgres"] == 1
    assert visit(closed) == {"postgres": 2, "valkey": 2, "uid": account.NOBODY}
    assert not (closed / "postgres").exists()


@needs_root
def test_a_normal_user_runs_them_as_themselves(folder: Path) -> None:
    os.chown(folder, SOMEBODY, SOMEBODY)
    done = as_somebody(somebodys_python(), "-m", "tests.stack.engines", str(folder))

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"postgres": 1, "valkey": 1, "uid": SOMEBODY}


def test_only_the_owner_reaches_sockets_and_password(folder: Path) -> None:
    postgres, valkey = postgres_in(folder), valkey_in(folder)
    postgres.start()
    valkey.start()
    try:
        assert (folder / "run").stat().st_mode & 0o777 == 0o700
        assert postgres.password_file.stat().st_mode & 0o777 == 0o600
        wrong = postgres.url.replace(postgres.password_file.read_text(), "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
    finally:
        valkey.stop()
        postgres.stop()


def test_a_deep_folder_gets_short_sockets(folder: Path) -> None:
    deep = folder / ("long-" * 12) / ("name-" * 8)
    deep.mkdir(parents=True)

    assert visit(deep)["postgres"] == 1
    sockets = postgres_in(deep).place.sockets
    assert len(os.fsencode(sockets)) < 100
    assert not sockets.is_relative_to(deep)
    assert sockets.stat().st_mode & 0o777 == 0o700


def test_postgres_is_tuned(folder: Path) -> None:
    postgres = postgres_in(folder, fast=False)
    postgres.start()
    try:
        with psycopg.connect(postgres.url) as connection:
            shown = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in TUNED}
    finally:
        postgres.stop()
    assert shown == TUNED


TUNED = {
    "listen_addresses": "",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "wal_compression": "pglz",
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
}
