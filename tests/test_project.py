"""Guards over the whole project, for what no single test would notice."""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from smarthub_portal.celery import QUEUES, WORKERS, app
from smarthub_portal.env import Env
from tests.browser.conftest import chromium

ROOT = Path(__file__).parent.parent
OPEN_ROUTES = {"health-live", "health-ready", "metrics", "users:login"}
SAMPLES = {"giccid": "8986011805021000004", "int": "1", "uuid": "0b0e7a4e-5d0c-4b57-9d0b-3f3b8f2f6a11", "slug": "x"}
ADDRESS = re.compile(
    r"""(?:src|href|action|url\(|@import|fetch\(|import)[\s=("']*(?:https?:)?//(?!www\.w3\.org)[\w.]"""
)


def _routes(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[tuple[str, str]]:
    """(name, route) of every view."""
    for entry in patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            for name, route in _routes(entry.url_patterns, inner):
                yield name, f"{entry.pattern}{route}"
        else:
            yield f"{space}{entry.name}", str(entry.pattern)


def _path(route: str) -> str:
    return "/" + re.sub(
        r"<(?:(\w+):)?(\w+)>", lambda match: SAMPLES.get(match[1]) or SAMPLES.get(match[2]) or "x", route
    )


ROUTES = sorted(_routes(get_resolver().url_patterns))


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "route"), [pair for pair in ROUTES if pair[0] not in OPEN_ROUTES])
def test_every_route_needs_login(client: Client, name: str, route: str) -> None:
    answer = client.get(_path(route))
    if answer.status_code == 405:
        answer = client.post(_path(route))

    assert answer.status_code == 302, f"{name} answered {answer.status_code}"
    assert answer["Location"].startswith("/login/")


def test_the_open_routes_are_there() -> None:
    assert {name for name, _ in ROUTES} >= OPEN_ROUTES


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("name", Env.model_fields)
def test_every_setting_is_in_the_example_and_the_docs(name: str) -> None:
    assert re.search(rf"^#?{name}=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert f"| `{name}` |" in (ROOT / "docs" / "settings.md").read_text()


def test_the_example_has_no_setting_that_is_none() -> None:
    named = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert set(named) == set(Env.model_fields)


def test_every_queue_has_a_worker_and_every_task_a_queue() -> None:
    served = [queue for queues in WORKERS.values() for queue in queues]
    app.loader.import_default_modules()
    asked = {getattr(task, "queue", None) or app.conf.task_default_queue for task in app.tasks.values()}

    assert sorted(served) == sorted(QUEUES)
    assert {queue.name for queue in app.conf.task_queues} == set(QUEUES)
    assert asked <= set(QUEUES)


def test_beat_and_the_start_name_tasks_that_exist() -> None:
    app.loader.import_default_modules()
    named = {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()} | set(settings.START_TASKS)

    assert named <= set(app.tasks)


def _own_files() -> list[Path]:
    found = [path for folder in ("templates", "static") for path in (ROOT / folder).rglob("*")]
    return [path for path in found if path.suffix in (".html", ".css", ".js", ".svg") and "vendor" not in path.parts]


def test_no_page_asks_another_host_for_anything() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:100]}"
        for path in _own_files()
        for line in path.read_text().splitlines()
        if ADDRESS.search(line)
    ]

    assert found == []


def test_nothing_in_a_template_is_inline() -> None:
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=[\"']|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)
    found = [
        str(path.relative_to(ROOT))
        for path in _own_files()
        if path.suffix == ".html" and inline.search(path.read_text())
    ]

    assert found == []


def test_our_apps_are_under_the_import_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    ours = {config.name for config in apps.get_app_configs() if (ROOT / config.name).is_dir()}

    assert ours <= set(contracts["root_packages"])


def _made(target: str) -> list[str]:
    """The commands of a target, also where a make runs this."""
    clean = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    command = ["make", "--no-print-directory", "-n", target]
    return subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize(
    ("target", "lock", "runs"),
    [
        ("run", "requirements.lock", "manage.py up"),
        ("test", "requirements-dev.lock", ".ci/tests.py"),
        ("check", "requirements-dev.lock", ".ci/check.py"),
        ("bench", "requirements-dev.lock", "-m benchmarks"),
    ],
)
def test_each_command_installs_what_it_needs_and_runs(target: str, lock: str, runs: str) -> None:
    install, *command = _made(target)

    assert install.split()[-2:] == [".ci/install", lock]
    assert [runs in line for line in command] == [True]


def test_both_lock_files_hold_checksums_and_no_addresses() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        lock = (ROOT / name).read_text()
        packages = re.findall(r"^[\w.\[\]-]+==\S+.*?(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL)
        assert packages and all("--hash=sha256:" in package for package in packages)
        assert "://" not in lock


def test_what_has_to_hold_before_a_change_is_the_checks_and_the_tests_with_a_browser() -> None:
    made = re.findall(r"^(?:\w+=\d )?make .+", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)

    assert made == ["make check", "REQUIRE_BROWSER=1 make test"]


def test_the_readme_opens_with_a_sentence_a_picture_and_two_commands() -> None:
    title, sentence, picture, commands = (ROOT / "README.md").read_text().split("\n\n")[:4]

    assert title.startswith("# ") and sentence.count(".") == 1 and sentence.endswith(".")
    shown = ROOT / re.fullmatch(r"!\[.+\]\((.+)\)", picture)[1]
    assert shown.read_bytes().startswith(b"\x89PNG")
    assert re.findall(r"^make \w+", commands, re.MULTILINE) == ["make run", "make test"]


def test_licence_and_changelog_are_there() -> None:
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
    assert re.search(r"^## .+\n\n- ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_the_architecture_has_its_picture_and_tells_of_every_folder() -> None:
    told = (ROOT / "docs" / "architecture.md").read_text()
    folders = {"templates", "static"} | {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert told.count("```mermaid") == 1
    assert {folder for folder in folders if f"**{folder}**" not in told} == set()


@pytest.mark.parametrize(("required", "outcome"), [("1", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_no_chromium_is_a_failure_where_one_is_required(
    monkeypatch: pytest.MonkeyPatch, required: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setenv("REQUIRE_BROWSER", required)

    with pytest.raises(outcome, match="no Chromium found: install it"):
        chromium()
