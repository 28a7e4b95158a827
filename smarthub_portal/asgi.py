"""The web application: static files, then bare handlers by path prefix, then Django."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarthub_portal.settings")

from django.core.asgi import get_asgi_application

from smarthub_portal.access import AccessLog
from smarthub_portal.beside import Beside, with_static_files

django = get_asgi_application()

# These need models, and so Django's set-up before them.
from notifications.intake.app import PREFIX, Intake  # noqa: E402
from notifications.stream import EventStream  # noqa: E402

stream = EventStream()
HANDLERS: dict[str, Any] = {"/events/stream/": stream, PREFIX: Intake()}
"""path prefix → ASGI application that answers beside Django"""

application = AccessLog(with_static_files(Beside(django, HANDLERS)))


def let_go() -> None:
    """Called when a stop begins: what would keep a connection open ends now."""
    stream.end()
