from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import transaction
from django.db.models import Sum
from msgspec.structs import replace

from sims.copy import Answer, CopyResult, NotNew, note_pages, prepared
from sims.copy.answers import Place
from sims.copy.pages import KEEP_PAGES, TELL_PAGES
from sims.copy.recognise import Compared, compare
from sims.models import PageSims, Sim, SimCountDelta, SimIdentifier, SyncPage, SyncRun, UsageDay
from tests.sims.records import NOON, account, giccid, named, page, raw, record, told, write
from toolkit.database import set_cursor

pytestmark = pytest.mark.django_db


def only() -> Sim:
    return Sim.objects.get()


def numbers() -> set[tuple[int, int, str]]:
    return set(SimIdentifier.objects.values_list("kind", "position", "value"))


def test_first_sight_is_written_whole_and_told_to_nobody() -> None:
    result = write(page(record(1)))
    sim = only()
    assert (result.new, result.changed, result.sim_ids) == (1, 0, [[sim.pk]])
    assert (sim.giccid, sim.status, sim.account, sim.package) == (
        giccid(1),
        "ACTIVATED",
        account(),
        "Prepaid-Basic-100M",
    )
    assert (sim.data_usage_mb, sim.sms_usage, sim.voice_usage_min) == (Decimal("41.25"), 3, 0)
    assert sim.devices == [{"imei": "356938035640001", "imsi": "460060000000001", "msisdn": "8614500000001"}]
    assert sim.apns == [{"name": "iot.public", "status": "OPEN"}]
    assert sim.apn_usages == [{"apn": "iot.public", "data_usage_mb": 40.0}]
    assert (sim.read_at, sim.first_seen_at, sim.changed_at) == (NOON, NOON, NOON)
    assert told() == []


def test_every_number_of_every_device_is_kept_for_the_search() -> None:
    devices = [{"imei": None, "imsi": "1", "msisdn": "+49 151"}, {"imei": "2", "imsi": None}]
    write(page(record(1, deviceInfo=devices)))
    kinds = SimIdentifier.Kind
    assert numbers() == {
        (kinds.ICCID, 0, giccid(1)),
        (kinds.IMSI, 0, "1"),
        (kinds.MSISDN, 0, "49151"),
        (kinds.IMEI, 1, "2"),
    }


def test_unchanged_record_writes_nothing() -> None:
    write(page(record(1)))
    before = Sim.objects.values().get()
    result = write(page(record(1), after_s=60))
    assert (result.read, result.new, result.changed, result.moved) == (1, 0, 0, 0)
    assert Sim.objects.values().get() == before


def test_targeted_read_moves_the_age_even_without_a_change() -> None:
    write(page(record(1)))
    write(named(record(1), after_s=60))
    assert only().read_at == NOON + timedelta(seconds=60)
    write(named(record(1), after_s=30))
    assert only().read_at == NOON + timedelta(seconds=60)


def test_moving_usage_is_written_and_told_to_nobody() -> None:
    write(page(record(1)))
    result = write(page(record(1, currentCycleUsages={"dataUsage": "42.5", "smsUsage": 4}), after_s=60))
    assert (result.changed, result.moved) == (0, 1)
    assert (only().data_usage_mb, only().sms_usage, only().changed_at) == (Decimal("42.5"), 4, NOON)
    assert told() == []


@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({"status": "DEACTIVATED"}, ("sim.status", "ACTIVATED", "DEACTIVATED")),
        ({"status": "ON_HOLIDAY"}, ("sim.status", "ACTIVATED", "ON_HOLIDAY")),
        ({"currentBasicServicePackage": None}, ("sim.package", "Prepaid-Basic-100M", None)),
        ({"apnList": [{"apnName": "iot.public", "apnStatus": "CLOSED"}]}, ("sim.apn", "OPEN", "CLOSED")),
        ({"apnList": []}, ("sim.apn", "OPEN", None)),
        ({"activatedTime": None}, ("sim.activated", "2025-02-01T09:30:00Z", None)),
        ({"sellTime": "2025-01-16T08:00:00Z"}, ("sim.sold", "2025-01-15T08:00:00Z", "2025-01-16T08:00:00Z")),
        (
            {"deviceInfo": [{"imei": "490154203237518", "imsi": "460060000000001", "msisdn": "8614500000001"}]},
            ("sim.imei", "356938035640001", "490154203237518"),
        ),
    ],
)
def test_each_real_difference_is_one_event(fields: dict, event: tuple) -> None:
    write(page(record(1)))
    result = write(page(record(1, **fields), after_s=60))
    assert result.changed == 1
    assert told() == [event]
    assert only().changed_at == NOON + timedelta(seconds=60)


