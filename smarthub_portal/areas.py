"""Areas of the portal that this version promises an address for but does not hold yet."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe


@dataclass(frozen=True, slots=True)
class Area:
    path: str
    title: str
    icon: str
    sentence: str
    is_plural: bool = True


AREAS = (
    Area("people/", "People", "users", "Who may sign in, and what they may do."),
    Area("rules/", "Rules", "adjustments-alt", "What the portal watches for, and whom it tells."),
)


def _page(area: Area) -> Callable[[HttpRequest], HttpResponse]:
    @require_safe
    def coming(request: HttpRequest) -> HttpResponse:
        return render(request, "coming.html", {"area": area})

    return coming


@require_safe
def connect(request: HttpRequest) -> HttpResponse:
    """How a portal that shows a simulated fleet is given the real one."""
    return render(request, "connect.html")


urlpatterns: list[URLPattern] = [
    *(path(area.path, _page(area), name=f"coming-{area.path.strip('/').replace('/', '-')}") for area in AREAS),
    path("connect/", connect, name="connect"),
]
