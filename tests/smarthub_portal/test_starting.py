from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from smarthub_portal import celery, web


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_worker_keeps_what_it_has_loaded_once_it_may_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[int] = []
    monkeypatch.setattr(celery, "pass_gate", lambda: frozen.append(gc.get_freeze_count()))
    celery._wait_for_tables()
    assert frozen == [0] and gc.get_freeze_count()


def test_web_looks_for_static_files_only_once_the_gate_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr("django.setup", lambda: None)
    monkeypatch.setattr("importlib.import_module", loaded.append)
    web._load_pages()
    assert loaded == ["smarthub_portal.urls"]


def test_web_keeps_what_it_has_loaded_before_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[int] = []
    monkeypatch.setattr(web, "_load_pages", lambda: None)
    monkeypatch.setattr(web, "pass_gate", lambda: None)
    monkeypatch.setattr(web, "_serve", lambda number: frozen.append(gc.get_freeze_count()))
    monkeypatch.setattr("sys.argv", ["web", "3"])
    web.main()
    assert frozen[0] > 0
