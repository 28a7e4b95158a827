"""Who may create the extension that searching inside numbers stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from sims import trigrams
from sims.models import SyncRun

create_trigrams = import_module("sims.migrations.0007_working_sets").create_trigrams
PASSWORD = "of-tests"


@pytest.fixture
def as_role(db) -> Iterator[Callable[[str], BaseDatabaseWrapper]]:
    """A connection of a plain role to a database of its own, made by the suite's user outside any transaction."""
    suite = connection.copy()
    name = f"{connection.settings_dict['NAME']}_trgm"
    opened = []

    def connect(role: str) -> BaseDatabaseWrapper:
        other = connection.copy()
        other.settings_dict |= {"NAME": name, "USER": f"{name}_{role}", "PASSWORD": PASSWORD}
        other.alias = role
        connections[role] = other
        opened.append(other)
        return other

    roles = [f"{name}_owner", f"{name}_guest"]
    with suite.cursor() as cursor:
        for role in roles:
            cursor.execute(f"CREATE ROLE \"{role}\" LOGIN NOSUPERUSER PASSWORD '{PASSWORD}'")
        cursor.execute(f'CREATE DATABASE "{name}" OWNER "{roles[0]}"')
    yield connect
    for other in opened:
        other.close()
        del connections[other.alias]
    with suite.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}"')
        for role in roles:
            cursor.execute(f'DROP ROLE "{role}"')
    suite.close()


def create(database: BaseDatabaseWrapper) -> None:
    with database.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")


def test_the_owner_of_the_database_may_create_it_without_being_superuser(as_role):
    owner, guest = as_role("owner"), as_role("guest")
    create(owner)
    with guest.cursor() as cursor:
        cursor.execute("SELECT similarity('abc', 'abd')")
    create(guest)  # it is there, so nobody asks for a right


def test_who_may_not_is_told_what_to_do(as_role):
    guest = as_role("guest")
    with pytest.raises(RuntimeError, match=r'run "CREATE EXTENSION pg_trgm" in the database .*_trgm, and start again'):
        create_trigrams(None, SimpleNamespace(connection=guest))


@pytest.mark.django_db(transaction=True)
def test_index_is_built_online_after_the_first_complete_run_and_once():
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {trigrams.NAME}")
    assert not trigrams.ensure_index_when_filled()
    SyncRun.objects.create(kind="full", trigger="plan", state="finished")
    assert trigrams.ensure_index_when_filled()
    assert not trigrams.ensure_index_when_filled()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {trigrams.NAME}")
