import pytest

from sims.suggest import SHOWN, suggest
from tests.sims.fleet import make_account, make_sim

pytestmark = pytest.mark.django_db
ICCID = "8986011805021004471"


@pytest.fixture
def sim():
    devices = [{"imei": "490154203237518", "imsi": "460060000004999", "msisdn": "8614500004999"}]
    return make_sim(ICCID, account=make_account(), devices=devices)


def parts(text):
    return [(row.kind, row.before, row.match, row.after) for row in suggest(text).rows]


def test_the_number_that_matches_is_shown_with_what_was_typed(sim):
    assert parts("898") == [("", "", "898", ICCID[3:])]
    assert parts("4471") == [("", ICCID[:-4], "4471", "")]
    assert parts(ICCID) == [("", "", ICCID, "")]
    assert parts("4901") == [("IMEI", "", "4901", "54203237518")]
    assert parts("+86 145") == [("Phone number", "", "86145", "00004999")]


def test_a_sim_stands_once_though_several_of_its_numbers_match(sim):
    assert len(suggest("4999").rows) == 1


@pytest.mark.parametrize("text", ["", "89", " 8-9 ", "\x00", "x" * 500])
def test_less_than_three_characters_ask_for_nothing(sim, text, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert suggest(text).is_short


@pytest.mark.parametrize("text", ["471", "0118050210044"])
def test_last_digits_need_four_and_nothing_inside_is_looked_for(sim, text):
    found = suggest(text)
    assert (found.rows, found.is_short) == ([], False)


@pytest.mark.parametrize("count", [1, 3])
def test_two_queries_however_many(count, django_assert_num_queries):
    for number in range(count):
        make_sim(f"898601{number}", account=make_account())
    with django_assert_num_queries(2):
        assert len(suggest("8986").rows) == count


def test_more_than_fit_says_so():
    for number in range(SHOWN + 1):
        make_sim(f"898601{number}")
    found = suggest("8986")
    assert (len(found.rows), found.has_more) == (SHOWN, True)
