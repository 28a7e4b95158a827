from __future__ import annotations

import pytest

from sims.sync import plan
from sims.sync.plan import MOST_DOUBTED, MOST_EMPTY, MOST_IDLE, Job, PagePlan, Part


def part(**fields: object) -> Part:
    return Part(1, "halden-dach", **fields)


def test_first_page_comes_alone_until_it_tells_the_total() -> None:
    plan = PagePlan([part()])
    assert plan.next_job() == Job(1, "halden-dach", 0)
    assert plan.next_job() is None
    plan.part(1).answered(0, records=100, size=100, total=250)
    assert [plan.next_job().page, plan.next_job().page, plan.next_job()] == [1, 2, None]


def test_accounts_whose_total_is_not_known_yet_do_not_hold_up_the_next() -> None:
    plan = PagePlan([part(), Part(2, "lab account")])
    assert [plan.next_job().account_id, plan.next_job().account_id, plan.next_job()] == [1, 2, None]


def test_page_size_of_the_answer_counts_not_the_one_asked_for() -> None:
    one = part()
    one.asked.add(0)
    one.answered(0, records=10, size=10, total=35)
    assert one.expected == 4


def test_total_that_moves_is_followed() -> None:
    one = part(expected=2, done={0})
    one.answered(1, records=100, size=100, total=301)
    assert one.next_page() == 2
    one.answered(2, records=0, size=100, total=200)
    assert one.is_complete


def test_total_that_lies_ends_at_empty_pages_in_a_row() -> None:
    one = part(expected=10**7, done={0})
    for page in range(1, 1 + MOST_EMPTY):
        assert one.next_page() == page
        one.answered(page, records=0, size=100, total=10**9)
    assert one.is_complete


def test_empty_page_ends_no_list_whose_next_pages_were_taken_back() -> None:
    """As they are where a slice ends: nobody knows yet whether they are empty too."""
    one = part(expected=10, done={0})
    for page in (1, 2, 3):
        assert one.next_page() == page
        one.asked.add(page)
    one.take_back(3)
    one.answered(1, records=100, size=100, total=1000)
    one.answered(2, records=0, size=100, total=1000)
    assert (one.is_complete, one.next_page()) == (False, 3)


def test_empty_page_that_comes_late_ends_no_list_before_the_pages_behind_it() -> None:
    one = part()
    for page, records in ((0, 100), (2, 100), (1, 0)):
        one.answered(page, records=records, size=100, total=300, mark=page)
    assert (one.expected, one.next_page()) == (3, 3)


def test_without_a_total_pages_are_read_one_by_one_until_an_empty_one() -> None:
    one = part()
    for page in range(3):
        assert one.next_page() == page
        one.answered(page, records=100, size=100, total=None, mark=page)
    one.answered(3, records=0, size=100, total=None, mark=3)
    assert one.is_complete


def test_carrier_that_ignores_the_page_and_has_no_total_is_not_asked_for_ever() -> None:
    one = part()
    one.answered(0, records=100, size=100, total=None, mark=(1, 2))
    assert not one.is_complete
    one.answered(1, records=100, size=100, total=None, mark=(1, 2))
    one.answered(2, records=100, size=100, total=None, mark=(1, 2))
    assert one.is_complete


def test_resumed_plan_asks_only_for_what_is_not_there() -> None:
    plan = PagePlan([part(expected=4, done={0, 2}, total=4, seen=2)])
    assert [plan.next_job().page, plan.next_job().page, plan.next_job()] == [1, 3, None]
    plan.part(1).answered(1, records=1, size=1, total=4)
    assert not plan.is_complete
    plan.part(1).answered(3, records=1, size=1, total=4)
    assert plan.is_complete


def read_to_its_end(records: int, *, per_page: int, size: int, total: int | None, first: int = 0) -> tuple[int, int]:
    """How many of the records were shown, and with how many questions, whatever the answers say of themselves."""
    one, shown = part(), set()
    while (page := one.next_page()) is not None:
        start = max(0, page - first) * per_page
        found = range(records)[start : start + per_page]
        shown.update(found)
        one.answered(page, records=len(found), size=size, total=total, mark=found)
    assert one.is_complete
    return len(shown), len(one.done)


def test_total_told_too_small_loses_no_page() -> None:
    assert read_to_its_end(100, per_page=50, size=50, total=40) == (100, 3)


def test_total_told_too_large_costs_one_empty_page() -> None:
    assert read_to_its_end(100, per_page=50, size=50, total=107) == (100, 3)
    assert read_to_its_end(120, per_page=50, size=50, total=127) == (120, 4)


