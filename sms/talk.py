"""Everything that the page of a conversation prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from sims.ages import read_times
from sims.models import Sim
from sims.rows import packages_of
from sims.tags import tags_on
from sms import filling, guards, legality
from sms.counting import GSM7, GSM7_EXTENSION, count
from sms.forms import USUAL_WITHIN, WITHIN, SendForm
from sms.models import Conversation, DeviceValue, Template
from sms.side import Side
from sms.templating import templates_of
from sms.texts import shown
from sms.thread import Thread
from users.models import User

LAST_ANSWERS = 12


@dataclass(frozen=True, slots=True)
class Composer:
    """The form below a conversation. `problem` says what hinders a template from being filled for this SIM."""

    form: SendForm
    counted: Any
    template: Template | None
    templates: list[Template]
    problem: str
    why_not: str
    left_words: str
    gsm7: str
    extension: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The card of the SIM beside its conversation."""

    tags: Any
    package: Any
    read_at: Any
    devices: list[dict[str, Any]]


def composer(sim: Sim, user: User, *, form: SendForm | None = None, template_id: int | None = None) -> Composer:
    """The form as it was sent, or fresh: empty, or filled from a template."""
    templates = list(templates_of(sim.account_id, user))
    chosen = next((each for each in templates if each.pk == template_id), None)
    text, problem = _filled(chosen, sim)
    made = form or SendForm(initial=_initial(chosen, text))
    return Composer(
        form=made,
        counted=count(str(made["content"].value() or ""), str(made["encoding"].value() or "text")),
        template=chosen,
        templates=templates,
        problem=problem,
        why_not=legality.sentence(sim),
        left_words=_left(sim, user),
        gsm7="".join(sorted(GSM7)),
        extension="".join(sorted(GSM7_EXTENSION)),
    )


def _left(sim: Sim, user: User) -> str:
    """What may still be sent within the hour; the narrower of the two limits."""
    for_sim, for_user = guards.left_for_sim(sim.giccid), guards.left_for_user(user)
    if for_user < for_sim:
        return f"{for_user:,} of {settings.SMS_PER_USER_HOUR:,} this hour left for you"
    return f"{for_sim:,} of {settings.SMS_PER_SIM_HOUR:,} this hour left for this SIM"


def _filled(template: Template | None, sim: Sim) -> tuple[str, str]:
    if template is None:
        return "", ""
    try:
        return filling.fill(template.content, sim), ""
    except filling.Missing as error:
        return template.content, str(error)


def _initial(template: Template | None, text: str) -> dict[str, Any]:
    within = str(template.expect_within_s) if template and template.expect_within_s else USUAL_WITHIN
    return {
        "content": text,
        "encoding": template.encoding if template else "text",
        "template": template.pk if template else None,
        "expect": template.expect if template else "",
        "expect_within": within if within in dict(WITHIN) else USUAL_WITHIN,
    }


def facts(sim: Sim) -> Facts:
    """Three queries."""
    return Facts(
        tags=tags_on([sim.pk]).get(sim.pk, ()),
        package=packages_of([sim]).get((sim.account_id, sim.package)),
        read_at=read_times([sim])[sim.pk],
        devices=[device for device in sim.devices if isinstance(device, dict)],
    )


def values_of(giccid: str) -> list[DeviceValue]:
    """What the device said last, by name."""
    values = list(DeviceValue.objects.filter(giccid=giccid).order_by("name")[:LAST_ANSWERS])
    for value in values:
        value.value = shown(value.value)
    return values


def answer_state(giccid: str) -> Conversation | None:
    return Conversation.objects.filter(giccid=giccid).exclude(answer="").first()


def context(
    giccid: str, sim: Sim | None, user: User, *, thread: Thread, side: Side, composed: Composer | None
) -> dict[str, Any]:
    return {
        "giccid": giccid,
        "sim": sim,
        "thread": thread,
        "side": side,
        "composer": composed,
        "facts": facts(sim) if sim else None,
        "values": values_of(giccid),
        "conversation": answer_state(giccid),
    }
