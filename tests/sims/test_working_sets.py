from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from sims.models import SimIdentifier, WorkingSet, WorkingSetItem
from sims.paste.check import check, drop_outlived
from sims.paste.parse import parse
from sims.paste.report import explained, lines_of, page_of_verdict, repeats_words, report_of
from sims.paste.resolve import CHECKED, OF_ALL, OF_SOME, PARTLY, WHOLE
from sims.paste.take import take
from tests.sims.fleet import make_sim
from users.models import User

pytestmark = pytest.mark.django_db
Verdict = WorkingSetItem.Verdict

ICCID = "8986011805021004471"
DEVICES = [
    {"imei": "490154203237518", "imsi": "460060000004471", "msisdn": "8614500004471"},
    {"imei": "356938035643809", "imsi": "", "msisdn": "447700904999"},
]


@pytest.fixture
def user():
    return User.objects.create_user("jonas")


@pytest.fixture
def sim():
    return make_sim(ICCID, devices=DEVICES)


@pytest.fixture
def kept_of(user):
    return lambda text: check(text=text, parsed=parse(text), user=user)


def verdicts(kept: WorkingSet) -> list[tuple[int, str]]:
    return list(kept.items.order_by("place").values_list("line", "verdict"))


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (ICCID, ""),
        ("8986 0118 0502 1004 471", "blanks removed"),
        ("8986-0118-0502-1004-471", "dashes removed"),
        (f"{ICCID}F", "trailing F dropped"),
        (f"{ICCID}3", "check digit dropped"),
        (ICCID[:-1], "its first 18 digits"),
        ("004471", "its last 6 digits"),
        ("490154203237518", "IMEI"),
        ("35-693803-564380-9", "IMEI, second profile"),
        ("460060000004471", "IMSI"),
        ("+86 145 0000 4471", "phone number"),
        ("0086 145 0000 4471", "phone number"),
        ("447700904999", "phone number, second profile"),
    ],
)
def test_a_sim_is_found_by_any_number_and_told_how(sim, kept_of, text, how):
    item = kept_of(text).items.get()
    assert (item.verdict, item.sim_id, item.how) == (Verdict.FOUND, sim.pk, how)


def test_the_check_digit_of_the_copy_may_be_missing_in_the_paste(kept_of):
    sim = make_sim(f"{ICCID}3")
    item = kept_of(ICCID).items.get()
    assert (item.sim_id, item.how) == (sim.pk, "without its check digit")


def test_an_exact_iccid_goes_before_one_with_a_digit_more(kept_of):
    make_sim(f"{ICCID}3")
    exact = make_sim(ICCID)
    assert kept_of(ICCID).items.get().sim_id == exact.pk


def test_each_entry_has_its_verdict_and_line(sim, kept_of):
    make_sim("8986011805029904471")
    kept = kept_of(f"Hello,\n{ICCID}\n4471\n8.98601E+18\n8986011805029999999\n{ICCID}F\n490154203237518\nBye")
    assert verdicts(kept) == [
        (2, Verdict.FOUND),
        (3, Verdict.AMBIGUOUS),
        (4, Verdict.DAMAGED),
        (5, Verdict.NOT_FOUND),
        (6, Verdict.REPEATED),
        (7, Verdict.REPEATED),
    ]
    assert list(kept.items.filter(verdict=Verdict.REPEATED).values_list("repeats_line", "how")) == [
        (2, ""),
        (2, "IMEI"),
    ]
    assert list(kept.sims()) == [sim]
    assert (kept.lines, kept.words_ignored) == (8, 2)
    assert repeats_words(kept) == "Counted once: line 6 (as line 2), 7 (IMEI of line 2)"


def test_what_is_no_sim_counts_once_too(kept_of):
    kept = kept_of("8986011805029999999\n8986 0118 0502 9999 999\n8.98601E+18\n8.98601E+18")
    assert [verdict for _, verdict in verdicts(kept)] == ["not_found", "repeated", "damaged", "repeated"]


def test_one_identifier_ten_thousand_times_is_one_sim(sim, kept_of):
    kept = kept_of(f"{ICCID}\n" * 10_000)
    report = report_of(kept)
    assert (report.sims, report.repeated, report.entries) == (1, 9_999, 10_000)


def test_opaque_keys_are_found_and_words_are_not_entries(kept_of):
    sim = make_sim("giccid01")
    SimIdentifier.objects.filter(sim=sim).update(value="GICCID01")
    kept = kept_of("giccid01\nplan-b2")
    assert [(item.line, item.sim_id) for item in kept.items.all()] == [(1, sim.pk)]
    assert kept.words_ignored == 1


def words(kept):
    items = list(kept.items.order_by("place"))
    return [(row.words.title, row.words.rest) for row in explained(items)]