def test_page_size_that_was_clamped_without_a_word_loses_no_page() -> None:
    assert read_to_its_end(1060, per_page=50, size=100, total=1060) == (1060, 22)


def test_pages_counted_from_one_are_read_to_the_last() -> None:
    assert read_to_its_end(130, per_page=50, size=50, total=130, first=1) == (130, 4)
    assert read_to_its_end(130, per_page=50, size=50, total=None, first=1) == (130, 5)


def test_page_shown_twice_counts_once_in_whatever_order_the_answers_come() -> None:
    one = part()
    for page, mark in ((0, "first"), (2, "second"), (1, "first")):
        one.asked.add(page)
        one.answered(page, records=50, size=50, total=120, mark=mark)
    assert (one.seen, one.next_page()) == (100, 3)


def test_resumed_list_whose_total_is_wrong_is_read_on() -> None:
    assert part(expected=1, done={0}, total=40, seen=50).next_page() == 1
    assert part(expected=1, done={0}, total=40, seen=50, is_done=True).is_complete


def test_empty_account_is_read_with_one_question() -> None:
    one = part()
    one.answered(0, records=0, size=100, total=0)
    assert one.is_complete


def test_page_taken_back_is_still_to_be_read() -> None:
    one = part(expected=3, done={0})
    plan = PagePlan([one])
    assert [plan.next_job().page, plan.next_job().page] == [1, 2]
    one.answered(2, records=1, size=1, total=3)
    one.take_back(1)
    assert not one.is_complete
    assert plan.next_job().page == 1


def shuffled(*, told: int | None, new_until: int) -> tuple[bool, int]:
    """Whether a list ends whose pages differ for ever and show something new until one of them, and its pages."""
    one = part()
    while (page := one.next_page()) is not None and not one.is_endless:
        one.answered(page, records=100, size=100, total=told, mark=page)
        one.merged([page], has_new=page < new_until)
    return one.is_complete, len(one.done)


@pytest.mark.parametrize("told", [None, 0, 250])
def test_past_the_told_end_a_list_goes_on_only_while_it_shows_something_new(told: int | None) -> None:
    assert shuffled(told=told, new_until=20) == (True, 21)


def test_list_whose_total_is_far_too_large_ends_after_many_pages_without_anything_new() -> None:
    assert shuffled(told=2_000_000_000, new_until=20) == (True, 20 + MOST_IDLE)


def test_page_on_which_anything_is_new_begins_the_count_anew() -> None:
    one = part(expected=1000)
    for page in range(MOST_IDLE * 3):
        one.answered(page, records=100, size=100, total=100_000, mark=page)
        one.merged([page], has_new=page % MOST_IDLE == 0)
    assert one.next_page() == MOST_IDLE * 3


def test_first_page_again_where_pages_are_counted_from_one_ends_no_list() -> None:
    one = part()
    for page in (0, 1):
        one.answered(page, records=100, size=100, total=100, mark=page)
        one.merged([page], has_new=page == 0)
    assert one.next_page() == 2


def test_list_that_shows_ever_new_records_past_its_end_is_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MOST_UNTOLD", 30)
    assert shuffled(told=None, new_until=10**9) == (False, 30)
    assert shuffled(told=950, new_until=10**9) == (False, 40)


def test_answers_that_were_under_way_when_a_list_ended_do_not_open_it_again() -> None:
    one = part(expected=10**6, done=set(range(MOST_IDLE)), asked={MOST_IDLE})
    one.merged(list(range(MOST_IDLE)), has_new=False)
    one.answered(MOST_IDLE, records=100, size=100, total=10**8, mark="late")
    assert (one.is_complete, one.expected) == (True, MOST_IDLE)


def test_empty_page_before_the_told_end_is_doubted_and_not_for_ever() -> None:
    one = part(expected=3, done={0}, total=250, seen=100)
    assert [one.doubts(1), one.doubts(3)] == [True, False]
    assert not part(expected=3, done={0, 1, 2}, total=250, seen=250).doubts(2)
    assert not part().doubts(0)
    assert sum(one.doubts(1) for _ in range(MOST_DOUBTED * 2)) == MOST_DOUBTED - 2


def test_page_is_past_the_end_where_none_or_no_more_was_told() -> None:
    assert [part().is_past_end(0), part().is_past_end(1)] == [False, True]
    assert [part(expected=3).is_past_end(2), part(expected=3).is_past_end(3)] == [False, True]
