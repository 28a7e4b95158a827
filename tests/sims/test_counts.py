import itertools
import os
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from sims import counts
from sims.counts import NO_ACCOUNT, Filter, facets, fold_counts
from sims.criteria import exactly
from sims.models import Sim, SimCount, SimCountDelta
from tests.sims.fleet import make_account, make_sim, make_sims
from tests.sims.records import page, record, write

# `DRIFT_CHANGES=1000000` for as many as the largest fleets change in a sync.
CHANGES = int(os.environ.get("DRIFT_CHANGES", 600))
MERGED = 10_000


@pytest.fixture
def fleet():
    dach, lab = make_account("halden-dach"), make_account("lab account")
    make_sim("1", account=dach)
    make_sim("2", account=dach, status="DEACTIVATED")
    make_sim("3", account=dach, status="DEACTIVATED", package="")
    make_sim("4", account=lab, status="DEACTIVATED", missing_since=timezone.now())
    make_sim("5", status="QUARANTINE")
    return dach, lab


@pytest.mark.django_db
def test_everything_is_counted_before_and_after_folding(fleet):
    before = facets(Filter())
    assert fold_counts()
    assert SimCountDelta.objects.count() == 0
    assert facets(Filter()) == before
    assert counts.total() == before.total == 5


@pytest.mark.django_db
def test_a_group_is_counted_with_the_other_groups_on(fleet):
    dach, lab = fleet
    counted = facets(Filter(statuses=("DEACTIVATED",), accounts=(dach.pk,)))
    assert counted.total == 2
    assert counted.statuses == {"ACTIVATED": 1, "DEACTIVATED": 2, "QUARANTINE": 0}
    assert counted.accounts == {dach.pk: 2, lab.pk: 1, NO_ACCOUNT: 0}
    assert counted.packages == {"Prepaid-Basic-100M": 1, "": 1}
    assert counted.missing == {False: 2, True: 0}
    assert counted.without == {"status": 3, "account": 3, "package": 2, "missing": 2}


@pytest.mark.django_db
def test_hits_of_a_search_are_counted_the_same_way(fleet):
    ids = list(Sim.objects.filter(giccid__in=["1", "2", "4"]).values_list("pk", flat=True))
    counted = facets(Filter(statuses=("DEACTIVATED",)), sim_ids=ids)
    assert counted.total == 2
    assert counted.statuses == {"ACTIVATED": 1, "DEACTIVATED": 2}
    assert facets(Filter(), sim_ids=[]).total == 0


@pytest.mark.django_db
def test_counts_follow_a_sim_that_moves(fleet):
    _dach, lab = fleet
    fold_counts()
    Sim.objects.filter(giccid="1").update(account=lab, status="RETIRED", missing_since=timezone.now())
    Sim.objects.filter(giccid="5").delete()
    fold_counts()
    assert facets(Filter(accounts=(lab.pk,), missing=True)).statuses["RETIRED"] == 1
    assert counts.total() == 4
    assert not SimCount.objects.filter(n=0).exists()


@pytest.mark.django_db
def test_an_empty_fleet_has_no_sims():
    assert counts.total() == facets(Filter()).total == 0


@pytest.mark.django_db(transaction=True)
def test_counts_are_exact_while_others_write_and_fold():
    make_sims(40)

    def write(worker: int) -> None:
        for turn in range(10):
            chosen = [f"8986011805021{n:06}" for n in range(worker * 10 + 1, worker * 10 + 11)]
            Sim.objects.filter(giccid__in=chosen).update(status=f"S{(worker + turn) % 3}")
        connection.close()

    def fold(_: int) -> None:
        for _ in range(10):
            fold_counts()
        connection.close()

    with ThreadPoolExecutor(6) as pool:
        work = [pool.submit(write, worker) for worker in range(4)] + [pool.submit(fold, n) for n in range(2)]
        for done in work:
            done.result()
    rows = Sim.objects.values("status").annotate(n=Count("*")).values_list("status", "n")
    assert {k: v for k, v in facets(Filter()).statuses.items() if v} == dict(rows)
    fold_counts()
    assert {k: v for k, v in facets(Filter()).statuses.items() if v} == dict(rows)
    assert SimCountDelta.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_only_one_folds_at_a_time():
    make_sims(1)

    def hold() -> bool:
        try:
            return fold_counts()
        finally:
            connection.close()

    with connection.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        cursor.execute("SELECT pg_advisory_lock(%s)", [counts.FOLDING])
        assert pool.submit(hold).result() is False
        cursor.execute("SELECT pg_advisory_unlock(%s)", [counts.FOLDING])
        assert pool.submit(hold).result() is True


