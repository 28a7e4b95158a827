from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from enterprise.models import Account
from toolkit.lease import Leased


class SyncRun(Leased):
    """One reading of the fleet, or of SIMs by name; worked in slices under its lease."""

    class Kind(models.TextChoices):
        FULL = "full", "Whole fleet"
        ACCOUNT = "account", "One account"
        NAMED = "named", "By ICCID"

    class Trigger(models.TextChoices):
        PLAN = "plan", "by plan"
        PERSON = "person", "by hand"
        COMMAND = "command", "by command"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Reading"
        FINISHED = "finished", "Complete"
        FAILED = "failed", "Stopped"

    class Phase(models.TextChoices):
        CATALOGUE = "catalogue", "Enterprise, packages"
        LISTING = "listing", "SIMs"
        ABSENT = "absent", "SIMs not seen"
        DONE = "done", "Done"

    OPEN = (State.QUEUED, State.RUNNING)

    kind = models.CharField(max_length=8, choices=Kind)
    trigger = models.CharField(max_length=8, choices=Trigger)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    phase = models.CharField(max_length=10, choices=Phase, default=Phase.CATALOGUE)
    account = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    giccids = ArrayField(models.TextField(), default=list)
    asked_up_to = models.TextField(blank=True, db_collation="C")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    pages = models.IntegerField(default=0)
    pages_expected = models.IntegerField(default=0)
    sims_expected = models.BigIntegerField(default=0)
    read = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    moved = models.BigIntegerField(default=0)
    new = models.BigIntegerField(default=0)
    missing = models.BigIntegerField(null=True)
    # How many SIMs its pages showed, where these were all that our copy has.
    seen = models.BigIntegerField(null=True)
    kept_aside = models.IntegerField(default=0)
    requests = models.IntegerField(default=0)
    repeats = models.IntegerField(default=0)
    errors = models.JSONField(default=list)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(kind="full", state__in=["queued", "running"]),
                name="one_full_run",
            )
        ]
        indexes = [
            # The sweeper and the page head look for what is open and for the last that finished.
            models.Index(fields=["state", "kind", "-id"], name="run_state"),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class SyncPart(models.Model):
    """An account within a run: how many of its pages are read."""

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="parts", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    total = models.BigIntegerField(null=True)
    page_size = models.IntegerField(null=True)
    pages_expected = models.IntegerField(null=True)
    pages = models.IntegerField(default=0)
    is_catalogued = models.BooleanField(default=False)
    is_done = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["account__name"]
        constraints = [models.UniqueConstraint(fields=["run", "account"], name="part_run_account")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.account_id}"


class PageSims(models.Model):
    """The SIMs that a page shows, in order of their ids: one row for all runs that saw the same ones on it.

    Most pages show the same SIMs in each run, and an entry in the index for each of them is what a page costs.
    """

    sim_ids = ArrayField(models.BigIntegerField())

    class Meta:
        indexes = [
            # The age of the SIMs on a screen; a list of pending entries would be flushed in the middle of a run.
            GinIndex(fields=["sim_ids"], name="page_sims", fastupdate=False),
        ]

    def __str__(self) -> str:
        return f"{len(self.sim_ids)} SIMs"


class SyncPage(models.Model):
    """One list page that a run has read and merged; kept for two runs.

    Resume, ages and `missing` stand on it: a page that is here is in the copy. An answer to a question by name has
    no account; its pages count from 0 as well.
    """

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="page_rows", db_index=False)
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    page = models.IntegerField()
    asked_at = models.DateTimeField()
    shown = models.ForeignKey(PageSims, on_delete=models.PROTECT, related_name="pages")
    # What the page as a whole is told apart by; none where not each of its records is a SIM of our copy.
    mark = models.BigIntegerField(null=True)
    # The digests of its records, XORed: as long as those of our copy come to the same, none of its SIMs has changed.
    digest_sum = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "account", "page"], name="page_run_account")]
        indexes = [
            models.Index(fields=["run", "asked_at"], name="page_asked"),  # which page showed a SIM last
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.account_id} page {self.page}"


class SetAside(models.Model):
    """A record that could not be read, kept by name while the rest of its page was merged."""

    run = models.ForeignKey(SyncRun, null=True, on_delete=models.CASCADE, related_name="set_aside", db_index=False)
    account = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    page = models.IntegerField(null=True)
    place = models.IntegerField(null=True)
    giccid = models.TextField(blank=True, db_collation="C")
    field = models.TextField(blank=True)
    reason = models.TextField()
    raw = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["run", "-id"], name="aside_run"),
            models.Index(fields=["giccid", "-id"], name="aside_giccid"),  # seen in how many runs
        ]

    def __str__(self) -> str:
        return f"{self.giccid}: {self.reason}"
