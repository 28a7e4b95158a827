"""A batch in words: what it does, to how many, and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from batches.kinds import KINDS
from batches.models import Batch
from sms.texts import shown
from toolkit.figures import count, plural, took
from toolkit.states import state_of

TITLES = {
    "activate": "Activate {sims}",
    "suspend": "Suspend {sims}",
    "retire": "Retire {sims}",
    "change-plan": "Move {sims} to {package}",
    "add-package": "Add {package} to {sims}",
    "apn": "{opens} {apn} on {sims}",
    "custom-fields": "Edit custom fields of {sims}",
    "sms": "Send an SMS to {sims}",
}
OPENS = {"OPEN": "Open", "CLOSED": "Close"}
TARGETS = {"activate": "ACTIVATED", "suspend": "DEACTIVATED", "retire": "RETIRED"}
NEXT_CYCLE = "with the next cycle"
LINKS = {Batch.Link.RETRY: "retries the failed of", Batch.Link.UNDO: "undoes"}


def title_of(batch: Batch, sims: int) -> str:
    """Retire 2,871 SIMs."""
    wanted = batch.wanted
    return TITLES.get(batch.kind, "{sims}").format(
        sims=plural(sims, "SIM", "SIMs"),
        package=wanted.get("package") or "the plan before",
        apn=wanted.get("apn") or "the APN",
        opens=OPENS.get(wanted.get("apn_status", ""), "Change"),
    )


def label_of(kind: str) -> str:
    return KINDS[kind].label if kind in KINDS else kind


def button_of(batch: Batch, sims: int) -> str:
    """What the button that starts it says; it names the verb and the number."""
    return title_of(batch, sims)


def details_of(batch: Batch) -> str:
    """What the title leaves out: from when, and which texts."""
    wanted = batch.wanted
    if batch.kind == "change-plan" and wanted.get("effective") == "next-cycle":
        return NEXT_CYCLE
    if batch.kind == "sms":
        return f"“{shown(str(wanted.get('content', '')))}”"
    if batch.kind == "custom-fields":
        return ", ".join(
            f"custom {name[-1]} “{text}”" if text else f"custom {name[-1]} emptied"
            for name, text in sorted(wanted.items())
        )
    return ""


def target_of(kind: str, wanted: Mapping[str, Any]) -> str:
    """What each SIM is to become, in a word or two."""
    if kind in TARGETS:
        return state_of("sim", TARGETS[kind]).label
    if kind == "apn":
        return state_of("apn", str(wanted.get("apn_status", ""))).label
    return str(wanted.get("package", ""))


def steps_words(jobs: int, size: int, is_job: bool) -> str:
    """3, of at most 1,000 SIMs."""
    if not is_job:
        return f"{plural(jobs, 'call', 'calls')}, SIM by SIM"
    return f"{count(jobs)}, of at most {plural(size, 'SIM', 'SIMs')}"


def pace_words(settled: int, left: int, elapsed: timedelta, *, is_over: bool = False) -> str:
    """5 min 12 s so far · 5.3 SIMs a second · about 6 min left."""
    words = [f"in {took(elapsed)}" if is_over else f"{took(elapsed)} so far"]
    seconds = elapsed.total_seconds()
    if settled and seconds > 0:
        rate = settled / seconds
        words.append(f"{rate:.1f} SIMs a second" if rate >= 1 else f"{rate * 60:.1f} SIMs a minute")
        if left:
            words.append(f"about {took(timedelta(seconds=left / rate))} left")
    return " · ".join(words)
