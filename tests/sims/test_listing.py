from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from enterprise.models import Account
from sims import counts, listing, order
from sims.forms import DAMAGED_CURSOR, SimListForm
from sims.listing import list_sims
from sims.models import Sim
from sims.order import ORDERS, Place
from tests.sims.fleet import NOW, make_account, make_package, make_sim

MIXED = (None, 3, 1, None, 2, 2, 2, None, 5, 4, 9, 9)
KEYS = {
    "iccid": lambda sim: sim.giccid,
    "activated": lambda sim: sim.activated_at,
    "plan_end": lambda sim: sim.package_ends_at,
    "usage": lambda sim: sim.data_usage_mb,
}


@pytest.fixture
def fleet(db):
    """Twelve SIMs whose times and usage repeat, stand in no order and are missing here and there."""
    dach, lab = make_account("halden-dach"), make_account("lab account")
    make_package(dach)
    for number, days in enumerate(MIXED, 1):
        moment = None if days is None else NOW + timedelta(days=days)
        make_sim(
            f"{number:02}",
            account=(dach, lab, None)[number % 3],
            status=("ACTIVATED", "DEACTIVATED")[number % 2],
            activated_at=moment,
            package_ends_at=moment,
            data_usage_mb=None if days is None else Decimal(days),
        )
    return dach, lab


def form(query=""):
    accounts = dict(Account.objects.order_by("name").values_list("pk", "name"))
    return SimListForm(QueryDict(query), accounts=accounts)


def in_order(query, name):
    """The SIMs that `query` chooses, sorted here: those without a value last, ties by id."""
    key, descends = KEYS[name.removeprefix("-")], name.startswith("-")
    sims = sorted(Sim.objects.filter(**query), key=lambda sim: sim.pk, reverse=descends)
    valued = sorted((sim for sim in sims if key(sim) is not None), key=key, reverse=descends)
    return [sim.giccid for sim in valued + [sim for sim in sims if key(sim) is None]]


def flat(pages):
    return [giccid for page in pages for giccid in page]


def walk(query, edge="after"):
    """The ICCIDs page by page, to the end of the list."""
    asked, pages = query, []
    while True:
        found = list_sims(form(asked))
        assert not found.strange
        pages.append([sim.giccid for sim in found.page.rows])
        cursor = getattr(found.page, edge)
        if not cursor:
            return pages
        more = QueryDict(mutable=True)
        more[edge] = cursor
        asked = f"{query}&{more.urlencode()}"


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr(SimListForm, "page_size", 5)


BARE = ("iccid", "activated", "plan_end", "usage")
FILTERS = [
    ("", {}),
    ("account=halden-dach", {"account__name": "halden-dach"}),
    ("account=-", {"account": None}),
    ("status=ACTIVATED", {"status": "ACTIVATED"}),
    ("status=ACTIVATED&account=lab account", {"status": "ACTIVATED", "account__name": "lab account"}),
    ("status=ACTIVATED&status=DEACTIVATED", {}),
    ("missing=0", {}),
    ("usage=>1.5", {"data_usage_mb__gt": Decimal("1.5")}),
]


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize(("query", "chosen"), FILTERS)
def test_each_order_with_each_filter(fleet, query, chosen, name):
    pages = walk(f"{query}&sort={name}".replace(" ", "%20"))
    assert flat(pages) == in_order(chosen, name)
    assert all(len(page) == 5 for page in pages[:-1])


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("query", ["", "status=ACTIVATED", "missing=0"])
def test_the_way_back_is_the_same(fleet, query, name):
    there = walk(f"{query}&sort={name}")
    found = list_sims(form(f"{query}&sort={name}&{cursor_behind(there[0][-1], name)}"))
    back = list_sims(form(f"{query}&sort={name}&before={quote(found.page.before)}"))
    assert [sim.giccid for sim in back.page.rows] == there[0]
    assert back.page.before == ""


def cursor_behind(giccid, name):
    sim = Sim.objects.get(giccid=giccid)
    order = ORDERS[name]
    return f"after={quote(Place(getattr(sim, order.column), sim.pk).written(order))}"


@pytest.mark.parametrize("name", ORDERS)
def test_the_hits_of_a_search_can_be_sorted_too(fleet, name):
    for number in (1, 2, 3, 6):
        make_sim(f"777{number}", activated_at=NOW + timedelta(days=number % 3), data_usage_mb=None)
    found = list_sims(form(f"q=777&sort={name}"))
    assert [sim.giccid for sim in found.page.rows] == in_order({"giccid__startswith": "777"}, name)
    assert list_sims(form("q=777")).order.words == "how well they match"


