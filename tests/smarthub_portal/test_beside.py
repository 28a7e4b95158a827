import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from smarthub_portal.access import AccessLog
from smarthub_portal.beside import Beside, is_immutable

SCOPE = {"type": "http", "method": "GET", "scheme": "http"}


async def answer(app: Any, path: str, **more: Any) -> tuple[int, list[dict[str, Any]]]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    await app({**SCOPE, "path": path, **more}, receive, send)
    return sent[0]["status"], sent


def run(answering: Coroutine[Any, Any, tuple[int, list[dict[str, Any]]]]) -> tuple[int, list[dict[str, Any]]]:
    """In a thread of its own: a browser test before us may have left a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, answering).result()


def says(status: int, seen: list[dict[str, Any]]) -> Any:
    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": status, "headers": []})

    return app


def test_a_bare_handler_answers_its_paths_beside_django() -> None:
    django, handler = [], []
    app = Beside(says(200, django), {"/webhooks/": says(202, handler)})

    assert run(answer(app, "/webhooks/smarthub/x/"))[0] == 202
    assert run(answer(app, "/sims/"))[0] == 200
    assert (len(django), len(handler)) == (1, 1)


@pytest.mark.parametrize(("public", "scheme"), [("https://sims.example.com", "https"), ("http://127.0.0.1", "http")])
def test_django_is_told_the_scheme_of_the_public_address(settings: Any, public: str, scheme: str) -> None:
    settings.PUBLIC_URL = public
    seen: list[dict[str, Any]] = []

    run(answer(Beside(says(200, seen), {}), "/"))

    assert seen[0]["scheme"] == scheme


def test_the_access_log_cuts_paths_and_leaves_queries_out(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr("smarthub_portal.access.log.info", lambda event, **values: lines.append(values), raising=False)
    app = AccessLog(says(204, []))

    run(answer(app, "/webhooks/smarthub/t0ken/sim-status/", query_string=b"q=8613912345678"))
    run(answer(app, "/health/live"))

    assert [(line["path"], line["status"]) for line in lines] == [("/webhooks/smarthub/[hidden]", 204)]
    assert "8613912345678" not in str(lines)


def test_who_goes_away_unanswered_is_no_fault_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[int] = []
    monkeypatch.setattr(
        "smarthub_portal.access.log.info", lambda event, **values: lines.append(values["status"]), raising=False
    )

    async def gone(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["path"] == "/broken/":
            raise ValueError("a mistake of ours")

    async def ask(path: str) -> tuple[int, list[dict[str, Any]]]:
        await AccessLog(gone)({**SCOPE, "path": path}, None, None)
        return 0, []

    run(ask("/sims/"))
    with pytest.raises(ValueError, match="a mistake"):
        run(ask("/broken/"))
    assert lines == [499, 500]


@pytest.mark.parametrize(
    ("url", "forever"), [("/static/js/portal.0a1b2c3d4e5f.js", True), ("/static/js/portal.js", False)]
)
def test_only_hashed_names_are_kept_for_ever(url: str, forever: bool) -> None:
    assert is_immutable("", url) is forever
