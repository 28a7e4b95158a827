from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from enterprise.models import Account
from sims.models import Sim
from sms.models.message import Message


class Conversation(models.Model):
    """All messages with one SIM, by its ICCID; `sim` None is a SIM that our copy does not hold.

    `answer` tells how the last message that expects an answer fared.
    """

    class Answer(models.TextChoices):
        NONE = "", "Nothing expected"
        WAITING = "waiting", "Waiting for an answer"
        ANSWERED = "answered", "Answered"
        SILENT = "silent", "Silent"

    giccid = models.TextField(primary_key=True, db_collation="C")
    sim = models.ForeignKey(
        Sim, null=True, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    account = models.ForeignKey(
        Account, null=True, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    last_message = models.ForeignKey(
        Message, null=True, on_delete=models.SET_NULL, related_name="+", db_index=True, db_constraint=True
    )
    last_at = models.DateTimeField(db_default=Now())
    answer = models.CharField(max_length=8, choices=Answer, default=Answer.NONE, blank=True, db_default="")
    answer_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-last_at", "-giccid"], name="conversation_last"),  # the list beside a conversation
            models.Index(fields=["-last_at"], name="conversation_silent", condition=models.Q(answer="silent")),
            models.Index(fields=["-last_at"], name="conversation_unknown_sim", condition=models.Q(sim__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.giccid


class DeviceValue(models.Model):
    """What a device said last under a name: a named group of the answer that was expected. Ours, not the carrier's."""

    pk = models.CompositePrimaryKey("giccid", "name")
    giccid = models.TextField(db_collation="C")
    name = models.CharField(max_length=32)
    value = models.TextField()
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    said_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.giccid} {self.name}"
