from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enterprise.catalogue import read_enterprise
from enterprise.forecast import Verdict, forecasts_of, forecasts_told
from enterprise.models import Account, PoolReading, SharePool, Source
from enterprise.pools import set_levels, write_pools
from journal.models import Event
from journal.record import Cause
from journal.story import tell
from smarthub import Answer, Client, RecordError
from smarthub.models import Reply
from smarthub.models import SharePool as SeenPool
from tests.page import text_of
from tests.simulated import Simulated

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 8, 13, 6, tzinfo=UTC)
CYCLE = datetime(2025, 8, 1, tzinfo=UTC)
RUN = Cause(Event.Cause.RUN, 7)


def seen(used: str | None = "100", *, at: int = 0, name: str = "EU", **more) -> Answer:
    values = {
        "account_name": "halden",
        "data_total_mb": Decimal(1000),
        "data_usage_mb": used if used is None else Decimal(used),
        "cycle_started_at": CYCLE,
        "cycle_ends_at": CYCLE + timedelta(days=31),
        "sim_count": 3,
    }
    pool = SeenPool(name=name, **{**values, **more})
    return Answer((pool,), Reply(NOW + timedelta(hours=at), None, 1, 0.1))


def write(*answers: Answer) -> SharePool:
    for answer in answers:
        write_pools(answer, cause=RUN)
    return SharePool.objects.get()


def kinds() -> list[str]:
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


@pytest.fixture
def client(simulator: Simulated) -> Iterator[Client]:
    simulator.post("/_sim/reset", {"sims": 10, "now": "2025-08-13T06:00:00+0000"})
    client = Client(base_url=simulator.base_url, api_key=simulator.key)
    yield client
    client.close()


def test_the_carriers_pools_are_dated_copies_with_a_reading_each(client: Client) -> None:
    read_enterprise(client)
    write_pools(client.share_pools(), cause=RUN)
    pool = SharePool.objects.get(name="EU-Pool-50G")
    assert pool.account == Account.objects.get(name=pool.account_name)
    assert pool.readings.get().data_usage_mb == pool.data_usage_mb
    assert pool.cycle_starts_at == CYCLE
    assert Source.objects.get(call="pools").read_at == pool.read_at


def test_a_bare_array_of_pools_is_read_too(simulator: Simulated, client: Client) -> None:
    simulator.post("/_sim/knobs", {"bare_arrays": True})
    write_pools(client.share_pools(), cause=RUN)
    simulator.post("/_sim/knobs", {"bare_arrays": False})
    assert SharePool.objects.filter(name="EU-Pool-50G").exists()


def test_each_step_is_told_once_a_cycle() -> None:
    write(seen("100"), seen("810", at=1), seen("820", at=2), seen("960", at=3), seen("1001", at=4), seen("1002", at=5))
    assert kinds() == ["pool.warning", "pool.critical", "pool.empty"]
    severities = list(Event.objects.order_by("id").values_list("severity", flat=True))
    assert severities == ["warning", "critical", "critical"]


def test_steps_passed_together_are_told_as_one() -> None:
    write(seen("990"))
    assert kinds() == ["pool.critical"]


def test_a_new_cycle_begins_calm_and_is_told_again() -> None:
    write(seen("810"))
    calm = write(seen("5", at=1, cycle_started_at=CYCLE + timedelta(days=31)))
    assert calm.level == SharePool.Level.CALM
    write(seen("810", at=2, cycle_started_at=CYCLE + timedelta(days=31)))
    assert kinds() == ["pool.warning", "pool.warning"]


def test_without_dates_a_fall_is_a_new_cycle() -> None:
    bare = {"cycle_started_at": None, "cycle_ends_at": None}
    write(seen("810", **bare), seen("5", at=1, **bare), seen("820", at=2, **bare))
    assert kinds() == ["pool.warning", "pool.warning"]


def test_that_it_will_not_last_is_told_once() -> None:
    write(*(seen(str(100 + 20 * number), at=6 * number) for number in range(12)))
    assert kinds() == ["pool.shortfall"]


def test_the_forecast_is_kept_with_the_pool_as_it_was_made_from_its_readings() -> None:
    pool = write(*(seen(str(100 + 20 * number), at=6 * number) for number in range(12)))
    with CaptureQueriesContext(connection) as asked:
        told = forecasts_told([pool])[pool.pk]
    assert len(asked) == 0
    assert told == forecasts_of([pool])[pool.pk]
    assert (told.verdict, told.readings) == (Verdict.RUNS_OUT, 12)


@pytest.mark.parametrize("number", [1, 30])
def test_many_pools_take_no_more_queries_than_one(number: int) -> None:
    pools = tuple(seen(name=f"P{each}").value[0] for each in range(number))
    for at in (0, 1):
        with CaptureQueriesContext(connection) as asked:
            write_pools(Answer(pools, Reply(NOW + timedelta(hours=at), None, 1, 0.1)), cause=RUN)
        assert len(asked) <= 15
    assert (SharePool.objects.count(), PoolReading.objects.count()) == (number, number * 2)


def test_a_pool_named_twice_is_one_row() -> None:
    answers = seen("100").value + seen("200").value
    write_pools(Answer(answers, Reply(NOW, None, 1, 0.1)), cause=RUN)
    assert SharePool.objects.get().data_usage_mb == PoolReading.objects.get().data_usage_mb == 200


def test_figures_that_are_missing_or_impossible() -> None:
    pool = write(seen(None, data_total_mb=None))
    assert (pool.share_percent, pool.left_mb, PoolReading.objects.count()) == (None, None, 0)
    pool = write(seen("-5", at=1))
    assert (pool.data_usage_mb, pool.left_mb) == (0, 1000)


def test_a_pool_that_is_gone_is_kept_and_may_return() -> None:
    write(seen("100"))
    write_pools(Answer((), Reply(NOW, None, 1, 0.1)), cause=RUN)
    assert SharePool.objects.get().gone_at is not None
    assert write(seen("100", at=2)).gone_at is None


def test_no_pool_is_gone_where_one_could_not_be_read() -> None:
    write(seen("100"))
    unread = RecordError(None, "name", "Pool name is missing.")
    write_pools(Answer((), Reply(NOW, None, 1, 0.1), (unread,)), cause=RUN)
    assert SharePool.objects.get().gone_at is None


def test_other_steps_count_what_was_passed_as_told() -> None:
    pool = write(seen("500"))
    set_levels(pool, warn_percent=40, critical_percent=60)
    write(seen("510", at=1))
    assert kinds() == []
    write(seen("610", at=2))
    assert kinds() == ["pool.critical"]


def test_a_hostile_name_is_told_as_it_is() -> None:
    name = "O'Neill & <b>Sons</b>"
    write(seen("810", name=name))
    (entry,) = tell(Event.objects.all())
    assert "<b>Sons</b>" not in entry.sentence
    assert text_of(entry.sentence) == f"Sync found {name} 81 % used"
    assert "810.00 MB of 1,000.00 MB, 3 SIMs" in entry.more
