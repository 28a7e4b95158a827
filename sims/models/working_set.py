from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from sims.models.sim import Sim, SimQuerySet
from users.models import User

KEPT = timedelta(days=90)


class WorkingSetQuerySet(models.QuerySet["WorkingSet"]):
    def readable_by(self, user: User) -> WorkingSetQuerySet:
        """The user's own and the shared ones; all of them for an admin."""
        if user.role == User.Role.ADMIN:
            return self
        return self.filter(Q(user=user) | Q(is_shared=True))

    def outlived(self) -> WorkingSetQuerySet:
        """Those that were kept long enough."""
        return self.filter(created_at__lt=timezone.now() - KEPT)


class WorkingSet(models.Model):
    """A pasted list and what we made of each entry; the SIMs found in it can be filtered, exported and acted on.

    `text` is what was pasted, so that it can be edited and checked again. Private to `user` and to admins unless
    shared, and kept for 90 days.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    created_at = models.DateTimeField(db_default=Now())
    is_shared = models.BooleanField(default=False)
    text = models.TextField()
    lines = models.IntegerField()
    words_ignored = models.IntegerField(default=0)

    objects = WorkingSetQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["user", "-created_at"], name="set_of_user"),  # a user's own, newest first
            models.Index(fields=["created_at"], name="set_age"),  # beat drops the old ones
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def sims(self) -> SimQuerySet:
        """The SIMs found, in no order."""
        return Sim.objects.filter(pk__in=self.items.filter(verdict=WorkingSetItem.Verdict.FOUND).values("sim"))

    def can_be_read_by(self, user: User) -> bool:
        return self.is_shared or self.user_id == user.pk or user.role == User.Role.ADMIN


class WorkingSetItem(models.Model):
    """One entry of a pasted list. `place` counts the entries, `line` the lines of the text, both from 1.

    `candidates` are the first few SIMs that an ambiguous entry may mean, of `hits` in all; `mended` is what a damaged
    one was before, where that can be told. A repeated entry has the line that was counted instead in `repeats_line`.
    """

    class Verdict(models.TextChoices):
        FOUND = "found", "Found"
        AMBIGUOUS = "ambiguous", "Ambiguous"
        NOT_FOUND = "not_found", "Not found"
        DAMAGED = "damaged", "Damaged"
        REPEATED = "repeated", "Repeated"

    pk = models.CompositePrimaryKey("set", "place")
    set = models.ForeignKey(WorkingSet, on_delete=models.CASCADE, related_name="items", db_index=False)
    place = models.IntegerField()
    line = models.IntegerField()
    entry = models.TextField()
    verdict = models.TextField(choices=Verdict, db_collation="C")
    # No constraint, as with identifiers: SIMs are never deleted.
    sim = models.ForeignKey(
        Sim, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.SmallIntegerField(null=True)
    how = models.TextField(blank=True)
    damage = models.TextField(blank=True)
    mended = models.TextField(blank=True)
    hits = models.IntegerField(default=0)
    candidates = ArrayField(models.BigIntegerField(), default=list)
    repeats_line = models.IntegerField(null=True)

    class Meta:
        constraints = [
            # The SIMs of a set, each once: what the list's `set=` filter joins.
            models.UniqueConstraint(fields=["set", "sim"], condition=Q(verdict="found"), name="set_sim"),
        ]
        indexes = [models.Index(fields=["set", "verdict", "place"], name="set_verdict")]  # a tile's entries in order

    def __str__(self) -> str:
        return f"{self.set_id} {self.place} {self.verdict}"
