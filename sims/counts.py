"""How many SIMs there are, by account, status, package and missing: exact, and never by counting the SIM table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from sims.models import SimQuerySet
from toolkit.database import array_of, named_sql

NO_ACCOUNT = 0
FOLDING = 0x51C0
CAP = 10_000

_ALL = """SELECT account_id, status, package, is_missing, n FROM sims_simcount
UNION ALL SELECT account_id, status, package, is_missing, n FROM sims_simcountdelta"""

TOTAL = f"SELECT COALESCE(sum(n), 0) FROM ({_ALL}) AS source"

# Of any SIMs, whatever has found them; as cells, for each group then goes through a hundred and not ten thousand.
_HITS = """SELECT COALESCE(account_id, 0) AS account_id, status, package,
missing_since IS NOT NULL AS is_missing, count(*) AS n FROM ({hits}) AS hits GROUP BY 1, 2, 3, 4"""

_IDS = "SELECT account_id, status, package, missing_since FROM sims_sim WHERE id = ANY(%(sim_ids)s::bigint[])"

# Account, status and package of which there are SIMs under the exact filters.
CELLS = f"""SELECT account_id, status, package FROM ({_ALL}) AS source
WHERE (cardinality(%(accounts)s::bigint[]) = 0 OR account_id = ANY(%(accounts)s::bigint[]))
AND (cardinality(%(statuses)s::text[]) = 0 OR status = ANY(%(statuses)s::text[]))
AND (cardinality(%(packages)s::text[]) = 0 OR package = ANY(%(packages)s::text[]))
AND (%(missing)s::boolean IS NULL OR is_missing = %(missing)s::boolean)
AND (%(scope)s::bigint[] IS NULL OR account_id = ANY(%(scope)s::bigint[]))
GROUP BY account_id, status, package HAVING sum(n) > 0"""

# Each group is counted with the filters of all others on.
_FACETS = """
WITH cells AS (
    SELECT *,
        cardinality(%(accounts)s::bigint[]) = 0 OR account_id = ANY(%(accounts)s::bigint[]) AS of_account,
        cardinality(%(statuses)s::text[]) = 0 OR status = ANY(%(statuses)s::text[]) AS of_status,
        cardinality(%(packages)s::text[]) = 0 OR package = ANY(%(packages)s::text[]) AS of_package,
        %(missing)s::boolean IS NULL OR is_missing = %(missing)s::boolean AS of_missing
    FROM ({source}) AS source WHERE %(scope)s::bigint[] IS NULL OR account_id = ANY(%(scope)s::bigint[])
)
SELECT GROUPING(account_id, status, package, is_missing), account_id, status, package, is_missing,
    COALESCE(sum(n) FILTER (WHERE of_account AND of_status AND of_package AND of_missing), 0),
    COALESCE(sum(n) FILTER (WHERE of_status AND of_package AND of_missing), 0),
    COALESCE(sum(n) FILTER (WHERE of_account AND of_package AND of_missing), 0),
    COALESCE(sum(n) FILTER (WHERE of_account AND of_status AND of_missing), 0),
    COALESCE(sum(n) FILTER (WHERE of_account AND of_status AND of_package), 0),
    COALESCE(sum(n), 0)
