"""Finding SIMs among FLEET, against Django admin's search of the same table in the same run.

Each answer is a whole page through the whole of Django. Ours is asked DRAWS times for numbers drawn anew, the admin
PEER_DRAWS times, for it takes seconds; both times are medians. BENCH_HUGE as for the list.

What is measured is a portal in steady use. PostgreSQL is started anew, everything that these pages read is read through
once, as the hourly run does with the fleet, and each question is asked WARM_UP times first. Before that, the same is
asked "cold", right after a start with no page of the data in memory. Both are done alike at each size.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.fleet import HUGE, giccid, huge_fleet, imei, kept_folder, make_fleet, measured_huge, wants_huge, warm
from benchmarks.portal import Engines, PeakMemory, portal, say

FLEET = HUGE if "huge" in sys.argv else int(os.environ.get("BENCH_SIMS", 1_000_000))
DRAWS, TYPED_DRAWS, PEER_DRAWS, PASTES, WARM_UP = 100, 400, 3, 5, 25
READ = (
    "sims_sim", "sims_sim_pkey", "sims_syncpage", "sims_pagesims", "page_sims",
    "sims_simidentifier", "identifier_value", "identifier_reversed", "identifier_inside",
)  # fmt: skip
PASTED = min(10_000, FLEET)
GOALS = {"whole": 100, "beginning": 100, "last 6": 100, "inside": 20}
draw = random.Random(20261122)

QUESTIONS: dict[str, Callable[[str], str]] = {
    "whole": lambda number: number,
    "beginning": lambda number: number[:15],
    "last 6": lambda number: number[-6:],
    "inside": lambda number: number[6:17],
}


def _client() -> Any:
    """Signed in to both; the admin knows the SIMs only here."""
    from django.contrib import admin
    from django.test import Client

    from sims.models import Sim
    from users.models import User

    class SimAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
        list_display = ("giccid", "status", "account", "package", "data_usage_mb", "package_ends_at")
        list_per_page = 50
        list_select_related = ("account",)
        search_fields = ("giccid", "identifiers__value")

    admin.site.register(Sim, SimAdmin)
    admin_rights = {"is_superuser": True, "is_staff": True, "role": User.Role.ADMIN}
    user = User.objects.get_or_create(username="bench", defaults=admin_rights)[0]
    client = Client()
    client.force_login(user)
    return client


def _number() -> str:
    return giccid(draw.randint(1, FLEET))


def _timed(ask: Callable[[], Any], status: int = 200) -> float:
    began = time.perf_counter()
    answer = ask()
    spent = time.perf_counter() - began
    assert answer.status_code == status, answer.status_code
    return spent * 1000


def _median(times: list[float]) -> float:
    return round(statistics.median(times), 1)


def _p95(times: list[float]) -> float:
    return round(statistics.quantiles(times, n=20)[-1], 1)


def _questions(client: Any) -> dict[str, Any]:
    figures = {}
    for name, part in QUESTIONS.items():
        ours = [_timed(lambda part=part: client.get("/sims/", {"q": part(_number())})) for _ in range(DRAWS)]
        figures[name] = {"ours_ms": _median(ours), "ours_p95_ms": _p95(ours)}
        say(f"{name}: {figures[name]['ours_ms']} ms")
    return figures


def _beside_the_admin(client: Any, figures: dict[str, Any]) -> dict[str, Any]:
    for name, part in QUESTIONS.items():
        theirs = [
            _timed(lambda part=part: client.get("/admin/sims/sim/", {"q": part(_number())})) for _ in range(PEER_DRAWS)
        ]
        times = round(statistics.median(theirs) / figures[name]["ours_ms"], 1)
        figures[name] |= {"admin_ms": _median(theirs), "times": times, "goal": GOALS[name]}
        say(f"{name}: admin {figures[name]['admin_ms']:,} ms")
    return figures


def _as_typed(client: Any) -> dict[str, Any]:
    """Each step of typing a number, the broad ones included."""
    times = []
    for place in range(TYPED_DRAWS):
        number = _number() if place % 2 else imei(draw.randint(1, FLEET))
        text = number[: 3 + place % 13] if place % 3 else number[-(4 + place % 6) :]
        times.append(_timed(lambda text=text: client.get("/sims/search/", {"q": text})))
    return {"median_ms": _median(times), "p95_ms": _p95(times), "goal_ms": 50}


def _broad(client: Any) -> dict[str, Any]:
    times = [
        _timed(lambda text=text: client.get("/sims/", {"q": text})) for text in ("898", "8986", "35693", "460") * 4
    ]
    return {"median_ms": _median(times), "p95_ms": _p95(times)}


def _pasted() -> str:
    """Numbers of every kind and spelling, one in twenty of no SIM."""
    numbers = [draw.randint(1, FLEET) for _ in range(PASTED)]
    spellings = (
        giccid,
        imei,
        lambda number: f"{giccid(number)}0",
        lambda number: f"{giccid(number)[:4]} {giccid(number)[4:12]} {giccid(number)[12:]}",
        lambda number: f"+86 145 {number // 10_000:04} {number % 10_000:04}",
    )
    lines = [spellings[place % len(spellings)](number) for place, number in enumerate(numbers)]
    return "\n".join("8999" + line[4:] if place % 20 == 7 else line for place, line in enumerate(lines))


def _paste(client: Any) -> dict[str, Any]:
    checks, reports = [], []
    for _ in range(PASTES):
        text, began = _pasted(), time.perf_counter()
        answer = client.post("/sims/paste/", {"text": text})
        checks.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 302
        reports.append(_timed(lambda answer=answer: client.get(answer["Location"])))
    return {"entries": PASTED, "check_ms": _median(checks), "worst_check_ms": round(max(checks)), "goal_ms": 2000,
            "report_ms": _median(reports)}  # fmt: skip


def _cold_and_warm(client: Any, engines: Engines) -> dict[str, Any]:
    engines.cool()
    cold = _ours(client)
    engines.cool()
    warm(READ)
    for part in QUESTIONS.values():
        for _ in range(WARM_UP):
            client.get("/sims/", {"q": part(_number())})
    _broad(client)
    say("warm")
    return {**_ours(client), "cold": cold}


def _ours(client: Any) -> dict[str, Any]:
    return {
        **_questions(client),
        "as one types": _as_typed(client),
        "broad": _broad(client),
        "paste": _paste(client),
    }


def run() -> dict[str, Any]:
    with portal(DJANGO_SETTINGS_MODULE="benchmarks.admin_settings") as engines:
        from sims.trigrams import ensure_index

        make_fleet(FLEET)
        ensure_index()
        client = _client()
        with PeakMemory() as memory:
            figures = _cold_and_warm(client, engines)
        answer = {"sims": FLEET, **_beside_the_admin(client, figures), "peak_memory_mb": round(memory.mb)}
    if wants_huge():
        answer["huge"] = {"sims": HUGE, **_with_ratios(measured_huge("benchmarks.search"), answer)}
    return answer


def _with_ratios(huge: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """At ten million beside one million; of a paste, whose draws are few, the slowest."""
    for name, figures in huge.items():
        if name == "cold":
            _with_ratios(figures, before["cold"])
            continue
        measure = next(each for each in ("ours_p95_ms", "p95_ms", "worst_check_ms") if each in figures)
        figures["ratio"] = round(figures[measure] / before[name][measure], 2)
    return huge


def run_huge() -> dict[str, Any]:
    with huge_fleet(kept=kept_folder(), DJANGO_SETTINGS_MODULE="benchmarks.admin_settings") as engines:
        return _cold_and_warm(_client(), engines)


if __name__ == "__main__":
    print(json.dumps(run_huge() if "huge" in sys.argv else run()))
