from __future__ import annotations

from django.db import models


class Delivery(models.Model):
    """One request of the carrier as it came, never changed.

    The id is given at receipt and holds the time of receipt (`notifications.ids`), so that the same delivery spooled
    and drained twice is one row, and a row is found by its id alone. Partitioned by month of `received_at`.
    """

    pk = models.CompositePrimaryKey("received_at", "id")
    received_at = models.DateTimeField()
    id = models.BigIntegerField()
    slug = models.TextField(db_collation="C")
    source = models.TextField(blank=True)
    headers = models.BinaryField()
    body = models.BinaryField()

    class Meta:
        managed = False
        db_table = "notifications_delivery"
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.slug} {self.id}"


class Untaken(models.Model):
    """A delivery that the worker has not taken apart yet; written with it, deleted with its pushes' first write."""

    pk = models.CompositePrimaryKey("received_at", "id")
    received_at = models.DateTimeField()
    id = models.BigIntegerField()
    slug = models.TextField(db_collation="C")

    class Meta:
        verbose_name_plural = "untaken"

    def __str__(self) -> str:
        return str(self.id)
