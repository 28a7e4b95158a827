from __future__ import annotations

from django.db import models


class SimCount(models.Model):
    """How many SIMs have this account, status, package and missing mark; account 0 is none.

    Readers add the deltas (`SimCountDelta`), which a statement trigger on the SIM table appends.
    """

    account_id = models.BigIntegerField()
    status = models.TextField(db_collation="C")
    package = models.TextField(db_collation="C")
    is_missing = models.BooleanField()
    n = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account_id", "status", "package", "is_missing"], name="sim_count_key")
        ]

    def __str__(self) -> str:
        return f"{self.n} {self.status} {self.package}"


class SimCountDelta(models.Model):
    """A change of `SimCount` not yet folded in."""

    account_id = models.BigIntegerField()
    status = models.TextField(db_collation="C")
    package = models.TextField(db_collation="C")
    is_missing = models.BooleanField()
    n = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.n:+} {self.status} {self.package}"
