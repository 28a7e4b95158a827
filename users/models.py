from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person who signs in; `role` decides what they may do."""

    class Role(models.TextChoices):
        SUPPORT = "support", "Support"
        MANAGER = "manager", "Fleet manager"
        ADMIN = "admin", "Admin"

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.SUPPORT)

    @property
    def initials(self) -> str:
        parts = self.get_full_name().split() or [self.username]
        return "".join(part[0] for part in parts[:2]).upper()

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username


class AuditEntry(models.Model):
    """Who did what, kept for good; the target is text so that it outlives what it names."""

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    username = models.CharField(max_length=150)
    action = models.CharField(max_length=64)
    target = models.TextField(blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),  # the audit page, newest first
        ]

    def __str__(self) -> str:
        return f"{self.username} {self.action} {self.target}"
