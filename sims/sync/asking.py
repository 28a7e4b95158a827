"""One page of a list, asked for; what its answer means where the list may have ended before it."""

from __future__ import annotations

from django.conf import settings

from sims.sync.plan import Part
from smarthub import Client, RawPage
from smarthub.errors import CarrierError, NotFound, ProtocolError, ValidationFailed

EMPTY = "The answer is empty."


def ask_page(client: Client, part: Part, page: int) -> RawPage:
    """The page. An empty one before the told end is asked for once more; one past it may be refused, and is empty."""
    try:
        answer = _ask(client, part, page)
    except CarrierError as error:
        if not (part.is_past_end(page) and _says_there_is_none(error)):
            raise
        assert error.reply is not None  # somebody answered
        return RawPage([], page, int(settings.SMARTHUB_PAGE_SIZE), None, error.reply)
    return _ask(client, part, page) if not answer.records and part.doubts(page) else answer


def _ask(client: Client, part: Part, page: int) -> RawPage:
    size = settings.SMARTHUB_PAGE_SIZE
    return client.list_sims_raw(account_name=part.account_name or None, page=page, size=size)


def _says_there_is_none(error: CarrierError) -> bool:
    if isinstance(error, ProtocolError):
        return error.detail == EMPTY
    return isinstance(error, NotFound | ValidationFailed)