@pytest.mark.django_db
def test_no_drift_after_many_changes():
    """Each exact filter alone and together, against COUNT, with foldings in between."""
    draw = random.Random(7)
    accounts = [make_account("halden-dach"), make_account("lab account"), None]
    statuses, packages = ("ACTIVATED", "DEACTIVATED", "RETIRED"), ("", "Prepaid-Basic-100M", "Big")
    sims = make_sims(40)
    for step in range(60):
        some = [sim.pk for sim in draw.sample(sims, draw.randint(1, 12))]
        Sim.objects.filter(pk__in=some).update(
            account=draw.choice(accounts),
            status=draw.choice(statuses),
            package=draw.choice(packages),
            missing_since=draw.choice((None, timezone.now())),
        )
        if step % 9 == 0:
            fold_counts()
    for account, status, package, missing in itertools.product(
        [None, *accounts[:2], NO_ACCOUNT], (None, *statuses), (None, *packages), (None, True, False)
    ):
        asked = Filter(
            accounts=() if account is None else ((account and account.pk) or NO_ACCOUNT,),
            statuses=(status,) if status else (),
            packages=() if package is None else (package,),
            missing=missing,
        )
        counted = facets(asked)
        assert counted.total == exactly(asked).count()
        for value in statuses:
            assert counted.statuses.get(value, 0) == exactly(replace(asked, statuses=(value,))).count()


def drawn(draw, number):
    """A record as the next reading may show it."""
    names = ("Prepaid-Basic-100M", "Prepaid-Basic-10M", None)
    package = draw.choice(names)
    return record(
        number,
        status=draw.choice(("ACTIVATED", "DEACTIVATED", "INVENTORY", "RETIRED", "QUARANTINE")),
        currentBasicServicePackage={"name": package} if package else None,
    )


@pytest.mark.django_db
@pytest.mark.timeout(3600 if CHANGES > 10_000 else 120)
def test_no_drift_after_a_sync_of_many_changes():
    """Readings of a fleet in pages, each SIM in another account, status or package; every cell against COUNT."""
    draw = random.Random(11)
    accounts = [make_account(name) for name in ("halden-dach", "lab account", "ostsee")]
    fleet = max(50, CHANGES // 10)
    for reading in range(CHANGES // fleet):
        for first in range(1, fleet + 1, MERGED):
            numbers = range(first, min(first + MERGED, fleet + 1))
            write(page(*(drawn(draw, n) for n in numbers), after_s=reading * 600 + 1, of=draw.choice(accounts)))
        if reading % 3 == 0:
            fold_counts()
    assert Sim.objects.count() == fleet
    cells = Sim.objects.values_list("account_id", "status", "package").annotate(n=Count("pk"))
    for account, status, package, number in cells.order_by():
        counted = facets(Filter(accounts=(account,), statuses=(status,), packages=(package,)))
        assert (counted.total, counted.whole) == (number, fleet)
    whole = facets(Filter())
    for found, column in ((whole.accounts, "account_id"), (whole.statuses, "status"), (whole.packages, "package")):
        told = Sim.objects.values_list(column).annotate(n=Count("pk")).order_by()
        assert {value: n for value, n in found.items() if n} == dict(told)


@pytest.mark.django_db
def test_any_other_filter_is_counted_up_to_the_cap(fleet, monkeypatch):
    monkeypatch.setattr(counts, "CAP", 3)
    everything = Sim.objects.all()
    counted = counts.capped_facets(Filter(), everything, both=lambda: everything)
    assert (counted.total, counted.is_capped, counted.is_partial) == (3, True, True)
    few = Sim.objects.filter(status="DEACTIVATED")
    counted = counts.capped_facets(Filter(accounts=(fleet[0].pk,)), few, both=lambda: few.filter(account=fleet[0]))
    assert (counted.total, counted.is_capped, counted.is_partial) == (2, False, False)
    assert counted.accounts == {fleet[0].pk: 2, fleet[1].pk: 1}