def test_plan_that_only_moves_its_dates_is_one_event() -> None:
    write(page(record(1)))
    plan = {"name": "Prepaid-Basic-100M", "startTime": "2025-09-01T00:00:00Z", "endTime": None}
    write(page(record(1, currentBasicServicePackage=plan), after_s=60))
    assert told() == [("sim.period", ["2025-08-01T00:00:00Z", "2025-09-01T00:00:00Z"], ["2025-09-01T00:00:00Z", None])]


def test_change_of_account_alone_is_seen() -> None:
    write(page(record(1)))
    write(page(record(1), after_s=60, of=account("lab account")))
    assert only().account == account("lab account")
    assert told() == [("sim.account", "halden-dach", "lab account")]


def test_read_by_name_leaves_the_account_as_we_know_it() -> None:
    write(page(record(1)))
    result = write(named(record(1), after_s=60))
    assert result.moved == 0
    write(named(record(1, status="DEACTIVATED"), after_s=120))
    assert only().account == account()
    assert told() == [("sim.status", "ACTIVATED", "DEACTIVATED")]


def test_new_device_replaces_the_numbers_of_the_old() -> None:
    write(page(record(1)))
    write(page(record(1, deviceInfo=[{"imei": "490154203237518"}]), after_s=60))
    kinds = SimIdentifier.Kind
    assert numbers() == {(kinds.ICCID, 0, giccid(1)), (kinds.IMEI, 0, "490154203237518")}


def test_page_asked_before_and_merged_after_a_targeted_read_changes_nothing() -> None:
    write(page(record(1)))
    write(named(record(1, status="DEACTIVATED"), after_s=60))
    result = write(page(record(1), after_s=30))
    assert (only().status, result.stale) == ("DEACTIVATED", 1)
    assert told() == [("sim.status", "ACTIVATED", "DEACTIVATED")]


def _note(run: SyncRun, *, page: int, asked_at: datetime) -> None:
    """Note the one SIM on a page of the run."""
    shown = PageSims.objects.create(sim_ids=[only().pk])
    SyncPage.objects.create(run=run, account=account(), page=page, asked_at=asked_at, shown=shown)


def test_page_asked_before_a_later_page_of_the_run_changes_nothing() -> None:
    """The later page showed the SIM as our copy has it, so it left no mark on the row itself."""
    write(page(record(1)))
    run = SyncRun.objects.create(kind=SyncRun.Kind.FULL, trigger=SyncRun.Trigger.PLAN)
    later = NOON + timedelta(seconds=60)
    _note(run, page=1, asked_at=later)
    write(page(record(1, status="DEACTIVATED"), after_s=30), run_id=run.pk)
    assert only().status == "ACTIVATED"


def test_of_a_sim_on_two_pages_the_one_asked_for_last_counts() -> None:
    result = write(page(record(1, status="DEACTIVATED"), after_s=60), page(record(1)))
    assert only().status == "DEACTIVATED"
    assert result.sim_ids == [[only().pk], [only().pk]]


