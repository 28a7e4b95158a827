from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from enterprise.countries import country_of
from enterprise.models import CountryDay, CountryDayRead
from enterprise.statistics import DAYS_A_RUN, ask_days, days_wanted, write_days
from smarthub import Answer, Client
from smarthub.models import CountryUsage, Reply
from tests.simulated import Simulated

pytestmark = pytest.mark.django_db
DAY = date(2025, 8, 13)
NOON = datetime(2025, 8, 13, 12, tzinfo=UTC)


def seen(*rows: tuple[str, str | None, int | None], at: datetime = NOON) -> Answer:
    usages = tuple(CountryUsage(code, mb and Decimal(mb), sims) for code, mb, sims in rows)
    return Answer(usages, Reply(at, None, 1, 0.1))


def kept() -> list[tuple[str, Decimal | None, int | None]]:
    return list(CountryDay.objects.values_list("code", "data_usage_mb", "sim_count"))


def test_a_day_is_kept_as_it_came_and_replaced_by_its_later_reading() -> None:
    write_days({DAY: seen(("DE", "10", 3), ("??", "1", None))})
    assert kept() == [("??", 1, None), ("DE", 10, 3)]
    assert not CountryDayRead.objects.get().is_final
    write_days({DAY: seen(("DE", "20", 4), at=NOON + timedelta(days=1))})
    assert kept() == [("DE", 20, 4)]
    assert CountryDayRead.objects.get().is_final


def test_a_code_named_twice_is_added_up() -> None:
    write_days({DAY: seen(("DE", "10", None), ("DE", None, 2), ("DE", "5", 1))})
    assert kept() == [("DE", 15, 3)]


def test_an_empty_day_is_no_gap() -> None:
    write_days({DAY: seen()})
    assert CountryDayRead.objects.filter(day=DAY).exists()


def read_days(client: Client, most: int = DAYS_A_RUN) -> None:
    days = days_wanted(most=most)
    write_days(dict(zip(days, ask_days(client, days), strict=True)))


def test_days_are_read_newest_first_and_only_while_they_move(simulator: Simulated) -> None:
    simulator.post("/_sim/reset", {"sims": 10})
    client = Client(base_url=simulator.base_url, api_key=simulator.key)
    read_days(client)
    days = list(CountryDayRead.objects.values_list("day", flat=True))
    assert len(days) == DAYS_A_RUN
    assert (max(days) - min(days)).days == DAYS_A_RUN - 1
    read_days(client, most=2)
    assert CountryDayRead.objects.count() == DAYS_A_RUN + 1
    assert CountryDayRead.objects.filter(is_final=False).count() == 1
    client.close()


@pytest.mark.parametrize(
    ("code", "name"),
    [("DE", "Germany"), ("de ", "Germany"), ("DEU", "Germany"), ("262", "Germany"), ("311", "United States")],
)
def test_a_code_of_any_kind_has_its_country(code: str, name: str) -> None:
    assert country_of(code).name == name


@pytest.mark.parametrize("code", ["", "ZZ", "Germany", "-", "901", "深圳", "<b>"])
def test_a_code_that_is_no_country_is_none(code: str) -> None:
    assert country_of(code) is None