def test_merging_gives_way_to_walking_where_there_are_too_many_cells(fleet, monkeypatch):
    monkeypatch.setattr(order, "MAX_CELLS", 0)
    for name in ("activated", "-activated", "iccid", "-iccid"):
        query = f"status=ACTIVATED&account=halden-dach&sort={name}"
        chosen = {"status": "ACTIVATED", "account__name": "halden-dach"}
        assert flat(walk(query)) == in_order(chosen, name)


@pytest.mark.parametrize("name", ["iccid", "-iccid"])
@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ("account=-&status=ACTIVATED", {"account": None, "status": "ACTIVATED"}),
        ("account=-&account=halden-dach", None),
        ("status=ACTIVATED&status=DEACTIVATED&account=lab%20account", {"account__name": "lab account"}),
        ("package=Prepaid-Basic-100M&package=-&missing=0", {}),
        ("missing=1&account=halden-dach", {"missing_since__isnull": False, "account__name": "halden-dach"}),
    ],
)
def test_one_value_and_several_are_walked_alike(fleet, monkeypatch, query, chosen, name):
    monkeypatch.setattr(order, "MAX_CELLS", 0)
    Sim.objects.filter(giccid__in=("03", "04", "06")).update(missing_since=NOW if "missing=1" in query else None)
    expected = in_order(chosen or {}, name)
    if chosen is None:
        lab = set(in_order({"account__name": "lab account"}, name))
        expected = [giccid for giccid in expected if giccid not in lab]
    assert expected
    assert flat(walk(f"{query}&sort={name}")) == expected


class TestAboveTheCap:
    """The same with a cap of three."""

    @pytest.fixture(autouse=True)
    def low(self, fleet, monkeypatch):
        monkeypatch.setattr(counts, "CAP", 3)
        monkeypatch.setattr(listing, "CAP", 3)

    @pytest.mark.parametrize("query", ["missing=0", "status=ACTIVATED&status=DEACTIVATED", "usage=>1"])
    def test_only_iccid_order_is_offered_and_the_page_says_so(self, query):
        found = list_sims(form(f"{query}&sort=usage"))
        assert found.order.name == "iccid"
        assert found.sorts == {"iccid", "-iccid"}
        assert found.strange == [
            "More than 3 SIMs match, too many to sort by data used, least first: they stand by ICCID."
        ]
        giccids = [sim.giccid for sim in found.page.rows]
        assert giccids == sorted(giccids)

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("", {"iccid", "activated", "plan_end", "usage"}),
            ("account=halden-dach", {"iccid", "activated", "plan_end", "usage"}),
            ("status=ACTIVATED", {"iccid", "activated"}),
            (
                "status=ACTIVATED&account=halden-dach&package=Prepaid-Basic-100M",
                {"iccid", "activated", "plan_end", "usage"},
            ),
            ("account=halden-dach&account=lab%20account", {"iccid"}),
        ],
    )
    def test_the_orders_that_an_index_has_stay(self, query, names):
        found = list_sims(form(query))
        assert found.sorts == names | {f"-{name}" for name in names}

    def test_hits_are_counted_no_further(self):
        found = list_sims(form("usage=>1"))
        assert (found.total, found.is_capped, found.facets.is_partial) == (3, True, True)
        assert flat(walk("usage=>1")) == in_order({"data_usage_mb__gt": 1}, "iccid")

    def test_an_exact_filter_beside_another_is_counted_apart(self):
        found = list_sims(form("usage=>1&account=halden-dach"))
        assert (found.total, found.is_capped, found.facets.is_partial) == (3, False, True)
        assert found.sorts == set(ORDERS)


@pytest.mark.parametrize(
    ("sort", "cursor"),
    [
        ("iccid", "usage~1~2"),
        ("usage", "8986"),
        ("usage", "-usage~1~2"),
        ("usage", "usage~1~NaN"),
        ("usage", "usage~1~1E+999999"),
        ("usage", "usage~x~2"),
        ("activated", "activated~1~2026-11-22"),
        ("activated", "activated~1~9999-12-31T23:59:59.999999-23:59"),
        ("plan_end", "activated~1~2026-11-22T00:00:00+00:00"),
        ("plan_end", "plan_end~99999999999999999999~"),
        ("usage", "usage~-1~2"),
        ("iccid", "%%%"),
        ("iccid", "~"),
    ],
)
def test_a_cursor_of_another_sort_or_tampered_with_gives_the_first_page(fleet, sort, cursor):
    for edge in ("after", "before"):
        found = list_sims(form(f"sort={sort}&{edge}={quote(cursor)}"))
        assert found.strange == [DAMAGED_CURSOR]
        assert [sim.giccid for sim in found.page.rows] == in_order({}, sort)[:5]


