"""What a start needs before the first page: tables, the first admin, static files, first tasks."""

import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from notifications.tokens import ensure_tokens
from smarthub_portal.celery import app
from smarthub_portal.env import load
from users.models import User


class Command(BaseCommand):
    help = "Brings tables, first admin and static files up to date; prints the first login as JSON."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        ensure_tokens()
        collect_static()
        for name in settings.START_TASKS:
            app.send_task(name)
        self.stdout.write(json.dumps(first_admin()))


def first_admin() -> dict[str, str]:
    """Make an admin where there is no user yet; a password is handed back only if it was made up here."""
    if User.objects.exists():
        return {}
    env = load()
    password = env.PORTAL_ADMIN_PASSWORD or secrets.token_urlsafe(12)
    User.objects.create_superuser(env.PORTAL_ADMIN_USERNAME, password=password, role=User.Role.ADMIN)
    shown = {} if env.PORTAL_ADMIN_PASSWORD else {"password": password}
    return {"username": env.PORTAL_ADMIN_USERNAME, **shown}


def collect_static() -> None:
    """Hash and compress the static files, where one of them changed since the last time."""
    stamp = Path(settings.STATIC_ROOT) / ".stamp"
    state = _static_state()
    if stamp.exists() and stamp.read_text() == state:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(state)


def _static_state() -> str:
    digest = hashlib.sha256()
    for folder in settings.STATICFILES_DIRS:
        for path in sorted(Path(folder).rglob("*")):
            facts = path.stat()
            digest.update(f"{path} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
