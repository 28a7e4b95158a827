"""What a change brings about for any SIM, in words: what starts, what it costs, what ends, what is final."""

from __future__ import annotations

from batches.models import Batch

Effect = dict[str, str]


def usual_effects(batch: Batch) -> list[Effect]:
    """What is true of every SIM that changes; the counted ones are kept with the plan."""
    rows = _ROWS.get(_key(batch), ())
    return [{"icon": icon, "title": title.format(**_names(batch)), "text": text} for icon, title, text in rows]


def _key(batch: Batch) -> str:
    if batch.kind == "change-plan" and batch.wanted.get("effective") == "next-cycle":
        return "change-plan next-cycle"
    if batch.kind == "apn":
        return f"apn {batch.wanted.get('apn_status', '')}"
    return batch.kind


def _names(batch: Batch) -> dict[str, str]:
    return {
        "package": str(batch.wanted.get("package") or "the package each had before"),
        "apn": str(batch.wanted.get("apn", "")),
    }


_ROWS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "activate": (
        ("player-play", "They can move data.", "As soon as the carrier shows them active."),
        ("clock", "Billing starts or goes on.", "A plan that has never started, or has ended, starts anew."),
    ),
    "suspend": (
        ("player-pause", "No data and no SMS.", "Until they are activated again; that can be undone."),
        ("clock", "Plans go on.", "Their periods run, and so may what they cost."),
    ),
    "retire": (
        ("alert-triangle", "Final.", "A retired SIM cannot be activated again. There is no undo."),
        ("package", "Their plans end now.", "What is unused of them is lost; the carrier promises no refund."),
        ("antenna", "Every APN closes.", ""),
    ),
    "change-plan": (
        ("package", "A new period of {package} starts now.", "It is charged at once, as the catalogue says."),
        ("clock", "The plan before ends at once.", "What is left of it may be lost."),
    ),
    "change-plan next-cycle": (
        ("package", "{package} starts with the next cycle.", "Until then each SIM keeps the plan it has."),
        ("lock", "No other plan change until then.", "The carrier takes one at a time."),
    ),
    "add-package": (
        ("package", "{package} is bought for each SIM now.", "It is charged at once and cannot be given back."),
    ),
    "apn OPEN": (("antenna", "Devices may connect over {apn}.", "What they use counts."),),
    "apn CLOSED": (("antenna", "Devices lose {apn}.", "Their connections over it end, until it is opened again."),),
    "custom-fields": (("forms", "Texts at the carrier are written anew.", "The other texts stay. It costs nothing."),),
}