def test_a_strange_cursor_of_a_search_gives_its_first_page(fleet):
    for number in range(7):
        make_sim(f"777{number}")
    found = list_sims(form("q=777&after=usage~1~2"))
    assert found.strange == [DAMAGED_CURSOR]
    assert [sim.giccid for sim in found.page.rows] == ["7770", "7771", "7772", "7773", "7774"]
    assert list_sims(form(f"q=777&after={found.page.after}")).strange == []


def test_an_unknown_order_says_so(fleet):
    found = list_sims(form("sort=colour"))
    assert found.strange == ["There is no such order, so the usual one stands here."]
    assert found.order.name == "iccid"


@pytest.mark.parametrize("name", ORDERS)
def test_nothing_twice_and_nothing_lost_while_sync_writes(fleet, name):
    """Between two pages some SIMs move; those that did not are seen once each, those that did at most twice."""
    moved = {"03", "08", "11"}
    seen, cursor = [], ""
    for step in range(10):
        found = list_sims(form(f"sort={name}&after={quote(cursor)}"))
        seen += [sim.giccid for sim in found.page.rows]
        cursor = found.page.after
        if not cursor:
            break
        at = NOW + timedelta(days=step * 3 - 1)
        Sim.objects.filter(giccid__in=moved).update(
            data_usage_mb=Decimal(step * 3), activated_at=at, package_ends_at=None if step % 2 else at
        )
        make_sim(f"5{step}")
    stayed = [giccid for giccid in seen if giccid not in moved and not giccid.startswith("5")]
    assert sorted(stayed) == sorted({f"{n:02}" for n in range(1, 13)} - moved)


def test_a_page_shows_no_sim_twice(fleet):
    for name in ORDERS:
        pages = walk(f"sort={name}")
        assert len(set(flat(pages))) == len(flat(pages)) == 12


ONE_EACH = ("status=ACTIVATED", "package=P", "status=ACTIVATED&account=1&package=P")
OTHERS = (
    *("missing=1", "missing=0", "no_device=1", "po=4711", "changed=24h", "usage=>50", "usage=>80%25", "plan_end=7d"),
    *("activated=2026-01-01..2026-02-01", "usage=0&status=ACTIVATED", "q=8986011805021000"),
)
PLANS = [
    *(f"{query}sort={name}" for query in ("", "account=1&") for name in ORDERS),
    *(f"{query}&sort={name}" for query in ONE_EACH for name in ORDERS if "iccid" in name or "activated" in name),
    *OTHERS,
]


@pytest.mark.django_db
@pytest.mark.parametrize("query", PLANS)
def test_no_query_scans_the_table(query, django_assert_num_queries):
    """On few rows a scan is cheapest, so it is made dear: one that stays has no index to use instead."""
    account = make_account()
    make_package(account, "P")
    for number in range(30):
        make_sim(f"89860118050210{number:05}", account=account, package="P")
    asked = form(query.replace("account=1", f"account={account.pk}"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sims_sim")
        cursor.execute("SET LOCAL enable_seqscan = off")
    with CaptureQueriesContext(connection) as asked_for:
        list_sims(asked)
    for each in [one["sql"] for one in asked_for if 'sims_sim"' in one["sql"] or "sims_sim " in one["sql"]]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {each}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Seq Scan on sims_sim " not in plan, f"{each}\n{plan}"


def plan_of_counts(query, *, without):
    """How the counts beside a list are had, where `without` is made dear."""
    with CaptureQueriesContext(connection) as asked_for:
        list_sims(form(query))
    counted = next(one["sql"] for one in asked_for if "missing_since" in one["sql"] and "GROUPING" in one["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL enable_{without} = off")
        cursor.execute(f"EXPLAIN {counted}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("activated=2026-01-01..2026-02-01", "Only Scan using sim_activated"),
        ("activated=none", "Only Scan using sim_activated"),
        ("changed=24h", "Scan using sim_changed"),
    ],
)
def test_a_span_of_time_is_counted_off_its_index(query, index):
    """However many answer it: with a limit, PostgreSQL takes the table for those and may have to go through it all."""
    plan = plan_of_counts(query, without="sort")
    assert f"Index {index} " in plan
    assert "Sort " not in plan


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["usage=>80%25", "usage=10-to-80", "usage=under-10,over-100"])
def test_sims_of_a_share_are_looked_at_once(query):
    """Joined with their package; not found first and looked up again, nor asked one by one."""
    make_package(make_account(), "P")
    plan = plan_of_counts(query, without="seqscan")
    assert plan.count(" on sims_sim") == 1
    assert "SubPlan" not in plan
