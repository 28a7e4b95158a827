"""The dry run: each chosen SIM gets the verdict that it deserves, whatever way it was chosen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from batches.kinds import KINDS, kind_of
from batches.models import Batch, BatchItem
from batches.plan import NOT_THERE, CannotPlan, SelectionSpec, create_batch
from enterprise.scope import limit_to
from sims.changes.legality import why_not
from sims.changes.proof import shows
from sims.models import OpenChange, Operation, Protection, ScheduledPlan, Sim, SimCustomFields, Verb
from sims.paste.check import check
from sims.paste.parse import parse
from tests.sims.fleet import make_account, make_package, make_page, make_run, make_sim
from users.models import AuditEntry

WANTED = {
    "change-plan": {"package": "Prepaid-Basic-500M", "effective": "now"},
    "add-package": {"package": "Addon-50M"},
    "apn": {"apn": "iot.private", "apn_status": "OPEN"},
    "custom-fields": {"custom1": "Berlin"},
}


@pytest.fixture
def user(db, django_user_model):
    return django_user_model.objects.create_user("jonas", password="x")


def fresh_sim(number: int, **fields) -> Sim:
    return make_sim(f"8986011805021{number:06}", **{"read_at": timezone.now(), **fields})


def plan(user, kind: str = "suspend", wanted=None, **spec) -> Batch:
    chosen = SelectionSpec(**spec)
    return create_batch(kind=kind, selection=chosen, wanted=wanted or WANTED.get(kind, {}), reason="why", user=user)


def verdicts(batch: Batch) -> list[str]:
    return list(batch.items.order_by("place").values_list("verdict", flat=True))


def test_each_verdict_has_its_row(user):
    protected = fresh_sim(1)
    Protection.objects.create(sim=protected, by=user, reason="spare engine")
    busy = fresh_sim(2)
    operation = Operation.objects.create(sim=busy, verb=Verb.ACTIVATE, username="x")
    OpenChange.objects.create(sim=busy, operation=operation, verb=Verb.ACTIVATE)
    sims = [
        fresh_sim(3),
        fresh_sim(4, status="DEACTIVATED"),
        fresh_sim(5, status="INVENTORY"),
        protected,
        busy,
        fresh_sim(6, missing_since=timezone.now()),
    ]
    chosen = [*(sim.giccid for sim in sims), sims[0].giccid, "8986011805029999999"]

    batch = plan(user, giccids=chosen)

    assert verdicts(batch) == [
        "will_change", "no_change", "illegal", "protected", "busy", "not_found", "duplicate", "not_found",
    ]  # fmt: skip
    assert batch.state == "planned"
    items = list(batch.items.order_by("place"))
    assert [item.state for item in items] == ["planned"] + ["skipped"] * 7
    assert items[2].why == "Only an active SIM can be suspended."
    assert items[3].why == "Protected by jonas: spare engine"
    assert items[4].why == f"Operation {operation.pk} is still open."
    assert items[6].why == "It stands in line 1 already."
    assert items[0].before == {"status": "ACTIVATED", "package": "Prepaid-Basic-100M"}
    assert {(row.verdict, row.state): row.n for row in batch.counts.all()} == {
        ("will_change", "planned"): 1, ("no_change", "skipped"): 1, ("illegal", "skipped"): 1,
        ("protected", "skipped"): 1, ("busy", "skipped"): 1, ("not_found", "skipped"): 2, ("duplicate", "skipped"): 1,
    }  # fmt: skip
    assert AuditEntry.objects.get(action="batch.plan").target == str(batch.uuid)


def test_a_pasted_list_keeps_its_lines_and_its_damage(user):
    sim = fresh_sim(1, devices=[{"imei": "356938035643809"}])
    text = f"iccid\n{sim.giccid}\n8.98601E+18\n356938035643809\n89860118050219O0001\n8986011805021000999"

    batch = plan(user, identifiers=text)

    items = list(batch.items.order_by("place"))
    assert [(item.line, item.verdict) for item in items] == [
        (2, "will_change"), (3, "not_found"), (4, "duplicate"), (5, "not_found"), (6, "not_found"),
    ]  # fmt: skip
    assert items[1].why.startswith("A spreadsheet rounded it.")
    assert items[1].entry == "8.98601E+18"
    assert items[4].giccid == "8986011805021000999"


def test_a_file_a_filter_and_a_working_set(user):
    for number in (1, 2, 3):
        fresh_sim(number, status="ACTIVATED" if number < 3 else "DEACTIVATED")
    text = "8986011805021000002 8986011805021000001 17"
    kept = check(text=text, parsed=parse(text), user=user)

    by_filter = plan(user, filter="status=ACTIVATED")
    by_set = plan(user, set=kept.pk)
    by_file = plan(user, file=parse("8986011805021000003\n8986011805021000001"), file_name="fleet.csv")

    assert list(by_filter.items.order_by("place").values_list("giccid", flat=True)) == [
        "8986011805021000001", "8986011805021000002",
    ]  # fmt: skip
    assert by_set.items.get(place=1).giccid == "8986011805021000002"
    assert by_set.chosen == "set"
    assert verdicts(by_file) == ["no_change", "will_change"]
    assert by_file.chosen_words == "fleet.csv, 2 rows"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"identifiers": ""}, "No SIM was chosen"),
        ({"identifiers": "just some words"}, "None of the 3 words"),
        ({"identifiers": "\x00\x01"}, "inside of a file"),
        ({"filter": "status=ACTIVATED"}, "No SIM was chosen"),
        ({"filter": "usage=nonsense"}, "Nothing was planned"),
        ({"set": "00000000-0000-0000-0000-000000000000"}, "not there any more"),
        ({"giccids": []}, "No SIM was chosen"),
        ({"giccids": ["8986"] * 100_001}, "at most 100,000 SIMs"),
    ],
)
def test_a_selection_that_is_none_says_why(user, spec, words):
    with pytest.raises(CannotPlan, match=words):
        plan(user, **spec)
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("kind", "wanted", "words"),
    [
        ("dance", {}, "cannot do this"),
        ("change-plan", {}, "Choose a package"),
        ("change-plan", {"package": "X", "effective": "never"}, "now, or with the next cycle"),
        ("apn", {"apn": "a"}, "OPEN or CLOSED"),
        ("apn", {"apn_status": "OPEN"}, "which APN"),
        ("custom-fields", {}, "No custom field"),
        ("custom-fields", {"custom2": "x" * 101}, "101 characters"),
    ],
)
def test_fields_that_the_kind_cannot_use(user, kind, wanted, words):
    sim = fresh_sim(1)
    with pytest.raises(CannotPlan, match=words):
        create_batch(kind=kind, selection=SelectionSpec(giccids=[sim.giccid]), wanted=wanted, reason="", user=user)


def test_the_package_must_be_the_accounts(user):
    account, other = make_account(), make_account("lab account")
    make_package(account, "Prepaid-Basic-500M")
    make_package(other, "Elsewhere")
    sims = [fresh_sim(1, account=account), fresh_sim(2, account=other), fresh_sim(3, account=make_account("bare"))]

    batch = plan(user, "change-plan", giccids=[sim.giccid for sim in sims])

    assert verdicts(batch) == ["will_change", "illegal", "will_change"]
    assert batch.items.get(place=2).why == "Its account has no plan Prepaid-Basic-500M."


def test_a_person_plans_only_for_the_accounts_that_are_theirs(user):
    mine, other = make_account(), make_account("lab account")
    limit_to(user, [mine], by=user)
    sims = [fresh_sim(1, account=mine), fresh_sim(2, account=other), fresh_sim(3)]

    batch = plan(user, giccids=[sim.giccid for sim in sims])

    assert verdicts(batch) == ["will_change", "not_found", "not_found"]
    assert batch.items.get(place=2).why == NOT_THERE


def test_what_two_sims_of_different_accounts_share_means_ones_own(user):
    mine, other = make_account(), make_account("lab account")
    limit_to(user, [mine], by=user)
    for number, account in enumerate((mine, other), 1):
        fresh_sim(number, account=account, devices=[{"imei": "356938035643809"}])

    batch = plan(user, identifiers="356938035643809")

    assert verdicts(batch) == ["will_change"]


def test_a_scheduled_plan_is_busy_for_plans_only(user):
    sim = fresh_sim(1)
    ScheduledPlan.objects.create(sim=sim, package="Next")

    assert verdicts(plan(user, "change-plan", giccids=[sim.giccid])) == ["busy"]
    assert verdicts(plan(user, "suspend", giccids=[sim.giccid])) == ["will_change"]


def test_texts_that_were_just_read_are_known(user):
    same, old = fresh_sim(1), fresh_sim(2)
    SimCustomFields.objects.create(sim=same, custom1="Berlin", read_at=timezone.now())
    SimCustomFields.objects.create(sim=old, custom1="Berlin", read_at=timezone.now() - timedelta(days=2))

    assert verdicts(plan(user, "custom-fields", giccids=[same.giccid, old.giccid])) == ["no_change", "will_change"]


def test_what_was_read_long_ago_is_stale_unless_a_page_showed_it(user):
    now = timezone.now()
    old, listed = fresh_sim(1, read_at=now - timedelta(days=1)), fresh_sim(2, read_at=now - timedelta(days=1))
    make_page(make_run(), [listed], asked_at=now - timedelta(minutes=5))

    batch = plan(user, giccids=[old.giccid, listed.giccid])

    assert batch.state == "planning" and batch.to_read == 1
    assert [(item.verdict, item.is_stale) for item in batch.items.order_by("place")] == [
        ("will_change", True), ("will_change", False),
    ]  # fmt: skip


STATUSES = [*Sim.Status.values, "SOMETHING_NEW"]
SIMS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(STATUSES),
        "package": st.sampled_from(["", "Prepaid-Basic-100M", "Prepaid-Basic-500M"]),
        "apns": st.sampled_from([[], [("iot.private", "OPEN")], [("iot.private", "CLOSED"), ("iot.public", "OPEN")]]),
        "is_protected": st.booleans(),
        "is_held": st.booleans(),
        "is_missing": st.booleans(),
    }
)


@limits(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.lists(SIMS, min_size=1, max_size=8), kind=st.sampled_from([k for k in KINDS if k in Verb.values]))
def test_the_verdicts_are_what_the_tables_say(user, facts, kind):
    """The set-based statement against the tables of legality and proof, one SIM at a time."""
    Batch.objects.all().delete(), OpenChange.objects.all().delete(), Operation.objects.all().delete()
    for table in (Protection, *(Sim.identifiers.rel.related_model,), Sim):
        table.objects.all().delete()
    wanted = WANTED.get(kind, {})
    sims = []
    for number, fact in enumerate(facts, 1):
        apns = [{"name": name, "status": status} for name, status in fact["apns"]]
        missing = timezone.now() if fact["is_missing"] else None
        sim = fresh_sim(number, status=fact["status"], package=fact["package"], apns=apns, missing_since=missing)
        if fact["is_protected"]:
            Protection.objects.create(sim=sim, by=user)
        if fact["is_held"]:
            operation = Operation.objects.create(sim=sim, verb=Verb.ACTIVATE, username="x")
            OpenChange.objects.create(sim=sim, operation=operation, verb=Verb.ACTIVATE)
        sims.append(sim)

    batch = plan(user, kind, giccids=[sim.giccid for sim in sims])

    assert verdicts(batch) == [_verdict(sim, fact, kind, wanted) for sim, fact in zip(sims, facts, strict=True)]


def _verdict(sim: Sim, fact, kind: str, wanted) -> str:
    verdict = BatchItem.Verdict
    if fact["is_missing"]:
        return verdict.NOT_FOUND
    if shows(sim, Verb(kind), wanted):
        return verdict.NO_CHANGE
    if why_not(sim.status, Verb(kind)) or (kind == "apn" and "iot.private" not in dict(fact["apns"])):
        return verdict.ILLEGAL
    if fact["is_protected"] and not kind_of(kind).needs_no_protection:
        return verdict.PROTECTED
    return verdict.BUSY if fact["is_held"] else verdict.WILL_CHANGE
