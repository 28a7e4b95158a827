"""What a batch will bring about beside what it is for: counted over the SIMs that will change, kept with the plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

from batches.models import Batch
from toolkit.figures import count, plural

Effect = dict[str, str]

# Over the SIMs that will change: how many, never active before, with a plan, with one that ends, open APNs and the SIMs
# that have them, members of a share pool, and what their plans cost by the catalogue.
COUNTED = """
SELECT count(*), count(*) FILTER (WHERE s.activated_at IS NULL), count(*) FILTER (WHERE s.package <> ''),
    count(*) FILTER (WHERE s.package <> '' AND s.package_ends_at > now()), coalesce(sum(a.n), 0),
    count(*) FILTER (WHERE a.n > 0), count(*) FILTER (WHERE coalesce(p.share_pool_name, '') <> '')
FROM batches_batchitem i JOIN sims_sim s ON s.id = i.sim_id
LEFT JOIN enterprise_servicepackage p ON p.account_id = s.account_id AND p.name = s.package
CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM jsonb_array_elements(s.apns) AS each WHERE each ->> 'status' = 'OPEN'
) AS a
WHERE i.batch_id = %s AND i.state = 'planned'
"""
# Packages have one price in each account; what is not priced is left out.
COSTS = """
SELECT p.currency, sum(p.price)::text, count(*)
FROM batches_batchitem i JOIN sims_sim s ON s.id = i.sim_id
JOIN enterprise_servicepackage p ON p.account_id = s.account_id AND p.price IS NOT NULL
    AND p.name = coalesce(i.wanted ->> 'package', %s)
WHERE i.batch_id = %s AND i.state = 'planned' GROUP BY p.currency ORDER BY p.currency
"""


def keep(batch: Batch) -> None:
    """Count and keep them: icon, title and text of each, for the page of the plan."""
    teller = TELLERS.get(batch.kind)
    if teller is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, [batch.pk])
        names = ("sims", "first", "planned", "running", "apns", "with_apns", "pooled")
        figures = dict(zip(names, map(int, cursor.fetchone()), strict=True))
    batch.effects = teller(batch, figures) if figures["sims"] else []
    Batch.objects.filter(pk=batch.pk).update(effects=batch.effects)


def _effect(icon: str, title: str, text: str) -> Effect:
    return {"icon": icon, "title": title, "text": text}


def _activate(batch: Batch, figures: dict[str, int]) -> list[Effect]:
    found = []
    if first := figures["first"]:
        started = f"{plural(first, 'SIM is', 'SIMs are')} activated for the first time."
        found.append(_effect("clock", started, "Their plans start now, and billing with them."))
    if again := figures["sims"] - figures["first"]:
        told = "What is left of their plans goes on; a plan that has ended starts anew."
        found.append(_effect("refresh", f"{plural(again, 'SIM was', 'SIMs were')} active before.", told))
    return found


def _suspend(batch: Batch, figures: dict[str, int]) -> list[Effect]:
    sims = plural(figures["sims"], "SIM moves", "SIMs move")
    return [
        _effect("player-pause", f"{sims} no data from then on.", "They get no SMS either, until they are activated."),
        _effect("clock", "Plans go on.", "A suspended SIM keeps its plan and its period, and what they cost."),
    ]


def _retire(batch: Batch, figures: dict[str, int]) -> list[Effect]:
    final = "A retired SIM cannot be activated again. There is no undo."
    found = [_effect("alert-triangle", "Final.", final)]
    if running := figures["running"]:
        ended = f"{plural(running, 'plan ends', 'plans end')} now."
        found.append(_effect("clock", ended, "The carrier promises no refund for time or volume not used."))
    if apns := figures["apns"]:
        closed = f"{plural(apns, 'open APN closes', 'open APNs close')}."
        found.append(_effect("broadcast", closed, f"On {count(figures['with_apns'])} of the SIMs."))
    if pooled := figures["pooled"]:
        left = f"Share pools lose {plural(pooled, 'member', 'members')}."
        found.append(_effect("stack-2", left, "Their volume may shrink with the next cycle."))
    return found


def _change_plan(batch: Batch, figures: dict[str, int]) -> list[Effect]:
    if batch.wanted.get("effective") == "next-cycle":
        told = "Until then each keeps its plan, and no other plan change of these SIMs is taken."
        return [_effect("clock", "The new plan starts with the next cycle.", told), *_costs(batch)]
    found = [_effect("clock", "A new period starts at once.", "Usage counts against the new plan from then on.")]
    if running := figures["running"]:
        ended = f"{plural(running, 'plan ends', 'plans end')} early."
        found.append(_effect("alert-triangle", ended, "What is left of it may be lost."))
    return [*found, *_costs(batch)]


def _add_package(batch: Batch, figures: dict[str, int]) -> list[Effect]:
    bought = f"{plural(figures['sims'], 'package is', 'packages are')} bought."
    return [_effect("package", bought, "None can be given back; there is no undo."), *_costs(batch)]


def _apn(batch: Batch, figures: dict[str, int]) -> list[Effect]:
    if batch.wanted.get("apn_status") == "CLOSED":
        return [_effect("broadcast", "Devices lose this APN.", "Until it is opened again.")]
    return [_effect("broadcast", "Devices may connect over this APN.", "What they use counts.")]


def _texts(batch: Batch, figures: dict[str, int]) -> list[Effect]:
    return [_effect("forms", "Only the texts given are written.", "The others stay as they are. It costs nothing.")]


def _messages(batch: Batch, figures: dict[str, int]) -> list[Effect]:
    many = plural(figures["sims"], "message is", "messages are")
    return [_effect("send", f"{many} sent.", "One to each SIM. What has left cannot be called back.")]


def _costs(batch: Batch) -> list[Effect]:
    with connection.cursor() as cursor:
        cursor.execute(COSTS, [batch.wanted.get("package"), batch.pk])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return [
        _effect("clock", f"{currency} {amount} by list price.".strip(), f"For {plural(number, 'SIM', 'SIMs')}.")
        for currency, amount, number in rows
    ]


TELLERS: dict[str, Callable[[Batch, dict[str, int]], list[Effect]]] = {
    "activate": _activate,
    "suspend": _suspend,
    "retire": _retire,
    "change-plan": _change_plan,
    "add-package": _add_package,
    "apn": _apn,
    "custom-fields": _texts,
    "sms": _messages,
}
