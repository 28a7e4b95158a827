import pytest

from sims.models import Sim
from tests.sims.fleet import make_run, make_sims
from toolkit.keyset import page_of, page_of_list

GICCIDS = [f"8986011805021{number:06}" for number in range(1, 8)]


@pytest.fixture
def sims(db):
    make_sims(7)


def page(**cursors):
    found = page_of(Sim.objects.all(), key="giccid", size=3, **cursors)
    return [sim.giccid for sim in found.rows], found.before, found.after


def test_there_and_back(sims):
    first = page()
    assert first == (GICCIDS[:3], "", GICCIDS[2])
    second = page(after=first[2])
    assert second == (GICCIDS[3:6], GICCIDS[3], GICCIDS[5])
    last = page(after=second[2])
    assert last == (GICCIDS[6:], GICCIDS[6], "")
    assert page(before=last[1]) == second
    assert page(before=second[1]) == first


@pytest.mark.parametrize("cursor", ["zzz", "{'; DROP", "🙂"])
def test_a_cursor_behind_the_end_leads_back(sims, cursor):
    rows, before, after = page(after=cursor)
    assert (rows, after) == ([], "")
    assert page(before=before)[0] == GICCIDS[4:]


def test_a_cursor_before_the_start_leads_on(sims):
    rows, before, after = page(before="0")
    assert (rows, before) == ([], "")
    assert page(after=after)[0] == GICCIDS[:3]


def test_a_cursor_of_a_row_that_is_gone_keeps_its_place(sims):
    Sim.objects.filter(giccid=GICCIDS[2]).delete()
    assert page(after=GICCIDS[2])[0] == GICCIDS[3:6]


def test_newest_first(db):
    runs = [make_run().pk for _ in range(4)]
    kind = type(make_run())
    first = page_of(kind.objects.filter(pk__in=runs), key="pk", size=3, newest_first=True)
    assert [run.pk for run in first.rows] == runs[:0:-1]
    second = page_of(kind.objects.filter(pk__in=runs), key="pk", size=3, after=int(first.after), newest_first=True)
    assert ([run.pk for run in second.rows], second.after) == ([runs[0]], "")
    back = page_of(kind.objects.filter(pk__in=runs), key="pk", size=3, before=int(second.before), newest_first=True)
    assert back == first


@pytest.mark.parametrize("count", [1, 3])
def test_one_query_a_page(db, django_assert_num_queries, count):
    make_sims(count)
    with django_assert_num_queries(1):
        assert len(page()[0]) == count


def test_keys_in_hand():
    first = page_of_list(list("dbca"), size=2)
    assert (first.rows, first.before, first.after) == (["d", "b"], "", "b")
    second = page_of_list(list("dbca"), size=2, after="b")
    assert (second.rows, second.before, second.after) == (["c", "a"], "c", "")
    assert page_of_list(list("dbca"), size=2, before="c") == first
    assert page_of_list(list("dbca"), size=2, after="x") == first
    assert page_of_list([], size=2).rows == []
