"""A page sent twice, from a second tab or by the back button, and a page that has been overtaken."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from sims.before_change import Obstacle
from sims.change_card import link_to_operation
from sims.change_forms import ChangeForm
from sims.change_words import name_of
from sims.changes.states import IN_VAIN
from sims.models import Operation, Sim, Verb
from sims.operation_story import who
from users.models import User

# A purchase is the one change that the carrier would carry out twice. Of a script, which does not say what it has seen,
# the same one for the same reason within so long is taken for the same request sent again.
REPLAYED = timedelta(seconds=10)


def newest_operation(sim: Sim) -> Operation | None:
    """The last one of this SIM that was not in vain."""
    asked = Operation.objects.select_related("requested_by").filter(sim=sim).exclude(state__in=IN_VAIN)
    return asked.order_by("-id").first()


def is_repeat(form: ChangeForm, operation: Operation | None, user: User) -> bool:
    """The same wish of the same person, from a page that did not know of it: sent twice, not meant twice."""
    if operation is None or not (is_behind(form, operation) or _is_replayed(form, operation)):
        return False
    is_same = operation.verb == form.verb and operation.wanted == form.wanted
    return is_same and operation.requested_by_id == user.pk


def _is_replayed(form: ChangeForm, operation: Operation) -> bool:
    if form.verb != Verb.ADD_PACKAGE or form.cleaned_data.get("seen") is not None or operation.is_open:
        return False
    is_same_reason = form.cleaned_data["reason"].strip() == operation.reason
    return is_same_reason and timezone.now() - operation.created_at < REPLAYED


def is_behind(form: ChangeForm, operation: Operation) -> bool:
    """Whether the valid form's page was made before that operation was asked for; a script's never is."""
    seen = form.cleaned_data.get("seen")
    return seen is not None and operation.pk > seen


def overtaken_by(operation: Operation) -> Obstacle:
    why = f"{who(operation)} has asked for “{name_of(operation)}” since this page was made. Look again, then confirm."
    return Obstacle(why, link_to_operation(operation.pk))