def test_record_expected_on_its_page_is_recognised_and_still_held_against_newer_ones() -> None:
    """Recognised by digest in the page asked for last, different in the one before: nothing has changed."""
    write(page(record(1)))
    last = SyncRun.objects.create(kind=SyncRun.Kind.FULL, trigger=SyncRun.Trigger.PLAN, state="finished")
    _note(last, page=0, asked_at=NOON)
    earlier = replace(page(record(1, status="DEACTIVATED"), after_s=30), page=1)
    later = replace(page(record(1), after_s=60), page=0)
    result = write(earlier, later, last_run_id=last.pk)
    assert (only().status, result.sim_ids, result.shown.strangers) == ("ACTIVATED", [[only().pk], []], [Place(0, 0)])
    result = write(replace(page(record(1, status="DEACTIVATED"), after_s=90), page=0), last_run_id=last.pk)
    assert (only().status, result.changed) == ("DEACTIVATED", 1)


def test_clock_that_went_back_does_not_freeze_the_copy() -> None:
    write(page(record(1), after_s=3600), now=NOON + timedelta(hours=1))
    write(page(record(1, status="DEACTIVATED")), now=NOON + timedelta(seconds=1))
    assert (only().status, only().read_at) == ("DEACTIVATED", NOON)


def test_clock_that_is_a_little_ahead_elsewhere_takes_no_age_back() -> None:
    write(page(record(1), after_s=3))
    write(named(record(1), after_s=1), now=NOON + timedelta(seconds=1))
    assert only().read_at == NOON + timedelta(seconds=3)


def test_missing_sim_that_comes_back_unchanged_is_missing_no_more() -> None:
    write(page(record(1)))
    Sim.objects.update(missing_since=NOON, absent_runs=2, digest=None)
    write(page(record(1), after_s=60))
    assert (only().missing_since, only().absent_runs) == (None, 0)
    assert [kind for kind, _, _ in told()] == ["sim.returned"]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"status": "ACTIVATED"}, "giccid"),
        ({"giccid": None, "status": "ACTIVATED"}, "giccid"),
        ({"giccid": ["x"], "status": "ACTIVATED"}, "giccid"),
        ({"giccid": "../etc/passwd", "status": "ACTIVATED"}, "giccid"),
        (record(2, status=None), "status"),
        (record(2, currentCycleUsages={"dataUsage": "12,4 MB"}), "currentCycleUsages.dataUsage"),
        (record(2, deviceInfo="none"), "deviceInfo"),
        (record(2, deviceInfo=[{"imei": "1"}] * (2**15 + 1)), "deviceInfo"),
        (record(2, activatedTime="yesterday"), "activatedTime"),
        ("text", ""),
        (None, ""),
    ],
)
def test_bad_record_is_kept_aside_and_the_rest_of_its_page_is_kept(bad: object, field: str) -> None:
    result = write(page(record(1), bad, record(3)))
    assert list(Sim.objects.order_by("giccid").values_list("giccid", flat=True)) == [giccid(1), giccid(3)]
    (aside,) = result.aside
    assert (aside.place, aside.raw) == ((0, 1), raw(bad))
    assert aside.error.field.startswith(field)


def test_record_that_turned_bad_leaves_its_row_and_still_counts_as_shown() -> None:
    write(page(record(1)))
    before = Sim.objects.values().get()
    result = write(page(record(1, currentCycleUsages={"dataUsage": {}}), after_s=60))
    assert Sim.objects.values().get() == before
    assert result.sim_ids == [[only().pk]]


def test_odd_but_readable_values_are_kept() -> None:
    odd = record(
        1,
        deviceInfo=[],
        currentCycleUsages=None,
        currentCycleAPNUsagesList=None,
        apnList=None,
        extra={"a": [1]},
        currentBasicServicePackage={"name": 'O\'Neill & <b>"深圳"\t\\N\\.</b>\u001f'},
    )
    write(page(odd))
    assert only().package == 'O\'Neill & <b>"深圳"\t\\N\\.</b>\u001f'
    assert (only().data_usage_mb, only().devices) == (None, [])


