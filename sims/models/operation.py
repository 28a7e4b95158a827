from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from sims.models.sim import Sim
from users.models import User


class Verb(models.TextChoices):
    """What can be done to a SIM at the carrier; the values are the last part of the address that asks for it."""

    ACTIVATE = "activate", "Activate"
    SUSPEND = "suspend", "Suspend"
    RETIRE = "retire", "Retire"
    CHANGE_PLAN = "change-plan", "Change plan"
    ADD_PACKAGE = "add-package", "Add package"
    APN = "apn", "Open or close an APN"
    CUSTOM_FIELDS = "custom-fields", "Edit custom fields"


class OperationQuerySet(models.QuerySet["Operation"]):
    def open(self) -> OperationQuerySet:
        """Those whose outcome is not known yet, or lies ahead."""
        return self.filter(state__in=Operation.OPEN)


class Operation(models.Model):
    """One change of one SIM that a person asked for, from the intent to what a read proved.

    The row is committed before anything leaves for the carrier. `wanted` holds what the verb needs (package, effective,
    apn, apn_status, custom1 … custom5); `before` and `after` what the carrier showed. Times are ours, `effective_at`
    the carrier's.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Sending"
        ACCEPTED = "accepted", "Accepted"
        SCHEDULED = "scheduled", "Scheduled"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Unknown"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = (State.QUEUED, State.SENDING, State.ACCEPTED, State.SCHEDULED, State.UNKNOWN)
    # Those that hold the SIM: a change of the next cycle holds only its plan.
    HOLDING = (State.QUEUED, State.SENDING, State.ACCEPTED, State.UNKNOWN)
    # Those that reading may settle.
    READABLE = (State.ACCEPTED, State.SCHEDULED, State.UNKNOWN)

    sim = models.ForeignKey(Sim, on_delete=models.PROTECT, related_name="operations", db_index=False)
    verb = models.CharField(max_length=16, choices=Verb)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED, db_default=State.QUEUED)
    wanted = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    requested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    username = models.CharField(max_length=150)
    undo_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="undone_by")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True)
    # How far the carrier's clock is ahead of ours, from the Date of its reply.
    clock_ahead_s = models.FloatField(null=True)
    attempts = models.SmallIntegerField(default=0)
    request = models.JSONField(default=dict)
    reply = models.JSONField(default=dict)
    # What a person is told of the outcome: the refusal, or why it is not known.
    note = models.TextField(blank=True)
    reads = models.SmallIntegerField(default=0)
    next_read_at = models.DateTimeField(null=True)
    last_read_at = models.DateTimeField(null=True)
    # Reading cannot settle it: somebody has to say.
    needs_person = models.BooleanField(default=False)
    resolved_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    resolved_reason = models.TextField(blank=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["sim", "-id"], name="operation_sim"),  # the SIM's page
            models.Index(fields=["state", "-id"], name="operation_state"),  # the list by state
            models.Index(fields=["username", "-id"], name="operation_user"),  # the list by who asked
            models.Index(fields=["verb", "-id"], name="operation_verb"),  # the list by action
            models.Index(fields=["created_at"], name="operation_asked"),  # the list by day
            # The sweeper: queued and not begun, sending and stuck.
            models.Index(
                fields=["created_at"], name="operation_waiting", condition=models.Q(state__in=["queued", "sending"])
            ),
            # The reader: what is due to be read.
            models.Index(
                fields=["next_read_at"],
                name="operation_due",
                condition=models.Q(state__in=["accepted", "scheduled", "unknown"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.sim_id}: {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class OpenChange(models.Model):
    """The one change that holds a SIM, an operation or an item of a batch; the primary key decides who comes first.

    `batch_item_id` and `batch_uuid` are plain values: batches stand above this app.
    """

    sim = models.OneToOneField(Sim, primary_key=True, on_delete=models.PROTECT, related_name="open_change")
    operation = models.OneToOneField(Operation, null=True, on_delete=models.CASCADE, related_name="holds")
    batch_item_id = models.BigIntegerField(null=True)
    batch_uuid = models.UUIDField(null=True)
    verb = models.CharField(max_length=16, choices=Verb)
    since = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(operation__isnull=False) ^ models.Q(batch_item_id__isnull=False),
                name="open_change_has_one_holder",
            )
        ]
        indexes = [
            models.Index(fields=["batch_uuid"], name="open_change_batch", condition=models.Q(batch_uuid__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.sim_id} held for {self.verb}"


class ScheduledPlan(models.Model):
    """A plan change that the carrier carries out at the next cycle: until then no other one for this SIM."""

    sim = models.OneToOneField(Sim, primary_key=True, on_delete=models.PROTECT, related_name="scheduled_plan")
    operation = models.OneToOneField(Operation, null=True, on_delete=models.CASCADE, related_name="schedules")
    batch_item_id = models.BigIntegerField(null=True)
    batch_uuid = models.UUIDField(null=True)
    package = models.TextField(db_collation="C")
    effective_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.sim_id} moves to {self.package}"


class Protection(models.Model):
    """Somebody does not want this SIM suspended or retired until the protection is lifted."""

    sim = models.OneToOneField(Sim, primary_key=True, on_delete=models.CASCADE, related_name="protection")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.sim_id} is protected"