@pytest.mark.parametrize(
    ("text", "title", "rest"),
    [
        ("8.98601E+18", "A spreadsheet rounded it.", "Only 6 of 19 digits are left; the rest is gone."),
        (
            "8986011805021010000", "A spreadsheet rounded it.",
            "Only 15 of 19 digits are left; it put zeros for the rest.",
        ),
        ("######", "The column was too narrow.", "Only its # signs were copied; the number is not in the text."),
        ("7777777…", "It was cut off.", "Only the first 7 digits are left, and they do not tell which SIM it is."),
        (ICCID * 2, "38 digits in one.", "No identifier is so long: two of them without a separator?"),
        ("8986011805021OO9999", "Letters O and O at places 14 and 15.", "With a zero it is not in our copy either."),
        ("22118", "No identifier is, begins or ends so.", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(sim, kept_of, text, title, rest):
    assert words(kept_of(text)) == [(title.replace("O and O", "O"), rest)]


def test_an_iccid_ending_in_zeros_is_no_damage_when_it_is_there(kept_of):
    make_sim("8986011805021010000")
    assert kept_of("8986011805021010000").items.get().verdict == Verdict.FOUND


def test_a_number_cut_off_is_found_where_only_one_sim_begins_so(sim, kept_of):
    assert kept_of("89860118050…").items.get().sim_id == sim.pk


def test_a_letter_for_a_digit_waits_for_a_person(sim, kept_of):
    kept = kept_of("898601180502l004471")
    item = kept.items.get()
    assert (item.verdict, item.candidates, item.mended) == (Verdict.DAMAGED, [sim.pk], ICCID)
    assert not kept.sims().exists()

    taken = take(kept=kept, place=item.place, sim_id=sim.pk)
    assert (taken.verdict, taken.sim_id, taken.how) == (Verdict.FOUND, sim.pk, "mended")
    assert list(kept.sims()) == [sim]


def test_an_ambiguous_entry_is_settled_by_picking_one(sim, kept_of):
    other = make_sim("8986011805029904471")
    kept = kept_of("04471")
    (row,) = explained(list(kept.items.all()))
    assert row.words.title == "Last digits of 2 SIMs. Which one?"
    assert {candidate.sim for candidate in row.candidates} == {sim, other}

    assert take(kept=kept, place=1, sim_id=make_sim("1").pk) is None
    assert take(kept=kept, place=1, sim_id=other.pk).sim_id == other.pk
    assert take(kept=kept, place=1, sim_id=other.pk) is None


def test_picking_a_sim_that_is_there_already_makes_a_repeat(sim, kept_of):
    make_sim("8986011805029904471")
    kept = kept_of(f"{ICCID}\n04471")
    taken = take(kept=kept, place=2, sim_id=sim.pk)
    assert (taken.verdict, taken.repeats_line) == (Verdict.REPEATED, 1)
    assert kept.sims().count() == 1


def test_too_many_to_pick_from_leads_to_the_list(kept_of):
    for number in range(7):
        make_sim(f"{number}8986011805021{number}004480")
    (row,) = explained(list(kept_of("004480").items.all()))
    assert row.words.title == "Last digits of 7 SIMs."
    assert (row.words.label, row.words.url, row.candidates) == ("Show the 7", "/sims/?q=004480", [])


def test_a_number_of_several_sims_is_ambiguous(kept_of):
    for number in range(2):
        make_sim(f"898601180502100447{number}", devices=[{"imei": "000000000000000"}])
    (row,) = explained(list(kept_of("000000000000000").items.all()))
    assert row.item.verdict == Verdict.AMBIGUOUS
    assert row.words.title == "A number of 2 SIMs. Which one?"


@pytest.mark.parametrize("count", [1, 30])
def test_a_list_takes_a_fixed_number_of_queries(user, django_assert_num_queries, count):
    for number in range(count):
        make_sim(f"8986011805021{number:06}")
    text = "\n".join(f"8986011805021{number:06}\n77777{number:014}" for number in range(count))
    parsed = parse(text)
    # What they may see, the savepoint and the set; what is looked up goes round Django's log.
    with django_assert_num_queries(4):
        check(text=text, parsed=parsed, user=user)


@pytest.mark.parametrize("whose", [OF_ALL, OF_SOME])
def test_a_paste_asks_indexes_only(kept_of, whose):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for statement in (WHOLE, CHECKED, PARTLY):
            values = {
                "values": ["1234"], "forms": ["1234"], "kinds": [0], "wishes": [0], "limit": 10, "ends": ["1235"],
                "kind": 1, "length": 20, "backwards": ["4321"], "backwards_ends": ["4322"], "candidates": 5,
                "accounts": [1],
            }  # fmt: skip
            cursor.execute(f"EXPLAIN {statement.format(**whose)}", values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan" not in plan
            assert "Index Cond" in plan


def test_lines_are_shown_with_their_gravest_verdict(sim, kept_of):
    kept = kept_of(f"Hello\n{ICCID}, 8.98601E+18\n{ICCID}" + "\nbye" * 60)
    lines, before, after = lines_of(kept, first=1)
    assert [(line.number, line.verdict, line.tone) for line in lines[:3]] == [
        (1, "", ""), (2, "damaged", "bad"), (3, "repeated", "idle"),
    ]  # fmt: skip
    assert (len(lines), before, after) == (40, 0, 41)
    assert lines_of(kept, first=after)[1:] == (1, 0)


def test_entries_of_one_verdict_come_in_pages(kept_of):
    kept = kept_of("\n".join(f"77777{number:013}1" for number in range(130)))
    first, place = page_of_verdict(kept, Verdict.NOT_FOUND, 0)
    rest, end = page_of_verdict(kept, Verdict.NOT_FOUND, place)
    assert (len(first), len(rest), place, end) == (100, 30, 100, 0)


def test_old_lists_are_dropped(kept_of, sim):
    old, new = kept_of(ICCID), kept_of(ICCID)
    WorkingSet.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=91))
    assert drop_outlived() == 1
    assert list(WorkingSet.objects.all()) == [new]
    assert WorkingSetItem.objects.count() == 1


def test_who_may_read_a_list(kept_of, user):
    kept = kept_of(ICCID)
    other, admin = User.objects.create_user("ida"), User.objects.create_user("root", role=User.Role.ADMIN)
    assert [kept.can_be_read_by(each) for each in (user, other, admin)] == [True, False, True]
    assert not WorkingSet.objects.readable_by(other).exists()
    kept.is_shared = True
    kept.save()
    assert WorkingSet.objects.readable_by(other).get() == kept
