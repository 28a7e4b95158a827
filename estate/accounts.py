"""Accounts as pages show them: the carrier's figures, our count of SIMs beside its own, and their history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from enterprise.models import Account, AccountDay
from estate.charts import LineChart, line_chart
from estate.ranges import Days
from sims.counts import Filter, facets
from sims.models import Sim
from toolkit.figures import NOT_READ, change, plural
from toolkit.templatetags.look import age


def money(amount: Decimal | None, currency: str) -> str:
    """1,520.35 USD; an amount nobody has told is not nothing."""
    if amount is None:
        return NOT_READ
    return f"{amount:,.2f} {currency}".replace("-", "−").strip()


def amount(account: Account, value: Decimal | None) -> str:
    """An amount of the account's money; one that was left out of what was read is not still to come."""
    is_told = bool(account.billing_cycle or account.currency)
    return "not told" if value is None and is_told else money(value, account.currency)


def sims_url(**filters: object) -> str:
    return f"{reverse('sims:list')}?{urlencode(filters)}"


@dataclass(frozen=True, slots=True)
class Beside:
    """A count of ours beside the carrier's; `why` explains a difference."""

    status: str
    ours: int
    theirs: int | None
    why: SafeString | str
    url: str

    @property
    def difference(self) -> int | None:
        return None if self.theirs is None else self.ours - self.theirs

    @property
    def difference_words(self) -> str:
        return "" if self.difference is None else "equal" if self.difference == 0 else change(self.difference)


@dataclass(frozen=True, slots=True)
class AccountRow:
    account: Account
    sims: Beside
    balance: str
    charge: str
    url: str


def account_rows(accounts: list[Account], *, ours: Mapping[int, int], missing: Mapping[int, int]) -> list[AccountRow]:
    return [_row(account, ours.get(account.pk, 0), missing.get(account.pk, 0)) for account in accounts]


def _row(account: Account, ours: int, missing: int) -> AccountRow:
    return AccountRow(
        account=account,
        sims=Beside(
            "",
            ours,
            account.carrier_sim_count,
            _why(account, ours, account.carrier_sim_count, missing),
            sims_url(account=account.pk),
        ),
        balance=amount(account, account.balance),
        charge=amount(account, account.current_cycle_charge),
        url=reverse("estate:account", args=[account.pk]),
    )


def beside_carrier(account: Account) -> list[Beside]:
    """Our count of the account's SIMs beside the carrier's, status by status; two queries."""
    ours = facets(Filter(accounts=[account.pk])).statuses
    missing = facets(Filter(accounts=[account.pk], missing=True)).statuses
    theirs: dict[str, int] = account.carrier_status_counts or {}
    known = [value for value in Sim.Status.values if ours.get(value) or value in theirs]
    strange = sorted((set(theirs) | {value for value, n in ours.items() if n}) - set(Sim.Status.values))
    return [
        _beside(account, status, ours.get(status, 0), theirs.get(status, 0) if theirs else None, missing.get(status, 0))
        for status in [*known, *strange]
    ]


def _beside(account: Account, status: str, ours: int, theirs: int | None, missing: int) -> Beside:
    url = sims_url(account=account.pk, status=status)
    return Beside(status, ours, theirs, _why(account, ours, theirs, missing), url)


def _why(account: Account, ours: int, theirs: int | None, missing: int) -> SafeString | str:
    """What explains a difference: SIMs the carrier no longer shows, else the time between the two counts."""
    if theirs is None:
        return "The carrier gave no count."
    if ours == theirs:
        return ""
    if missing and ours - theirs == missing:
        return f"{plural(missing, 'is', 'are')} missing at the carrier: it lists them no more, we keep them."
    also = f" {plural(missing, 'of ours is', 'of ours are')} missing at the carrier." if missing else ""
    return format_html(
        "The carrier counted {}; our SIMs were read page by page around it, and what changed in between counts on one "
        "side only.{}",
        age(account.read_at, "ago"),
        also,
    )


@dataclass(frozen=True, slots=True)
class AccountHistory:
    """Balance and charge over some days, as charts and as rows (newest first)."""

    balance: LineChart | None
    charge: LineChart | None
    rows: list[AccountDay]
    gaps: int

    @property
    def table(self) -> SafeString:
        """The rows of the charts' table, newest first."""
        return format_html_join("", ROW, (_cells(row) for row in self.rows))


ROW = '<tr><td>{}</td><td class="sp-num">{}</td><td class="sp-num">{}</td><td>{}</td></tr>'


def _cells(row: AccountDay) -> tuple[str, str, str, str]:
    return f"{row.day:%a %-d %b %Y}", _figure(row.balance), _figure(row.current_cycle_charge), row.billing_cycle


def _figure(value: Decimal | None) -> str:
    return "not told" if value is None else f"{value:,.2f}".replace("-", "−")


def history_of(account: Account, days: Days) -> AccountHistory:
    """One query; a day that was not read is a gap."""
    kept = {row.day: row for row in AccountDay.objects.filter(account=account, day__range=(days.first, days.last))}
    since = min(kept, default=days.last)
    return AccountHistory(
        balance=_chart("Balance", {day: row.balance for day, row in kept.items()}, days, account.currency),
        charge=_chart("Charge", {day: row.current_cycle_charge for day, row in kept.items()}, days, account.currency),
        rows=sorted(kept.values(), key=lambda row: row.day, reverse=True),
        gaps=sum(day not in kept for day in days if day >= since),
    )


def _chart(name: str, values: Mapping[date, Decimal | None], days: Days, currency: str) -> LineChart | None:
    points = [(days.place(day), None if (value := values.get(day)) is None else float(value)) for day in days]
    known = [(day, value) for day, value in sorted(values.items()) if value is not None]
    if not known:
        return None
    words = f"{name} from {days.words}: last {money(known[-1][1], currency)} on {known[-1][0]:%-d %B}"
    return line_chart([(name, points)], words=words, labels=days.labels())


def charges(accounts: list[Account]) -> list[str]:
    """The charge of the cycle of all accounts, a sum for each currency."""
    sums: dict[str, Decimal] = {}
    for account in accounts:
        if account.current_cycle_charge is not None:
            sums[account.currency] = sums.get(account.currency, Decimal(0)) + account.current_cycle_charge
    return [money(amount, currency) for currency, amount in sorted(sums.items())]
