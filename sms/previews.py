"""A template as one SIM would get it."""

from __future__ import annotations

from dataclasses import dataclass

from sims.identifiers import compact
from sims.lookup import find_sims
from sims.models import Sim
from sms import filling
from sms.counting import Count, count
from sms.forms import TemplateForm
from sms.scope import within
from sms.texts import shown
from users.models import User


@dataclass(frozen=True, slots=True)
class Preview:
    """The text for a SIM and how it counts, or why there is none."""

    giccid: str = ""
    text: str = ""
    counted: Count | None = None
    error: str = ""


def preview(form: TemplateForm, number: str, user: User) -> Preview:
    """The form's text for the SIM of this number (any identifier); the form need not be whole."""
    text, encoding = str(form["content"].value() or ""), str(form["encoding"].value() or "text")
    if why := filling.why_not(text):
        return Preview(error=why)
    sim = _sim(number, user)
    if sim is None:
        return Preview(error="No SIM has this number. Give an ICCID, an IMEI, a phone number or their last digits.")
    try:
        counted = count(filling.fill(text, sim), encoding)
    except filling.Missing as error:
        return Preview(giccid=sim.giccid, error=str(error))
    return Preview(sim.giccid, shown(counted.content), counted, counted.error)


def _sim(number: str, user: User) -> Sim | None:
    if not compact(number[:200]):
        return None
    ids = find_sims(number[:200]).sim_ids
    sims = within(Sim.objects.select_related(*filling.RELATED).filter(pk__in=ids), user)
    return sims.order_by("giccid").first()
