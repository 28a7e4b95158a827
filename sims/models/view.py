from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now


class SavedView(models.Model):
    """A filter of the list with its columns and order, under a name: one person's own, or for everybody.

    `query` is the list's query string without what moves (pages, the view itself); no columns means one's usual ones.
    """

    LONGEST = 60
    is_default = False  # whether it is the reader's own; `saved_views.visible_to` says so

    # A shared view outlives the account of who made it.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="saved_views", db_index=False
    )
    name = models.CharField(max_length=LONGEST)
    query = models.TextField(blank=True)
    columns = ArrayField(models.TextField(), default=list)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("owner", Lower("name"), name="view_owner_name")]
        indexes = [
            models.Index(fields=["id"], name="view_shared", condition=models.Q(is_shared=True)),  # everybody's tabs
        ]

    def __str__(self) -> str:
        return self.name


class DefaultView(models.Model):
    """The view that the list opens with for one person."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="default_view"
    )
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.user_id} opens {self.view_id}"
