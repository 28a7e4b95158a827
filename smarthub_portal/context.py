"""What every page needs beside its own context."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from smarthub_portal.navigation import bottom_bar, navigation


def portal(request: HttpRequest) -> dict[str, Any]:
    groups = navigation(request.path)
    return {"portal": {"is_simulated": settings.IS_SIMULATED}, "nav": groups, "nav_bottom": bottom_bar(groups)}
