"""How a SIM stands, as one would say it aloud: since when, why as far as the journal knows, and what that means."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from journal.models import Event
from journal.story import tell
from sims.models import Sim
from toolkit.states import state_of
from toolkit.templatetags.look import when

Status = Sim.Status

# What a status means (contract 4); the rules of the carrier, not of this SIM.
MEANING = {
    Status.DEACTIVATED: "A suspended SIM moves no data and gets no SMS.",
    Status.RETIRED: "That is final: the carrier activates no SIM again that is retired.",
    Status.INVENTORY: "No traffic is possible until it is activated.",
    Status.ACTIVATE_READY: "It becomes active by itself with its first data.",
    Status.TEST_READY: "It can be tried out; when the test volume or the test time ends, it waits to be activated.",
}


@dataclass(frozen=True, slots=True)
class Note:
    tone: str
    glyph: str
    title: SafeString | str
    words: SafeString | str
    is_alert: bool = False


def notes_on(sim: Sim) -> list[Note]:
    """What has to be known before anything else is read; nothing for a SIM that is simply active. One query."""
    notes = [_missing(sim)] if sim.is_missing else []
    if sim.status == Status.ACTIVATED:
        return notes
    state = state_of("sim", sim.status)
    if state.is_verbatim:
        title = format_html("The carrier says {}, a status this version does not know.", sim.status)
        return [*notes, Note("unknown", "diamond", title, "What it allows cannot be told, so it is shown as it came.")]
    return [*notes, _standing(sim, state.tone, state.glyph, state.label)]


def _missing(sim: Sim) -> Note:
    title = format_html("Missing since {}: the carrier does not show it any more.", when(sim.missing_since))
    return Note(
        "warn", "broken-ring", title, "It was left out of two complete runs. What stands here is what was read last."
    )


def _standing(sim: Sim, tone: str, glyph: str, label: str) -> Note:
    word = "Off" if sim.status == Status.DEACTIVATED else label
    change = _last_change(sim)
    meaning = format_html("{}{}", MEANING.get(Status(sim.status), ""), _plan(sim))
    if change is None:
        title = format_html("{} since before {}, when the portal first saw it.", word, when(sim.first_seen_at, "date"))
        return Note(
            tone, glyph, title, format_html("The journal does not reach back to who did it, or why. {}", meaning)
        )
    title = format_html("{} at the latest since {}.", word, when(change.happened_at))
    told = tell([change])[0]
    words = format_html("{} ({}). Who did it, and why, the carrier does not say. {}", told.sentence, told.more, meaning)
    return Note(tone, glyph, title, words)


def _last_change(sim: Sim) -> Event | None:
    """The event that made it what it is; None when our copy has never seen it change to this."""
    changes = Event.objects.filter(sim_id=sim.pk, kind="sim.status").order_by("-recorded_at", "-id")
    last = changes.first()
    return last if last and isinstance(last.data, dict) and last.data.get("new") == sim.status else None


def _plan(sim: Sim) -> SafeString | str:
    if sim.status != Status.DEACTIVATED or not sim.package_ends_at:
        return ""
    return format_html(" Its plan runs on until {}.", when(sim.package_ends_at, "date"))
