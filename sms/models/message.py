from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Now, Upper

from enterprise.models import Account
from sims.models import Sim
from sms.models.loop import SendLoop
from sms.models.template import Template

MT, MO = "mt", "mo"


class MessageQuerySet(models.QuerySet["Message"]):
    def with_sim(self, giccid: str) -> MessageQuerySet:
        """The conversation, both directions."""
        return self.filter(giccid=giccid)

    def unread(self) -> MessageQuerySet:
        return self.filter(direction=MO, read_at__isnull=True)

    def from_nobody_we_know(self) -> MessageQuerySet:
        """Messages of SIMs that our copy does not hold."""
        return self.filter(sim__isnull=True)


class Message(models.Model):
    """One SMS, to a device (MT) or from one (MO).

    An MT row is committed as `queued` before anything leaves. `at` orders the conversation: when an MT was asked for,
    when the carrier took an MO. `content` is text, or octets as upper-case hex digits. `batch_item_id` is a plain
    number: batches stand above this app.
    """

    class Direction(models.TextChoices):
        MT = MT, "To the device"
        MO = MO, "From the device"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Sending"
        ACCEPTED = "accepted", "Accepted"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Expired"
        UNKNOWN = "unknown", "Unknown"
        RECEIVED = "received", "Received"

    class Answer(models.TextChoices):
        NONE = "", "Nothing expected"
        WAITING = "waiting", "Waiting for an answer"
        ANSWERED = "answered", "Answered"
        SILENT = "silent", "Silent"

    OPEN = (State.QUEUED, State.SENDING, State.ACCEPTED, State.UNKNOWN)
    FINAL = (State.DELIVERED, State.FAILED, State.EXPIRED)

    direction = models.CharField(max_length=2, choices=Direction)
    state = models.CharField(max_length=9, choices=State)
    giccid = models.TextField(db_collation="C")
    # No constraint: SIMs and accounts are never deleted.
    sim = models.ForeignKey(
        Sim, null=True, on_delete=models.DO_NOTHING, related_name="messages", db_index=False, db_constraint=False
    )
    account = models.ForeignKey(
        Account, null=True, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    sms_id = models.TextField(blank=True, default="", db_collation="C")
    from_msisdn = models.TextField(blank=True, default="")
    content = models.TextField()
    encoding = models.CharField(max_length=4, default="text")
    alphabet = models.CharField(max_length=6, blank=True, default="")
    parts = models.SmallIntegerField(default=1)
    at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # When it became final by our clock, and when a report about it came: together they tell whether reports do arrive.
    settled_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)
    # Why it failed: the carrier's word, or ours (`words.REASONS`); what a person is told besides, in words.
    reason = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    username = models.CharField(max_length=150, blank=True, default="")
    template = models.ForeignKey(Template, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    # The message whose outcome is not known and that a person sent again.
    again_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="sent_again")
    # Of many: its delivery is asked about less often.
    is_bulk = models.BooleanField(default=False)
    batch_item_id = models.BigIntegerField(null=True)
    push_id = models.BigIntegerField(null=True)
    loop = models.ForeignKey(SendLoop, null=True, on_delete=models.SET_NULL, related_name="messages", db_index=False)
    # How often it could not leave, and when it is tried again; nothing of it was sent then.
    tries = models.SmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    polls = models.SmallIntegerField(default=0)
    next_poll_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    expect = models.TextField(blank=True, default="")
    expect_within_s = models.PositiveIntegerField(null=True)
    expect_until = models.DateTimeField(null=True)
    answer = models.CharField(max_length=8, choices=Answer, default=Answer.NONE, blank=True)
    answers = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="answered_by")

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["direction", "sms_id"], name="message_sms_id", condition=models.Q(sms_id__gt="")
            ),
            models.CheckConstraint(
                condition=models.Q(direction=MO, state="received")
                | (models.Q(direction=MT) & ~models.Q(state="received")),
                name="message_received_is_mo",
            ),
        ]
        indexes = [
            models.Index(fields=["giccid", "-at", "-id"], name="message_conversation"),
            # The list, newest first, under one of its filters.
            models.Index(fields=["state", "-id"], name="message_state"),
            models.Index(fields=["account", "-id"], name="message_account"),
            models.Index(fields=["user", "-id"], name="message_user", condition=models.Q(user__isnull=False)),
            models.Index(
                fields=["template", "-id"], name="message_template", condition=models.Q(template__isnull=False)
            ),
            models.Index(fields=["created_at"], name="message_created"),  # the list by time, and retention
            GinIndex(OpClass(Upper("content"), name="gin_trgm_ops"), name="message_text"),
            # What one person sent within the hour.
            models.Index(fields=["user", "created_at"], name="message_user_hour", condition=models.Q(direction=MT)),
            # The loops: what waits to be sent; the sweeper: what a dead loop left.
            models.Index(fields=["is_bulk", "id"], name="message_queued", condition=models.Q(state="queued")),
            models.Index(fields=["loop"], name="message_sending", condition=models.Q(state="sending")),
            models.Index(fields=["next_poll_at"], name="message_due", condition=models.Q(next_poll_at__isnull=False)),
            models.Index(fields=["expect_until"], name="message_expects", condition=models.Q(answer="waiting")),
            # Whether reports do arrive: the last one, and what reading found before any came.
            models.Index(
                fields=["-reported_at"], name="message_reported", condition=models.Q(reported_at__isnull=False)
            ),
            models.Index(
                fields=["-settled_at"],
                name="message_found",
                condition=models.Q(settled_at__isnull=False, reported_at__isnull=True),
            ),
            # What is unread of a conversation, and of all that a person may see.
            models.Index(
                fields=["giccid", "id"], name="message_unread", condition=models.Q(direction=MO, read_at__isnull=True)
            ),
            models.Index(
                fields=["account"],
                name="message_unread_account",
                condition=models.Q(direction=MO, read_at__isnull=True),
            ),
            models.Index(fields=["-id"], name="message_unknown_sim", condition=models.Q(sim__isnull=True)),
            models.Index(
                fields=["batch_item_id"], name="message_item", condition=models.Q(batch_item_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk} {self.state}"

    @property
    def is_mo(self) -> bool:
        return self.direction == MO

    @property
    def is_final(self) -> bool:
        return self.state in self.FINAL

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    def since_sent_s(self, then: datetime | None) -> float | None:
        """Seconds from leaving to `then`, None where one of them is not known."""
        if self.sent_at is None or then is None:
            return None
        return max(0.0, (then - self.sent_at).total_seconds())
