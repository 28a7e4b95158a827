"""Celery's side of the messages: leaves that take ids and call the domain."""

from __future__ import annotations

from celery import shared_task

from sms import adopting, tending
from toolkit.queueing import soon


@shared_task
def send_prompt(message_id: int) -> None:
    """Send the single messages that wait, this one among them; a page waits for it."""
    tending.send_prompt(then=lambda: send_soon(message_id))


@shared_task
def send_many(message_id: int = 0) -> None:
    """One slice of the messages to many, then the next."""
    tending.send_many(then=lambda: send_many_soon(message_id))


@shared_task
def ask_for_delivery(message_id: int = 0) -> None:
    """One slice of asking what became of messages, then the next."""
    tending.ask_for_delivery(then=lambda: soon(ask_for_delivery, message_id))


@shared_task
def tend_messages() -> None:
    """Pick up what a dead worker left and what is due (beat, every few seconds)."""
    due = tending.tend()
    for is_wanted, task in ((due.prompt, send_prompt), (due.many, send_many), (due.asking, ask_for_delivery)):
        if is_wanted:
            soon(task, 0)


@shared_task
def adopt_messages() -> None:
    """Messages of SIMs that were unknown when they came (beat)."""
    adopting.adopt()


@shared_task
def drop_old_messages() -> None:
    """Keep messages as long as SMS_RETENTION_DAYS says (beat)."""
    tending.drop_old()


def send_soon(message_id: int) -> None:
    """Queue the sending of a single message; where the queue is away, beat finds its row within seconds."""
    soon(send_prompt, message_id)


def send_many_soon(message_id: int = 0) -> None:
    soon(send_many, message_id)
