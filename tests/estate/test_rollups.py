from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from enterprise.models import ServicePackage
from estate import tasks
from estate.models import CountDay, EndingDay, LastUse, PackageUse, RollUp, SilentDay, UsageMoment, UsageRoll, UsageTop
from estate.rollups import due_days, roll_up
from sims.models import ScheduledPlan, Sim, UsageDay
from tests.page import total
from tests.sims.fleet import make_account, make_package, make_run, make_sim, make_sims

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = NOON - 60 * DAY


def reading(sim: Sim, day: date, mb: str, *, cycle: date | None = None) -> None:
    at = datetime(day.year, day.month, day.day, 11, tzinfo=UTC)
    UsageDay.objects.create(
        day=day, sim_id=sim.pk, cycle=cycle or day.replace(day=1), data_usage_mb=Decimal(mb), read_at=at
    )


def read_on(*days: date) -> None:
    for day in days:
        at = datetime(day.year, day.month, day.day, 11, tzinfo=UTC)
        make_run(started_at=at, finished_at=at + timedelta(minutes=5))


def used(day: date = TODAY) -> Decimal | None:
    return (
        sum(UsageRoll.objects.filter(day=day).values_list("used_mb", flat=True)) if UsageRoll.objects.exists() else None
    )


def rolled(day: date = TODAY, now: datetime = NOON) -> RollUp:
    assert roll_up(day, now=now)
    return RollUp.objects.get(day=day)


def test_a_days_use_is_the_difference_of_two_readings():
    read_on(TODAY - DAY, TODAY)
    one, two = make_sims(2, first_seen_at=LONG_AGO, account=make_account())
    reading(one, TODAY - DAY, "10")
    reading(one, TODAY, "14.5")
    reading(two, TODAY - 5 * DAY, "1")
    reading(two, TODAY, "3")
    assert rolled().spans_days == 1
    roll = UsageRoll.objects.get()
    assert (roll.used_mb, roll.sims, roll.account_id) == (Decimal("6.5"), 2, one.account_id)


def test_done_twice_it_is_the_same():
    read_on(TODAY - DAY, TODAY)
    sim = make_sim(first_seen_at=LONG_AGO)
    reading(sim, TODAY, "14.5")
    rolled()
    first = list(UsageRoll.objects.values_list("account_id", "package", "used_mb", "sims"))
    rolled()
    assert list(UsageRoll.objects.values_list("account_id", "package", "used_mb", "sims")) == first
    assert UsageTop.objects.filter(kind="used").count() == 1


def test_of_a_sim_first_seen_today_nothing_is_known():
    read_on(TODAY)
    reading(make_sim(first_seen_at=NOON), TODAY, "900")
    assert rolled().spans_days == 0
    assert used() is None


def test_a_shrinking_total_is_a_new_cycle():
    read_on(TODAY - DAY, TODAY)
    sim = make_sim(first_seen_at=LONG_AGO)
    reading(sim, TODAY - DAY, "80")
    reading(sim, TODAY, "3")
    rolled()
    assert used() == 3


def test_a_negative_total_uses_nothing():
    read_on(TODAY - DAY, TODAY)
    sim = make_sim(first_seen_at=LONG_AGO)
    reading(sim, TODAY - DAY, "80")
    reading(sim, TODAY, "-3")
    rolled()
    assert used() == 0


def test_a_counter_that_the_carrier_sets_back_late_does_not_count_twice():
    first = date(2026, 11, 1)
    sim = make_sim(first_seen_at=LONG_AGO)
    reading(sim, first - DAY, "80")
    reading(sim, first, "81")
    rolled(first)
    assert used(first) == 1


def test_days_without_a_run_are_told_with_their_next():
    read_on(TODAY - 4 * DAY, TODAY)
    reading(make_sim(first_seen_at=LONG_AGO), TODAY, "8")
    assert rolled().spans_days == 4
    assert not UsageMoment.objects.exists()


def test_leaders_by_use_and_by_growth():
    read_on(TODAY - DAY, TODAY)
    steady, grown = make_sims(2, first_seen_at=LONG_AGO)
    reading(steady, TODAY - DAY, "2100")
    reading(steady, TODAY, "2200")
    reading(grown, TODAY - DAY, "21")
    reading(grown, TODAY, "81")
    rolled()
    assert list(UsageTop.objects.filter(kind="used").values_list("sim_id", "used_mb")) == [
        (steady.pk, 100),
        (grown.pk, 60),
    ]
    (leader,) = UsageTop.objects.filter(kind="grew")
    assert (leader.sim_id, leader.used_mb, leader.usual_mb) == (grown.pk, 60, 1)


def test_in_the_first_days_the_last_cycle_is_the_usual():
    day = date(2026, 12, 2)
    sim = make_sim(first_seen_at=LONG_AGO)
    reading(sim, date(2026, 11, 30), "30")
    reading(sim, date(2026, 12, 1), "1")
    reading(sim, day, "11")
    rolled(day)
    assert UsageTop.objects.get(kind="grew").usual_mb == 1


def test_silence_begins_with_the_last_use_or_with_activation():
    read_on(TODAY - DAY, TODAY)
    silent, busy, fresh = make_sims(3, first_seen_at=LONG_AGO, account=make_account())
    Sim.objects.filter(pk=fresh.pk).update(activated_at=NOON - 2 * DAY)
    reading(busy, TODAY, "3")
    make_sim("off", status="DEACTIVATED", first_seen_at=LONG_AGO)
    rolled()
    assert LastUse.objects.get(sim_id=busy.pk).day == TODAY
    assert LastUse.objects.get(sim_id=silent.pk).day == LONG_AGO.date()
    assert set(SilentDay.objects.values_list("days", "account_id", "n")) == {
        (7, silent.account_id, 1),
        (30, silent.account_id, 1),
    }


