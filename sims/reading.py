"""Reading one SIM again now, while a person waits."""

from __future__ import annotations

from typing import NamedTuple

from journal.models import Event
from journal.record import Cause
from sims.copy import Answer, write_copy
from smarthub.errors import CarrierError, NotFound
from toolkit.carrier import NoCarrier, carrier
from toolkit.carrier_words import BY_HAND, words_for
from toolkit.database import let_go
from toolkit.governor import Lane, NoToken
from users.models import User


class ReadAgain(NamedTuple):
    """What became of it: `found` and in the copy, or why not in words for the person who asked."""

    found: bool
    error: str = ""
    changed: bool = False


def read_again(*, giccid: str, user: User) -> ReadAgain:
    """Ask the carrier for the SIM (S1) and write what it shows; at most five seconds, no connection held meanwhile.

    Changes nothing at the carrier. A SIM that the carrier does not know stays in our copy as it was.
    """
    let_go()
    try:
        page = carrier(Lane.CLICK).read_sim_raw(giccid)
    except NotFound:
        return ReadAgain(False, "The carrier does not know this SIM any more. Our copy stays as it was.")
    except (CarrierError, NoCarrier, NoToken) as error:
        return ReadAgain(False, f"{words_for(error, later=BY_HAND)} Nothing was changed; our copy stays as it was.")
    answer = Answer(page.records, page.reply.asked_at, is_targeted=True)
    result = write_copy([answer], cause=Cause(Event.Cause.READ, user.pk))
    if result.aside:
        return ReadAgain(False, f"{result.aside[0].error.reason} Our copy stays as it was.")
    return ReadAgain(True, changed=result.changed > 0)