def test_usage_is_noted_per_billing_day_and_only_when_it_moved(settings) -> None:
    settings.BILLING_TIME_ZONE = "Asia/Shanghai"
    evening, night = 3600 * 3, 3600 * 5  # 23:00 and 01:00 in Shanghai
    write(page(record(1), record(2), after_s=evening))
    write(page(record(1, currentCycleUsages={"dataUsage": 50}), record(2), after_s=night))
    assert list(UsageDay.objects.order_by("day", "sim_id").values_list("day", "data_usage_mb", "cycle")) == [
        (date(2025, 8, 13), Decimal("41.25"), date(2025, 8, 1)),
        (date(2025, 8, 13), Decimal("41.25"), date(2025, 8, 1)),
        (date(2025, 8, 14), Decimal("50"), date(2025, 8, 1)),
    ]


def test_usage_of_a_day_is_its_last_reading() -> None:
    write(page(record(1)))
    write(page(record(1, currentCycleUsages={"dataUsage": 43}), after_s=60))
    assert UsageDay.objects.get().data_usage_mb == 43


def test_usage_that_stayed_is_not_written_with_what_else_changed() -> None:
    write(page(record(1)))
    before = UsageDay.objects.values().get()
    assert write(page(record(1, status="DEACTIVATED"), after_s=60)).changed == 1
    assert UsageDay.objects.values().get() == before


def test_trigger_counts_what_the_table_holds() -> None:
    write(page(record(1), record(2), record(3, status="RETIRED")))
    write(page(record(1, status="DEACTIVATED"), record(2), after_s=60, of=account("lab account")))
    counted = SimCountDelta.objects.values_list("account_id", "status").annotate(total=Sum("n")).filter(total__gt=0)
    assert set(counted) == {
        (account("lab account").pk, "DEACTIVATED", 1),
        (account("lab account").pk, "ACTIVATED", 1),
        (account().pk, "RETIRED", 1),
    }


