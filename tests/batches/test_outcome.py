"""What becomes of an item, for anything that may be known of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from batches import pace
from batches.models import BatchItem
from batches.outcome import Facts, outcome_of

State = BatchItem.State
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AGES = st.sampled_from([0, 5, 31, 300, 601, 7200, 90_000, 3_000_000]).map(
    lambda seconds: NOW - timedelta(seconds=seconds)
)
FACTS = st.builds(
    Facts,
    state=st.sampled_from([State.SENDING, State.ACCEPTED, State.UNKNOWN, State.SCHEDULED]),
    reported=st.sampled_from(["", "SUCCESS", "FAILED", "PENDING"]),
    code=st.sampled_from(["", "illegal_status"]),
    message=st.text(max_size=5),
    is_shown=st.booleans(),
    is_absent=st.booleans(),
    sent_at=AGES,
    ended_at=st.none() | AGES,
    counts_from=st.none() | AGES | st.just(NOW + timedelta(days=8)),
    has_no_failures=st.booleans(),
)


@given(FACTS)
def test_done_is_what_a_read_showed_and_nothing_else_is(facts):
    outcome = outcome_of(facts, NOW)
    assert (outcome is not None and outcome.state == State.DONE) == facts.is_shown


@given(FACTS)
def test_what_may_still_happen_has_not_failed(facts):
    """Failed only where the carrier said so or has ended its job, where the SIM is gone, or after the horizon."""
    outcome = outcome_of(facts, NOW)
    if outcome is None or outcome.state != State.FAILED:
        return
    is_late = NOW - facts.sent_at > pace.horizon()
    assert (
        facts.reported == "FAILED" or facts.is_absent or is_late or (facts.state == State.ACCEPTED and facts.ended_at)
    )


@given(FACTS)
def test_scheduled_is_only_what_counts_later(facts):
    outcome = outcome_of(facts, NOW)
    if outcome and outcome.state == State.SCHEDULED:
        assert facts.counts_from is not None and facts.state == State.ACCEPTED


def test_waits_grow_to_their_limit():
    assert [pace.growing_s(times) for times in range(8)] == [2, 3, 4.5, 6.75, 10.125, 15.1875, 22.78125, 30]
    assert pace.doubt_s(NOW - timedelta(hours=5), 3, NOW) == pace.RARELY_S
