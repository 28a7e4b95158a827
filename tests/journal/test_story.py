import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.models import Event
from journal.story import KINDS, by_days, tell
from tests.page import text_of
from tests.sims.fleet import NOW
from users.models import User

pytestmark = pytest.mark.django_db
Cause = Event.Cause


def event(kind: str, data, *, cause: str = Cause.RUN, cause_id: int | None = 4611, **fields) -> Event:
    values = {"id": 1, "recorded_at": NOW, "happened_at": NOW, "severity": "info", "subject_key": "89860", "sim_id": 1}
    return Event(kind=kind, data=data, cause_kind=cause, cause_id=cause_id, **{**values, **fields})


def said(*args, **kwargs) -> tuple[str, str]:
    entry = tell([event(*args, **kwargs)])[0]
    return text_of(entry.sentence), text_of(entry.more)


RUN = "found by run 4611"


@pytest.mark.parametrize(
    ("kind", "data", "sentence", "more"),
    [
        ("sim.status", {"old": "ACTIVATED", "new": "DEACTIVATED"}, "it Suspended , no longer Active", RUN),
        ("sim.status", {"old": "ACTIVATED", "new": "FROZEN"}, "it FROZEN , no longer Active", RUN),
        ("sim.package", {"old": "A", "new": "B"}, "another plan: B", f"A B · {RUN}"),
        ("sim.package", {"old": None, "new": "B"}, "the plan B , where there was none", RUN),
        ("sim.package", {"old": "A", "new": None}, "it without a plan; A is gone", RUN),
        (
            "sim.period",
            {"old": ["2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"], "new": ["2026-11-01T00:00:00+00:00", None]},
            "new dates of the plan",
            f"1 Oct 2026 to 1 Nov 2026 1 Nov 2026 to no end · {RUN}",
        ),
        ("sim.account", {"old": "a", "new": "b"}, "it in the account b , no longer in a", RUN),
        ("sim.account", {"old": None, "new": "b"}, "it in the account b", RUN),
        ("sim.account", {"old": "a", "new": None}, "it in no account, no longer in a", RUN),
        ("sim.imei", {"old": "1", "new": "2", "position": 0}, "a different IMEI. Another device?", f"1 2 · {RUN}"),
        ("sim.imei", {"old": "1", "new": None, "position": 0}, "no IMEI any more", f"It was 1 · {RUN}"),
        (
            "sim.imsi",
            {"old": None, "new": "2", "position": 1},
            "an IMSI, where there was none, profile 2",
            f"2 · {RUN}",
        ),
        ("sim.msisdn", {"old": "1", "new": "2", "position": 0}, "a different phone number.", f"1 2 · {RUN}"),
        ("sim.apn", {"apn": "iot", "old": "OPEN", "new": "CLOSED"}, "the APN iot Closed , no longer Open", RUN),
        ("sim.apn", {"apn": "iot", "old": None, "new": "OPEN"}, "a new APN, iot : Open", RUN),
        ("sim.apn", {"apn": "iot", "old": "OPEN", "new": None}, "the APN iot gone", RUN),
        (
            "sim.activated",
            {"old": None, "new": "2026-11-01T09:30:00Z"},
            "it active for the first time",
            f"1 Nov 2026, 09:30 · {RUN}",
        ),
        ("sim.missing", {}, "it missing", f"The carrier left it out of two complete runs · {RUN}"),
        (
            "sim.returned",
            {"missing_since": "2026-11-01T09:30:00Z"},
            "it again",
            f"It was missing since 1 Nov 2026, 09:30 · {RUN}",
        ),
    ],
)
def test_each_kind_has_its_sentence(kind, data, sentence, more):
    assert said(kind, data) == (f"Sync found {sentence}", more)


def test_the_actor_comes_first():
    user = User.objects.create_user("mara", first_name="Mara", last_name="Lindqvist")
    data = {"old": "A", "new": "B"}
    assert said("sim.package", data, cause=Cause.READ, cause_id=user.pk)[0].startswith(
        "Mara Lindqvist read it again and"
    )
    assert said("sim.package", data, cause=Cause.READ, cause_id=None)[0].startswith("Reading it again found")
    assert said("sim.package", data, cause=Cause.READ, cause_id=999)[0].startswith("Reading it again found")
    assert said("sim.package", data, cause=Cause.PUSH)[0].startswith("The carrier pushed, and reading found")
    assert said("sim.package", data, cause=Cause.BATCH_ITEM, cause_id=214)[0].startswith("Batch 214 led to")
    assert said("sim.package", data, cause="new-cause")[0].startswith("new-cause 4611 led to")


def test_the_run_is_a_link():
    assert '<a href="/sync/runs/4611/">run 4611</a>' in tell([event("sim.missing", {})])[0].more


def test_names_are_no_markup():
    entry = tell([event("sim.package", {"old": "<i>", "new": "<script>alert(1)</script>"})])[0]
    assert "<script>" not in entry.sentence and "<i>" not in entry.more


@pytest.mark.parametrize("data", [{}, {"old": 1}, [], None, "x", {"old": [], "new": {}}, {"a": "x" * 10_000}])
@pytest.mark.parametrize("kind", [*KINDS, "sim.future", ""])
def test_any_data_of_any_kind_has_a_line(kind, data):
    sentence, more = said(kind, data)
    assert sentence.startswith("Sync found")
    assert len(more) < 500


json = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda x: st.lists(x, max_size=3))


@given(kind=st.sampled_from([*KINDS]), data=st.dictionaries(st.sampled_from(["old", "new", "apn", "position"]), json))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
def test_no_data_breaks_the_story(kind, data):
    assert said(kind, data)[0].startswith("Sync found")


def test_days_are_headings_in_order():
    from datetime import timedelta

    events = [
        event("sim.missing", {}, id=n, happened_at=NOW - timedelta(hours=hours)) for n, hours in enumerate((1, 2, 30))
    ]
    days = by_days(tell(events))
    assert [len(day.entries) for day in days] == [2, 1]


@pytest.mark.parametrize("count", [1, 3])
def test_one_query_for_the_people(django_assert_num_queries, count):
    users = [User.objects.create_user(f"u{n}") for n in range(count)]
    events = [event("sim.missing", {}, cause=Cause.READ, cause_id=user.pk) for user in users]
    with django_assert_num_queries(1):
        assert len(tell(events)) == count