def executed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are sent from now on."""
    statements: list[str] = []
    execute = psycopg.Cursor.execute
    monkeypatch.setattr(psycopg.Cursor, "execute", lambda *a, **k: (statements.append(a[1]), execute(*a, **k))[1])
    return statements


def test_number_of_statements_does_not_grow_with_the_records(monkeypatch: pytest.MonkeyPatch) -> None:
    statements = executed(monkeypatch)

    def count(*numbers: int) -> int:
        statements.clear()
        write(page(*(record(number) for number in numbers)))
        return len(statements)

    count(1)
    assert count(2) == count(*range(10, 60)) > 0


def test_empty_answer_is_an_answer() -> None:
    result = write(page())
    assert (result.read, result.sim_ids) == (0, [[]])


def _seen(run_page: Answer) -> SyncRun:
    """A finished run that saw this page, as our copy now has it."""
    last = SyncRun.objects.create(kind=SyncRun.Kind.FULL, trigger=SyncRun.Trigger.PLAN, state="finished")
    _write_noted(last, prepared(replace(run_page, page=0)))
    return last


def _write_noted(run: SyncRun, *answers: Answer, last: SyncRun | None = None) -> CopyResult:
    """Write the pages of a run and give them their rows."""
    with transaction.atomic(), set_cursor() as cursor:
        result = write(*answers, run_id=run.pk, last_run_id=last.pk if last else None)
        note_pages(cursor, run.pk, answers, result.shown, result.sim_ids)
    return result


def _again(*records: dict, after_s: float = 60) -> Answer:
    answer = prepared(replace(page(*records, after_s=after_s), page=0))
    return replace(answer, is_as_before=True)


def _run() -> SyncRun:
    return SyncRun.objects.create(kind=SyncRun.Kind.FULL, trigger=SyncRun.Trigger.PLAN, state="running")


def test_page_as_the_last_run_saw_it_is_noted_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    last, run = _seen(page(record(1), record(2))), _run()
    before = list(Sim.objects.order_by("giccid").values())
    statements = executed(monkeypatch)
    again = _again(record(1), record(2))
    result = write(again, run_id=run.pk, last_run_id=last.pk)
    assert (result.read, result.moved, result.changed, result.shown.kept) == (2, 0, 0, {0})
    assert KEEP_PAGES in statements and TELL_PAGES not in statements
    assert list(Sim.objects.order_by("giccid").values()) == before
    noted, seen = SyncPage.objects.get(run=run), SyncPage.objects.get(run=last)
    assert (noted.asked_at, noted.page, noted.account_id) == (again.asked_at, 0, account().pk)
    assert (noted.shown, noted.mark, noted.digest_sum) == (seen.shown, seen.mark, seen.digest_sum)


def test_page_noted_as_a_whole_is_held_against_what_was_asked_for_before_it() -> None:
    """A SIM that moved between two pages of one merge: the page asked for last shows it as our copy has it."""
    last = _seen(page(record(1)))
    earlier = replace(page(record(1, status="DEACTIVATED"), after_s=30), page=1)
    result = write(earlier, _again(record(1)), run_id=_run().pk, last_run_id=last.pk)
    assert (only().status, result.shown.kept, result.sim_ids[0]) == ("ACTIVATED", {1}, [only().pk])
    assert told() == []


def test_page_seen_before_corrects_a_sim_that_was_read_otherwise_since() -> None:
    """Whatever the clocks say: the page shows what it showed then, but our copy has something else by now."""
    last = _seen(page(record(1), record(2), after_s=50))
    Sim.objects.filter(giccid=giccid(1)).update(status="DEACTIVATED", digest=1, read_at=NOON)
    write(_again(record(1), record(2)), run_id=_run().pk, last_run_id=last.pk)
    assert Sim.objects.get(giccid=giccid(1)).status == "ACTIVATED"


def test_page_of_another_text_is_looked_at_record_by_record() -> None:
    last = _seen(page(record(1), record(2)))
    result = write(_again(record(1), record(2, status="DEACTIVATED")), run_id=_run().pk, last_run_id=last.pk)
    assert (result.changed, Sim.objects.get(giccid=giccid(2)).status) == (1, "DEACTIVATED")


def test_sim_that_a_page_shows_twice_is_on_it_once_and_the_page_is_looked_at_in_each_run() -> None:
    last, run = _seen(page(record(1), record(2))), _run()
    twice = prepared(replace(page(record(1), record(1, status="DEACTIVATED"), record(2), after_s=60), page=0))
    _write_noted(run, twice, last=last)
    noted = SyncPage.objects.get(run=run)
    assert (noted.shown.sim_ids, noted.mark) == (sorted(Sim.objects.values_list("pk", flat=True)), None)


def test_sim_absent_before_is_found_again_on_a_page_that_never_changed() -> None:
    last = _seen(page(record(1)))
    Sim.objects.update(missing_since=NOON, absent_runs=2, digest=None)
    write(_again(record(1)), run_id=_run().pk, last_run_id=last.pk)
    assert (only().missing_since, only().absent_runs) == (None, 0)


def test_sim_that_another_writer_has_put_in_since_is_merged_with_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two reads at once of a SIM new to us: both find nothing, and the later answer counts, whoever comes second."""
    write(page(record(1), after_s=10))
    known = {"late": False}

    def not_there_yet(cursor: psycopg.Cursor, digests: dict[str, bytes]) -> Compared:
        found = compare(cursor, digests) if known["late"] else Compared()
        known["late"] = True
        return found

    monkeypatch.setattr("sims.copy.write.compare", not_there_yet)
    earlier = write(page(record(1, status="INVENTORY"), record(2)))
    assert (Sim.objects.get(giccid=giccid(1)).status, earlier.new, earlier.stale) == ("ACTIVATED", 1, 1)
    known["late"] = False
    later = write(page(record(1, status="DEACTIVATED"), after_s=20))
    assert (Sim.objects.get(giccid=giccid(1)).status, later.new, later.changed) == ("DEACTIVATED", 0, 1)
    assert later.sim_ids == [[Sim.objects.get(giccid=giccid(1)).pk]]


def test_only_new_sims_are_written_or_nothing() -> None:
    write(page(record(1)))
    with pytest.raises(NotNew), transaction.atomic():
        write(page(record(1, status="DEACTIVATED"), record(2), after_s=60), only_new=True)
    assert (only().giccid, only().status) == (giccid(1), "ACTIVATED")


def test_only_new_sims_are_written_as_any_are() -> None:
    assert write(page(record(1), record(2)), only_new=True).new == 2
