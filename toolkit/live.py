"""The doorbell: tells open pages that something they show has changed. It carries names only, never content."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import transaction
from redis import RedisError

from toolkit.carrier import server

log = structlog.get_logger(__name__)

STREAM = "live"
KEPT = 10_000
# Rung where somebody's session, password or scope is not what it was: streams ask again whom they serve.
ACCESS = "access"


def ring(*topics: str) -> None:
    """Once the transaction is committed, let every open page that shows one of `topics` look again.

    A topic is `sim:<giccid>`, `changes:<giccid>`, `operation:<id>`, `operations`, `batch:<uuid>`, `batches`,
    `sms:<giccid>`, `home` and the like; a page says what it shows by `data-live`. Where Valkey is away nothing is lost
    but the quickness: pages look again by themselves every few seconds.
    """

    transaction.on_commit(lambda: post({"topics": " ".join(topics)}))


def post(entry: dict[Any, Any]) -> None:
    """One line on the stream that every web process reads; nobody waits for it."""
    try:
        server().xadd(STREAM, entry, maxlen=KEPT, approximate=True)
    except RedisError as error:
        log.warning("doorbell_silent", error=type(error).__name__)
