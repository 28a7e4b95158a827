"""What pages over the whole fleet read instead of the fleet: sums by day, made after each reading of all SIMs.

Account 0 is none, package "" is none, as in `SimCount`. Volumes are MB, days billing days.
"""

from __future__ import annotations

from django.db import models

from toolkit.lease import Leased


class RollUp(Leased):
    """That a day was rolled up, from which run, and how its sums may be read.

    `spans_days` is 1 where the fleet was read the day before as well; a larger number says that the use is that of so
    many days together, so a chart leaves a gap. 0 is a day before which nothing was read: its use is not known.
    """

    day = models.DateField(primary_key=True)
    run_id = models.BigIntegerField(null=True)
    rolled_at = models.DateTimeField(null=True)
    spans_days = models.SmallIntegerField(default=0)
    sims_read = models.BigIntegerField(default=0)
    took_s = models.FloatField(default=0)

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day}"


class UsageRoll(models.Model):
    """What the SIMs of an account and package used on a day, and how many of them used anything."""

    day = models.DateField()
    account_id = models.BigIntegerField()
    package = models.TextField(db_collation="C")
    used_mb = models.DecimalField(max_digits=18, decimal_places=3)
    sims = models.BigIntegerField()

    class Meta:
        constraints = [
            # The fleet's days of a range, and those of an account or a package among them.
            models.UniqueConstraint(fields=["day", "account_id", "package"], name="usage_roll"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.used_mb} MB"


class UsageMoment(models.Model):
    """How much the fleet had used of a day when a run had read all of it: what a usual day is drawn from."""

    at = models.DateTimeField(primary_key=True)
    day = models.DateField()
    used_mb = models.DecimalField(max_digits=18, decimal_places=3)

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["day", "at"], name="usage_moment_day")]  # the days that a usual one is made of

    def __str__(self) -> str:
        return f"{self.at} {self.used_mb} MB"


class UsageTop(models.Model):
    """The SIMs that used most on a day, and those that grew most against their own usual."""

    class Kind(models.TextChoices):
        USED = "used", "Used most"
        GREW = "grew", "Grew most"

    day = models.DateField()
    kind = models.CharField(max_length=4, choices=Kind)
    place = models.SmallIntegerField()
    sim_id = models.BigIntegerField()
    used_mb = models.DecimalField(max_digits=18, decimal_places=3)
    # A day's mean before, in the same cycle or in the one before; None where there is none.
    usual_mb = models.DecimalField(max_digits=18, decimal_places=3, null=True)

    class Meta:
        ordering = ["day", "kind", "place"]
        constraints = [models.UniqueConstraint(fields=["day", "kind", "place"], name="usage_top")]

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.place}"


class LastUse(models.Model):
    """The last day on which a SIM was seen to use anything; the day we first saw it where it never was.

    `is_active` is as of the last roll-up: retired and stored SIMs, silent for years, would stand before all others.
    """

    sim_id = models.BigIntegerField(primary_key=True)
    day = models.DateField()
    is_active = models.BooleanField(default=True, db_default=True)

    class Meta:
        indexes = [
            # Silent SIMs, the longest first.
            models.Index(fields=["day", "sim_id"], name="last_use_active", condition=models.Q(is_active=True))
        ]

    def __str__(self) -> str:
        return f"{self.sim_id} {self.day}"


class SilentDay(models.Model):
    """How many active SIMs of an account had used nothing for `days` days."""

    day = models.DateField()
    days = models.SmallIntegerField()
    account_id = models.BigIntegerField()
    n = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "days", "account_id"], name="silent_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.days} d: {self.n}"


class CountDay(models.Model):
    """How many SIMs an account had in each status when the day's last run ended; missing ones are in it."""

    day = models.DateField()
    account_id = models.BigIntegerField()
    status = models.TextField(db_collation="C")
    n = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "account_id", "status"], name="count_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.status} {self.n}"


class EndingDay(models.Model):
    """How many packages of an account's SIMs end on a day to come, and for how many of these nothing is to follow."""

    day = models.DateField()
    account_id = models.BigIntegerField()
    n = models.BigIntegerField()
    # Active, prepaid, and no other plan is scheduled.
    unfollowed = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "account_id"], name="ending_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.n}"


class PackageUse(models.Model):
    """How the SIMs on a package of an account stand against its allowance."""

    account_id = models.BigIntegerField()
    package = models.TextField(db_collation="C")
    sims = models.BigIntegerField()
    used_mb = models.DecimalField(max_digits=20, decimal_places=3)
    nothing = models.BigIntegerField()
    under_10 = models.BigIntegerField()
    over_80 = models.BigIntegerField()
    over_100 = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account_id", "package"], name="package_use")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.package}"
