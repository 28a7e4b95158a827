from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now

from sims.models.sim import Sim
from toolkit.lease import Leased


class Tag(models.Model):
    """A word people put on SIMs; kept here, the carrier never sees it. `colour` names a token of the look."""

    class Colour(models.TextChoices):
        GREY = "grey", "Grey"
        BLUE = "blue", "Blue"
        TEAL = "teal", "Teal"
        GREEN = "green", "Green"
        AMBER = "amber", "Amber"
        RED = "red", "Red"
        PINK = "pink", "Pink"

    LONGEST = 60

    name = models.CharField(max_length=LONGEST)
    colour = models.CharField(max_length=8, choices=Colour, default=Colour.GREY)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        ordering = [Lower("name")]
        constraints = [models.UniqueConstraint(Lower("name"), name="tag_name")]

    def __str__(self) -> str:
        return self.name


class SimTag(models.Model):
    """That a SIM wears a tag. Rows of a tag that is gone may be left for a while; who reads joins `Tag`."""

    pk = models.CompositePrimaryKey("tag", "sim")  # the list's filter: the SIMs of a tag
    # No constraints: SIMs are never deleted, and a tag goes at once, its rows in chunks after it.
    tag = models.ForeignKey(Tag, on_delete=models.DO_NOTHING, related_name="worn", db_index=False, db_constraint=False)
    sim = models.ForeignKey(
        Sim, on_delete=models.DO_NOTHING, related_name="worn_tags", db_index=False, db_constraint=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["sim", "tag"], name="simtag_sim"),  # the tags of the SIMs on a screen
        ]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.sim_id}"


class Tagging(Leased):
    """Tagging of many SIMs at once, worked in slices under its lease; also what a deleted tag leaves behind.

    `tag_ids` are plain numbers: a tag may go while it is put on. `asked_up_to` is the last SIM id gone through.
    """

    class Verb(models.TextChoices):
        ADD = "add", "Tag"
        REMOVE = "remove", "Untag"
        CLEAR = "clear", "Clear a deleted tag"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"
        FAILED = "failed", "Stopped"

    OPEN = (State.QUEUED, State.RUNNING)

    verb = models.CharField(max_length=8, choices=Verb)
    tag_ids = ArrayField(models.BigIntegerField())
    words = models.TextField(blank=True)
    query = models.TextField(blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    asked_up_to = models.BigIntegerField(default=0)
    last_sim = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "-id"], name="tagging_state"),  # the sweeper: what is open
            models.Index(fields=["requested_by", "-id"], name="tagging_person"),  # one's own, on the page of tags
        ]

    def __str__(self) -> str:
        return f"Tagging {self.pk}"

    @property
    def percent(self) -> int:
        """How far it is through the SIMs that there were when it was asked for."""
        return min(100, self.asked_up_to * 100 // self.last_sim) if self.last_sim else 100

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN
