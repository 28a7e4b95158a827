from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from sims import counts
from sims.counts import NO_ACCOUNT, Filter, facets, fold_counts
from sims.models import Sim, SimCount, SimCountDelta
from tests.sims.fleet import make_account, make_sim, make_sims


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
