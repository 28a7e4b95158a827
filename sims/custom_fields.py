"""The carrier's five free texts of a SIM (S4), which no reading of the fleet brings."""

from __future__ import annotations

from typing import NamedTuple

from sims.models import Sim, SimCustomFields
from smarthub.errors import CarrierError, NotFound
from toolkit.carrier import carrier
from toolkit.carrier_words import BY_HAND, words_for
from toolkit.database import let_go
from toolkit.governor import Lane, NoToken


class ReadFields(NamedTuple):
    """The texts as they now stand in our copy, or why they could not be read, in words."""

    fields: SimCustomFields | None
    error: str = ""


def read_custom_fields(sim: Sim) -> ReadFields:
    """Ask the carrier for the texts (S4) and keep them; five seconds at most, no connection held meanwhile."""
    let_go()
    try:
        answer = carrier(Lane.CLICK).custom_fields(sim.giccid)
    except NotFound:
        return ReadFields(None, "The carrier does not know this SIM.")
    except (CarrierError, NoToken) as error:
        return ReadFields(None, words_for(error, later=BY_HAND))
    texts = {name: getattr(answer.value, name) or "" for name in SimCustomFields.NAMES}
    fields, _ = SimCustomFields.objects.update_or_create(sim=sim, defaults={**texts, "read_at": answer.reply.asked_at})
    return ReadFields(fields)


def custom_fields_of(sim: Sim) -> SimCustomFields | None:
    """As last read; no query where the SIM came with them."""
    return getattr(sim, "custom_fields", None)
