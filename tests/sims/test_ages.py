from datetime import timedelta

import pytest

from sims.ages import read_times
from tests.sims.fleet import NOW, make_page, make_run, make_sims

pytestmark = pytest.mark.django_db


def test_the_newer_of_its_own_read_and_the_last_page_that_showed_it():
    listed, read_later, never_listed = make_sims(3)
    older, newer = NOW + timedelta(minutes=5), NOW + timedelta(minutes=9)
    make_page(make_run(), [listed, read_later], asked_at=older)
    make_page(make_run(), [listed], asked_at=newer)
    read_later.read_at = NOW + timedelta(minutes=7)
    read_later.save()
    assert read_times([listed, read_later, never_listed]) == {
        listed.pk: newer,
        read_later.pk: NOW + timedelta(minutes=7),
        never_listed.pk: NOW,
    }


@pytest.mark.parametrize("count", [1, 3])
def test_one_query_for_a_screen(django_assert_num_queries, count):
    sims = make_sims(count)
    with django_assert_num_queries(1):
        assert len(read_times(sims)) == count


def test_no_query_for_an_empty_screen(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert read_times([]) == {}
