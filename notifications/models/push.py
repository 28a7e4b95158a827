from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Push(models.Model):
    """One event of a delivery (an array holds many), what became of it, and what it led to.

    `read_at` is the read of its SIM that answered it; `told_id` the journal's event that it wrote, `journal_ids` those
    that it is evidence of. A repeat points at the first by `first_id`. Partitioned by month, as its delivery.
    """

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        HANDLED = "handled", "Handled"
        IGNORED = "ignored", "Ignored"
        FAILED = "failed", "Failed"

    pk = models.CompositePrimaryKey("received_at", "delivery_id", "place")
    received_at = models.DateTimeField()
    delivery_id = models.BigIntegerField()
    place = models.SmallIntegerField()
    slug = models.TextField(db_collation="C")
    event_key = models.TextField(db_collation="C")
    event_at = models.DateTimeField(null=True)
    giccid = models.TextField(db_collation="C", blank=True)
    sim_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State)
    # Whether it waits for its SIM to be read, and not before `due_at` where the carrier did not answer.
    needs_read = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(default=0)
    read_at = models.DateTimeField(null=True)
    handled_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    traceback = models.TextField(blank=True)
    told_id = models.BigIntegerField(null=True)
    journal_ids = ArrayField(models.BigIntegerField(), default=list)
    first_id = models.BigIntegerField(null=True)
    number = models.IntegerField(default=1)
    replays = models.SmallIntegerField(default=0)
    # Somebody wants it handled anew: first it is taken out of its delivery again, by the tables of today.
    replayed_at = models.DateTimeField(null=True)
    is_to_retake = models.BooleanField(default=False)

    class Meta:
        managed = False
        db_table = "notifications_push"
        verbose_name_plural = "pushes"

    def __str__(self) -> str:
        return f"{self.slug} {self.label}: {self.state}"

    @property
    def asked_at(self) -> datetime:
        """Since when it waits: a read of its SIM asked for later answers it."""
        return self.replayed_at or self.received_at

    @property
    def label(self) -> str:
        """How it is named in addresses and on pages: its delivery, and its place where that held several."""
        return f"{self.delivery_id}-{self.place}" if self.place else str(self.delivery_id)


class PushKey(models.Model):
    """What makes a push the same one again: its kind and event id (or digest); `times` counts its arrivals."""

    slug = models.TextField(db_collation="C")
    key = models.TextField(db_collation="C")
    received_at = models.DateTimeField()
    delivery_id = models.BigIntegerField()
    place = models.SmallIntegerField()
    times = models.IntegerField(default=1, db_default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slug", "key"], name="push_key")]
        indexes = [
            models.Index(fields=["received_at"], name="push_key_age"),  # forgetting what is past retention
        ]

    def __str__(self) -> str:
        return f"{self.slug} {self.key}"


class PushDay(models.Model):
    """How many pushes of a kind came on a day (UTC), and when the last one did."""

    pk = models.CompositePrimaryKey("slug", "day")
    slug = models.TextField(db_collation="C")
    day = models.DateField()
    count = models.BigIntegerField()
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.slug} {self.day}: {self.count}"
