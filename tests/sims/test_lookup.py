import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sims.identifiers import wanted
from sims.inside import inside
from sims.lookup import Match, _branches, find_sims
from sims.trigrams import ensure_index
from tests.sims.fleet import make_sim

pytestmark = pytest.mark.django_db

DEVICES = [
    {"imei": "490154203237518", "imsi": "460060000004471", "msisdn": "+86 145 0000 4471"},
    {"imei": "", "imsi": "234500910004999", "msisdn": "447700904999"},
]


@pytest.fixture
def sim():
    make_sim(
        "8986011805021000005", devices=[{"imei": "356938035643809", "imsi": "460060000000005", "msisdn": "861450005"}]
    )
    return make_sim("8986011805021004471", devices=DEVICES)


@pytest.mark.parametrize(
    "text",
    [
        "8986011805021004471",  # whole
        "8986 0118 0502 1004 471",
        "8986011805021004471F",
        "89860118050210044713",  # with its check digit
        "490154203237518",
        "49-015420-323751-8",
        "460060000004471",
        "8614500004471",
        "+8614500004471",
        "00 86 145 0000 4471",
        "234500910004999",  # the second device
        "447700904999",
        "89860118050210044",  # beginnings
        "4901542",
        "23450",
        "4471",  # endings
        "004999",
        "014500004471",  # as dialled at home
    ],
)
def test_a_sim_is_found_by_any_number_of_any_device(sim, text):
    assert find_sims(text).sim_ids == [sim.pk]


def test_a_zero_in_front_of_last_digits_is_one_of_them(sim):
    make_sim("8986011805021014471")
    assert find_sims("04471").sim_ids == [sim.pk]
    assert find_sims("004471").sim_ids == [sim.pk]
    assert find_sims("04500004471").sim_ids == [sim.pk]  # dialled at home


@pytest.mark.parametrize("text", ["471", "60118", "8986011805021009999"])
def test_nothing_else_finds_it(sim, text):
    assert find_sims(text).sim_ids == []


def test_best_comes_first():
    ending = make_sim("99991234")
    beginning = make_sim("12345678")
    whole = make_sim("1234")
    hits = find_sims("1234")
    assert hits.sim_ids == [whole.pk, beginning.pk, ending.pk]
    assert hits.best is Match.WHOLE


def test_a_sim_is_one_hit_however_often_it_matches():
    sim = make_sim("4471000000000004471", devices=[{"imsi": "447100000004471"}])
    assert find_sims("4471").sim_ids == [sim.pk]


def test_more_than_the_limit_says_so():
    for number in range(4):
        make_sim(f"898600{number}")
    assert (len(find_sims("8986", limit=3).sim_ids), find_sims("8986", limit=3).is_capped) == (3, True)
    assert (len(find_sims("8986", limit=4).sim_ids), find_sims("8986", limit=4).is_capped) == (4, False)


def test_letters_of_any_case_and_characters_that_sort_last():
    sim = make_sim("giccidZZ")
    assert find_sims("GICCIDzz").sim_ids == find_sims("giccidz").sim_ids == [sim.pk]


@pytest.mark.parametrize(
    "text", ["", "   ", "\x00", "%", "_", "8986%4471", "8986_" * 9, "🙂", "9" * 100_000, "898\x006471"]
)
def test_rubbish_has_an_answer(sim, text):
    assert sim.pk not in find_sims(text).sim_ids


@given(text=st.text(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_any_text_has_an_answer(text):
    assert find_sims(text).sim_ids == []


def test_beginnings_and_endings_use_their_indexes_in_generic_plans():
    branches, values = _branches(wanted("8986011805021004471"), 10)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute("EXPLAIN " + " UNION ALL ".join(f"({branch})" for branch in branches), values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    conditions = [line for line in plan.splitlines() if "Index Cond" in line]
    assert len(conditions) == len(branches)
    assert any("reverse(value) >" in line for line in conditions)
    assert "Seq Scan" not in plan


def test_inside_is_looked_for_only_where_nothing_else_hits(sim):
    inside = find_sims("0118050210044")
    assert (inside.sim_ids, inside.best) == ([sim.pk], Match.INSIDE)
    ending = make_sim("99990118050210044")
    assert find_sims("0118050210044").sim_ids == [ending.pk]


def test_inside_needs_six_characters(sim):
    assert find_sims("01180").sim_ids == []
    assert find_sims("011805").best is Match.INSIDE


def test_inside_uses_its_index_once_it_is_built():
    assert ensure_index(is_online=False)
    assert not ensure_index(is_online=False)
    with connection.cursor() as cursor:
        statement, values = inside("118050", 10)
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "identifier_inside" in plan
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert [condition.count(f"%{trigram}%") for trigram in ("118", "180", "805", "050")] == [1] * 4


def test_what_all_numbers_have_is_asked_for_last(django_assert_num_queries):
    for number in range(200):
        make_sim(f"8986011{number:05}")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pg_statistic WHERE starelid = 'sims_simidentifier'::regclass")
        assert inside("999898", 10)[1][0] == "%898%"
        cursor.execute("ANALYZE sims_simidentifier")
    with django_assert_num_queries(1):
        statement, values = inside("999898", 10)
    assert (values[0], values[-3:]) == ("%989%", ["%898%", "999898", 10])
    assert statement.count("LIKE") == 4


def test_inside_means_the_part_and_not_its_trigrams():
    make_sim("99105011809")  # 105, 050, 501, 011, 118, 180
    sim = make_sim("99011805019")
    assert find_sims("011805").sim_ids == [sim.pk]


@pytest.mark.parametrize("part", ["000000", "0000001", "0110110", "A1B2C3D4", "123456789012345678901234567890"])
def test_any_part_is_asked_for_as_a_whole(part):
    sim = make_sim(f"9{part}9")
    patterns = inside(part, 10)[1][:-2]
    assert {character for pattern in patterns for character in str(pattern).strip("%")} == set(part)
    assert (find_sims(part).sim_ids, find_sims(part).best) == ([sim.pk], Match.INSIDE)
