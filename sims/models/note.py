from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from sims.models.sim import Sim

if TYPE_CHECKING:
    from users.models import User


class Note(models.Model):
    """What a person wrote about a SIM. The journal's event `sim.note` refers to it; its words stand only here.

    A deleted note keeps its row and loses its words, so that the story can say that there was one.
    """

    LONGEST = 4000
    CHANGEABLE = timedelta(days=1)

    # No constraint: SIMs are never deleted.
    sim = models.ForeignKey(Sim, on_delete=models.DO_NOTHING, related_name="notes", db_index=False, db_constraint=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["sim", "author", "-id"], name="note_sim_author"),  # what its author may still change
        ]

    def __str__(self) -> str:
        return f"Note {self.pk}"

    @property
    def changeable_until(self) -> datetime:
        return self.created_at + self.CHANGEABLE

    def may_change(self, user: User, now: datetime) -> bool:
        """Only its author, within a day."""
        return self.author_id == user.pk and self.deleted_at is None and now < self.changeable_until


class Place(models.Model):
    """The thing a SIM sits in, named freely: a vehicle, a site, a serial number; `url` leads to it where it has one."""

    LONGEST = 60
    LONGEST_URL = 500

    sim = models.OneToOneField(
        Sim, on_delete=models.DO_NOTHING, primary_key=True, related_name="place", db_constraint=False
    )
    label = models.CharField(max_length=LONGEST)
    url = models.CharField(max_length=LONGEST_URL, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    set_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.label