FROM cells
GROUP BY GROUPING SETS ((), (account_id), (status), (package), (is_missing))
"""

# What GROUPING() answers for the rows of each set: a bit for each column left out.
_TOTAL, _ACCOUNT, _STATUS, _PACKAGE, _MISSING = 0b1111, 0b0111, 0b1011, 0b1101, 0b1110

_FOLD = """
WITH moved AS (DELETE FROM sims_simcountdelta RETURNING account_id, status, package, is_missing, n)
INSERT INTO sims_simcount AS counted (account_id, status, package, is_missing, n)
SELECT account_id, status, package, is_missing, sum(n) FROM moved GROUP BY 1, 2, 3, 4
ON CONFLICT (account_id, status, package, is_missing) DO UPDATE SET n = counted.n + EXCLUDED.n
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; an empty group asks for all. Account 0 is none, package "" is none.

    `scope` are the only accounts there are for who asks, None without such a limit; `accounts` are among them.
    """

    accounts: Sequence[int] = ()
    statuses: Sequence[str] = ()
    packages: Sequence[str] = ()
    missing: bool | None = None
    scope: Sequence[int] | None = None

    def __bool__(self) -> bool:
        return bool(self.accounts or self.statuses or self.packages or self.missing is not None)

    @property
    def within(self) -> Sequence[int]:
        """The accounts that the answer lies in; none stands for all."""
        return self.accounts or self.scope or ()


@dataclass(slots=True)
class Facets:
    """Counts of each value under the other groups' filters; `without` is the total when one group's filter goes.

    `is_capped`: there are more than `CAP`. `is_partial`: the values were counted among the first `CAP` hits of filters
    that are not exact, so there are at least that many.
    """

    total: int = 0
    accounts: dict[int, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    packages: dict[str, int] = field(default_factory=dict)
    missing: dict[bool, int] = field(default_factory=dict)
    without: dict[str, int] = field(default_factory=dict)
    is_capped: bool = False
    is_partial: bool = False
    whole: int = 0


def total() -> int:
    """All SIMs we have a copy of, the missing ones included."""
    with connection.cursor() as cursor:
        cursor.execute(TOTAL)
        return int(cursor.fetchone()[0])


def facets(asked: Filter, *, sim_ids: Sequence[int] | None = None) -> Facets:
    """The counts for `asked`, over the whole fleet or over the SIMs a search has found."""
    source = _ALL if sim_ids is None else _HITS.format(hits=_IDS)
    return _count(source, {**values_of(asked), "sim_ids": array_of(sim_ids or ())})


def capped_facets(asked: Filter, among: SimQuerySet, *, both: Callable[[], SimQuerySet]) -> Facets:
    """The counts for `asked` among the SIMs of another filter, no further than just over `CAP`.

    `both` gives those that answer both; they are counted apart when there are too many of the others.
    """
    columns = among.values_list("account_id", "status", "package", "missing_since")
    text, values = named_sql(columns[: CAP + 1])
    counted = _count(_HITS.format(hits=text), {**values_of(asked), **values})
    counted.is_partial = counted.whole > CAP
    if counted.is_partial:
        total = both().values("pk")[: CAP + 1].count() if asked else CAP + 1
        counted.total, counted.is_capped = min(total, CAP), total > CAP
    return counted


def values_of(asked: Filter) -> dict[str, Any]:
    """The parameters that the exact filters have in SQL."""
    return {
        "accounts": list(asked.accounts),
        "statuses": list(asked.statuses),
        "packages": list(asked.packages),
        "missing": asked.missing,
        "scope": None if asked.scope is None else list(asked.scope),
    }


def _count(source: str, values: dict[str, Any]) -> Facets:
    with connection.cursor() as cursor:
        cursor.execute(_FACETS.format(source=source), values)
        return _gather(cursor.fetchall())


def _gather(rows: list[tuple[Any, ...]]) -> Facets:
    counted = Facets()
    for grouping, account, status, package, is_missing, *sums in rows:
        hits, any_account, any_status, any_package, any_missing, whole = map(int, sums)
        if grouping == _ACCOUNT:
            counted.accounts[account] = any_account
        elif grouping == _STATUS:
            counted.statuses[status] = any_status
        elif grouping == _PACKAGE:
            counted.packages[package] = any_package
        elif grouping == _MISSING:
            counted.missing[is_missing] = any_missing
        elif grouping == _TOTAL:
            counted.total, counted.whole = hits, whole
            counted.without = {
                "account": any_account,
                "status": any_status,
                "package": any_package,
                "missing": any_missing,
            }
    return counted


def fold_counts() -> bool:
    """Move the deltas into the counts, in one transaction; False when another process is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [FOLDING])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(_FOLD)
        cursor.execute("DELETE FROM sims_simcount WHERE n = 0")
        return True
