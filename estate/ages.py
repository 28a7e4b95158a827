"""How old the figures of a page are, and why there are no newer ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from enterprise.models import Source
from enterprise.sources import failing
from toolkit.figures import plural
from toolkit.templatetags.look import age


@dataclass(frozen=True, slots=True)
class Trouble:
    """A call of the carrier that failed: what is shown instead, and why."""

    title: str
    words: SafeString


def troubles(*calls: Source.Call, accounts: frozenset[int] | None = None) -> list[Trouble]:
    """One note for each of `calls` that was not answered last time, about those accounts one may see; one query."""
    return troubles_of(failing(*calls, accounts=accounts))


def troubles_of(found: Sequence[Source]) -> list[Trouble]:
    return [_trouble(call, rows) for call in Source.Call if (rows := [row for row in found if row.call == call])]


def _trouble(call: Source.Call, rows: Iterable[Source]) -> Trouble:
    rows = list(rows)
    accounts = [row.account.name for row in rows if row.account]
    whose = "" if not accounts else f" of {accounts[0]}" if len(accounts) == 1 else f" of {len(accounts)} accounts"
    what = "Figures" if call == Source.Call.ACCOUNT else call.label
    title = f"{what}{whose} could not be read"
    return Trouble(title, format_html("{} {}", rows[0].error, _stand(rows)))


def _stand(rows: list[Source]) -> SafeString | str:
    read = [row.read_at for row in rows if row.read_at]
    if not read:
        return "Nothing was read before, so there is nothing to show yet."
    if len(rows) > 1:
        return format_html(
            "The figures of {} stand as they were read last, the oldest {}.",
            plural(len(rows), "account", "accounts"),
            age(min(read), "ago"),
        )
    return format_html("What stands here was read {}.", age(read[0], "ago"))