def test_sims_that_are_not_active_stand_apart_from_the_silent():
    sims = [make_sim(str(n), status="RETIRED" if n < 60 else "ACTIVATED", first_seen_at=LONG_AGO) for n in range(62)]
    back = make_sim("back", status="DEACTIVATED", first_seen_at=LONG_AGO)
    rolled()
    assert set(LastUse.objects.filter(is_active=True).values_list("sim_id", flat=True)) == {
        sims[60].pk,
        sims[61].pk,
    }
    Sim.objects.filter(pk=back.pk).update(status="ACTIVATED")
    Sim.objects.filter(pk=sims[60].pk).update(missing_since=NOON)
    rolled()
    assert set(LastUse.objects.filter(is_active=True).values_list("sim_id", flat=True)) == {back.pk, sims[61].pk}


def test_the_fleet_is_counted_once_a_day():
    read_on(TODAY)
    make_sims(2, first_seen_at=LONG_AGO)
    make_sim("r", status="RETIRED", first_seen_at=LONG_AGO)
    rolled()
    assert set(CountDay.objects.values_list("day", "account_id", "status", "n")) == {
        (TODAY, 0, "ACTIVATED", 2),
        (TODAY, 0, "RETIRED", 1),
    }


def test_the_past_is_not_counted_as_it_stands_now():
    read_on(TODAY - DAY)
    make_sims(2, first_seen_at=LONG_AGO)
    rolled(TODAY - DAY)
    assert not CountDay.objects.exists()


def test_endings_of_the_next_days_and_what_follows_them():
    read_on(TODAY)
    account = make_account()
    make_package(account)
    ServicePackage.objects.update(payment_type="PREPAID")
    plan = {"account": account, "package_ends_at": NOON + 3 * DAY}
    _, two = make_sims(2, **plan)
    ScheduledPlan.objects.create(sim=two, batch_uuid="0b0e7a4e-5d0c-4b57-9d0b-3f3b8f2f6a11", package="x")
    make_sim("off", status="DEACTIVATED", **plan)
    make_sim("gone", status="RETIRED", **plan)
    make_sim("far", account=account, package_ends_at=NOON + 90 * DAY)
    make_sim("before", account=account, package_ends_at=NOON - DAY)
    make_sim("this morning", account=account, status="DEACTIVATED", package_ends_at=NOON - timedelta(hours=3))
    rolled()
    found = EndingDay.objects.order_by("day").values_list("day", "n", "unfollowed")
    assert list(found) == [(TODAY, 1, 0), (TODAY + 3 * DAY, 4, 1)]


def test_a_day_of_the_calendar_counts_what_its_list_shows(client):
    read_on(TODAY)
    account = make_account()
    for number, status in enumerate(("ACTIVATED", "RETIRED", "FROZEN")):
        make_sim(str(number), account=account, status=status, package_ends_at=NOON + DAY)
    rolled()
    ending = EndingDay.objects.get()
    assert total(client.get(f"/sims/?plan_end={ending.day}")) == str(ending.n) == "3"


def test_packages_by_share_of_their_allowance():
    read_on(TODAY)
    account = make_account()
    make_package(account, mb="100")
    for number, mb in enumerate(("0", "5", "50", "90", "101")):
        make_sim(str(number), account=account, data_usage_mb=Decimal(mb))
    make_sim("none", account=account, data_usage_mb=None)
    rolled()
    found = PackageUse.objects.get()
    assert (found.sims, found.used_mb) == (6, 246)
    assert (found.nothing, found.under_10, found.over_80, found.over_100) == (1, 1, 1, 1)


def test_a_package_without_allowance_has_no_shares():
    read_on(TODAY)
    account = make_account()
    make_package(account, mb=None)
    make_sim("1", account=account)
    rolled()
    found = PackageUse.objects.get()
    assert (found.sims, found.under_10, found.over_100) == (1, 0, 0)


def test_what_is_due():
    assert due_days(NOON) == []
    read_on(TODAY - 2 * DAY, TODAY - DAY, TODAY)
    assert due_days(NOON) == [TODAY, TODAY - DAY, TODAY - 2 * DAY]
    rolled(TODAY - 2 * DAY)
    rolled(TODAY - DAY)
    rolled()
    assert due_days(NOON) == []
    read_on(TODAY)
    assert due_days(NOON) == [TODAY]
    rolled()
    assert due_days(NOON + DAY) == [TODAY]


def test_a_day_that_another_worker_rolls_is_left_alone():
    RollUp.objects.create(day=TODAY, lease_until=timezone.now() + timedelta(seconds=30))
    assert not roll_up(TODAY, now=NOON)


def test_the_task_rolls_what_beat_found(django_capture_on_commit_callbacks, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks.roll_up_day, "delay", asked.append)
    make_run(started_at=NOON, finished_at=NOON)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.tend_roll_ups()
    assert asked == ([TODAY.toordinal()] if asked else [])
    tasks.roll_up_day(TODAY.toordinal())
    assert RollUp.objects.get(day=TODAY).rolled_at is not None
