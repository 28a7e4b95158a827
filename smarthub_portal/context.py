"""What the frame of every page needs: the places, and how fresh the fleet is."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from notifications.silence import noted_warnings
from sims.freshness import freshness_of
from sims.notes import person
from smarthub_portal.nav_counts import nav_counts
from smarthub_portal.navigation import Group, Item, bottom_bar, navigation


class Portal:
    """Two cheap queries at most, and none for what a template does not print or for who is not signed in."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.is_signed_in = hasattr(request, "user") and request.user.is_authenticated
        self.is_simulated = bool(settings.IS_SIMULATED)

    @cached_property
    def counts(self) -> dict[str, int | None]:
        return nav_counts(person(self.request.user)) if self.is_signed_in else {}

    @cached_property
    def push_warnings(self) -> list[str]:
        return noted_warnings() if self.is_signed_in else []

    @property
    def sim_total(self) -> int | None:
        return self.counts.get("sims")

    @cached_property
    def fleet_read_at(self) -> datetime | None:
        return freshness_of(self.request).read_at if self.is_signed_in else None

    @cached_property
    def fleet_reading_percent(self) -> int | None:
        return freshness_of(self.request).percent if self.is_signed_in else None

    @cached_property
    def fleet_is_stale(self) -> bool:
        return self.is_signed_in and freshness_of(self.request).is_stale()


def portal(request: HttpRequest) -> dict[str, Any]:
    """`portal`, `nav` and `nav_bottom` for templates/base.html."""
    frame = Portal(request)

    def groups() -> tuple[Group, ...]:
        return navigation(request.path, frame.counts)

    nav = SimpleLazyObject(groups)

    def bottom() -> tuple[Item, ...]:
        return bottom_bar(tuple(nav))

    return {"portal": frame, "nav": nav, "nav_bottom": SimpleLazyObject(bottom)}
