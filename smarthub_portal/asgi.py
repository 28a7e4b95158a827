"""The web application: static files, then bare handlers by path prefix, then Django."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarthub_portal.settings")

from django.core.asgi import get_asgi_application

from smarthub_portal.access import AccessLog
from smarthub_portal.beside import Beside, with_static_files

HANDLERS: dict[str, Any] = {}
"""path prefix → ASGI application that answers beside Django"""

application = AccessLog(with_static_files(Beside(get_asgi_application(), HANDLERS)))
