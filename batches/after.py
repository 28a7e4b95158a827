"""What follows a batch: the failed again, or all of it taken back. Each is a new dry run, linked to the batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from batches.kinds import Kind, kind_of
from batches.models import Batch, BatchItem
from batches.plan import begin, keep
from batches.selection import CannotPlan, Choice
from sims.models import Sim, SimCustomFields
from toolkit.figures import plural
from toolkit.states import state_of
from users.models import User

State, Verdict = BatchItem.State, BatchItem.Verdict
Wish = dict[str, Any] | None
UNKNOWN_HINT = "What is unknown cannot be tried again: it may still happen."


def can_retry(batch: Batch) -> int:
    """How many items a retry would be about."""
    return sum(batch.counts.filter(state=State.FAILED).values_list("n", flat=True))


def can_undo(batch: Batch) -> int:
    """How many items an undo would be about; 0 where the kind has no inverse."""
    if not kind_of(batch.kind).inverse:
        return 0
    return sum(batch.counts.filter(state=State.DONE).values_list("n", flat=True))


def retry(batch: Batch, user: User) -> Batch:
    """Plan the failed items again, as they are now. Unknown ones are never among them. Raises CannotPlan."""
    failed = batch.items.filter(state=State.FAILED, sim__isnull=False).order_by("place")
    entries = tuple([giccid, wanted] for giccid, wanted in failed.values_list("giccid", "wanted"))
    if not entries:
        raise CannotPlan(f"None of its SIMs failed, so there is nothing to try again. {UNKNOWN_HINT}")
    words = f"{plural(len(entries), 'failed SIM', 'failed SIMs')} of batch {batch.pk}"
    return _follow(batch, user, batch.kind, batch.wanted, Batch.Link.RETRY, entries, words)


def undo(batch: Batch, user: User) -> Batch:
    """Plan the inverse for the SIMs that this batch changed and that are as it left them. Raises CannotPlan.

    Those that have changed since are rows that say so, and stay as they are.
    """
    kind = kind_of(batch.kind)
    if not kind.inverse:
        raise CannotPlan(f"{kind.label} cannot be taken back. Nothing was planned.")
    entries = tuple(_entries(batch, kind))
    if not entries:
        raise CannotPlan("It changed no SIM, so there is nothing to take back.")
    words = f"{plural(len(entries), 'SIM', 'SIMs')} that batch {batch.pk} changed"
    return _follow(batch, user, kind.inverse, _wanted(batch), Batch.Link.UNDO, entries, words)


def _follow(
    batch: Batch,
    user: User,
    kind: str,
    wanted: dict[str, Any],
    link: str,
    entries: tuple[list[Any], ...],
    words: str,
) -> Batch:
    choice = Choice(Batch.Chosen.TICKED, len(entries), str(batch.uuid), words, entries)
    why = f"{link.capitalize()} of batch {batch.pk}"
    reason = f"{why}: {batch.reason}" if batch.reason else why
    return begin(keep(kind=kind, choice=choice, wanted=wanted, reason=reason, user=user, parent=batch, link=link))


def _entries(batch: Batch, kind: Kind) -> Iterator[list[Any]]:
    """ICCID, its own wish, and a verdict ahead where it is not to be touched."""
    done = batch.items.filter(state=State.DONE, sim__isnull=False).select_related("sim__custom_fields")
    for item in done.order_by("place").iterator(chunk_size=2000):
        assert item.sim is not None
        if why := _why_not(item, item.sim, batch, kind):
            yield [item.giccid, None, Verdict.ILLEGAL, why]
        else:
            yield [item.giccid, _wish(item, batch)]


def _why_not(item: BatchItem, sim: Sim, batch: Batch, kind: Kind) -> str:
    before, after = item.before or {}, item.after or {}
    if sim.status != after.get("status"):
        return f"It has changed since: it is {state_of('sim', sim.status).label} now."
    if sim.package != after.get("package"):
        return f"It has changed since: its plan is {sim.package or 'none'} now."
    if kind.value == "activate" and before.get("status") != Sim.Status.DEACTIVATED:
        was = state_of("sim", str(before.get("status"))).label
        return f"It was {was} before, and the carrier has no way back to that."
    if kind.value == "change-plan" and not before.get("package"):
        return "It had no plan before, and the carrier has no way back to that."
    return _why_not_more(item, sim, batch)


def _why_not_more(item: BatchItem, sim: Sim, batch: Batch) -> str:
    before, after, wanted = item.before or {}, item.after or {}, item.wanted or batch.wanted
    if "apn" in wanted:
        now = {str(apn.get("name")): apn.get("status") for apn in sim.apns}
        if now.get(wanted["apn"]) != wanted["apn_status"]:
            return f"It has changed since: its APN {wanted['apn']} is not so any more."
    if batch.kind == "custom-fields":
        if "fields" not in before:
            return "What its texts were before is not known."
        fields = getattr(sim, "custom_fields", None)
        if fields and any(getattr(fields, name) != after.get("fields", {}).get(name) for name in wanted):
            return "It has changed since: its texts are other ones now."
    return ""


def _wish(item: BatchItem, batch: Batch) -> Wish:
    """What this SIM was before, where that differs from SIM to SIM."""
    before = item.before or {}
    if batch.kind == "change-plan":
        return {"package": before["package"], "effective": "now"}
    if batch.kind == "custom-fields":
        names = [name for name in SimCustomFields.NAMES if name in (item.wanted or batch.wanted)]
        return {name: before["fields"].get(name, "") for name in names}
    return None


def _wanted(batch: Batch) -> dict[str, Any]:
    if batch.kind == "apn":
        other = {"OPEN": "CLOSED", "CLOSED": "OPEN"}
        return {**batch.wanted, "apn_status": other[batch.wanted["apn_status"]]}
    return {"effective": "now"} if batch.kind == "change-plan" else {}
