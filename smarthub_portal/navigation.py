"""The side bar: one table of groups and places, and the place a path belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Item:
    """One place. `key` is its letter after g; `tone` of a count: "" plain, info for open, unknown for doubts.

    A count with a topic `live` is read again from `live_url` when that is rung.
    """

    label: str
    url: str
    icon: str = ""
    key: str = ""
    name: str = ""
    items: tuple["Item", ...] = ()
    is_current: bool = False
    count: int | None = None
    tone: str = ""
    live: str = ""
    live_url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    items: tuple[Item, ...]


ESTATE = (
    Item("Accounts", "/enterprise/accounts/"),
    Item("Packages", "/enterprise/packages/"),
    Item("Share pools", "/enterprise/share-pools/"),
    Item("Usage", "/enterprise/usage/"),
    Item("Statistics", "/enterprise/statistics/"),
    Item("Calendar", "/enterprise/calendar/"),
)
NAVIGATION = (
    Group("", (Item("Home", "/", "home", "h"), Item("SIMs", "/sims/", "device-sim", "s", name="sims"))),
    Group(
        "Change",
        (
            Item("Operations", "/operations/", "bolt", "o", name="operations", tone="unknown"),
            Item("Batches", "/batches/", "stack-2", "b", name="batches", tone="info"),
        ),
    ),
    Group(
        "Messages",
        (
            Item("SMS", "/sms/", "message-2", "m", name="sms", tone="info", live="unread", live_url="/sms/unread/"),
            Item("Events", "/events/", "activity", "e"),
        ),
    ),
    Group("Estate", (Item("Enterprise", "/enterprise/", "building", items=ESTATE),)),
    Group(
        "System",
        (
            Item("Sync", "/sync/", "refresh"),
            Item("People", "/people/", "users"),
            Item("Audit", "/audit/", "history"),
            Item("Rules", "/rules/", "adjustments-alt"),
        ),
    ),
)
BOTTOM = ("/", "/sims/", "/sms/", "/events/")


def is_under(url: str, path: str) -> bool:
    return path == url if url == "/" else path.startswith(url)


def _mark(item: Item, path: str, counts: Mapping[str, int | None]) -> Item:
    below = tuple(_mark(each, path, counts) for each in item.items)
    is_current = is_under(item.url, path) and not any(each.is_current for each in below)
    return replace(item, items=below, is_current=is_current, count=counts.get(item.name))


def navigation(path: str, counts: Mapping[str, int | None] | None = None) -> tuple[Group, ...]:
    """The groups for a page: its place marked, counts beside the items named sims, operations, batches, sms."""
    known = counts or {}
    return tuple(Group(group.label, tuple(_mark(item, path, known) for item in group.items)) for group in NAVIGATION)


def bottom_bar(groups: tuple[Group, ...]) -> tuple[Item, ...]:
    """The four places of the phone's bar; the fifth opens all of them."""
    places = {item.url: item for group in groups for item in group.items}
    return tuple(places[url] for url in BOTTOM)
