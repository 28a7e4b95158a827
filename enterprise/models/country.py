from __future__ import annotations

from django.db import models


class CountryDay(models.Model):
    """Traffic and SIMs seen in one country on one day (T1), by the code as the carrier wrote it; MB."""

    day = models.DateField()
    code = models.TextField(db_collation="C")
    data_usage_mb = models.DecimalField(max_digits=18, decimal_places=3, null=True)
    sim_count = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["day", "code"]
        # The days of a range.
        constraints = [models.UniqueConstraint(fields=["day", "code"], name="country_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.code}"


class CountryDayRead(models.Model):
    """That a day's countries were asked for: a day without a row is a gap, one with a row and no country was empty."""

    day = models.DateField(primary_key=True)
    read_at = models.DateTimeField()
    # Asked for after the day had ended: its figures move no more.
    is_final = models.BooleanField(default=False)

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day}"
