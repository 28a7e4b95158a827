from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.utils import timezone

from sims.models import SimTag, Tag, WorkingSet, WorkingSetItem
from sims.ranges import SHARES
from sims.selection import Selection
from sims.shares import share_counts
from tests.sims.fleet import make_account, make_package, make_sim
from users.models import User

PHONE = [{"imei": "490154203237518", "msisdn": "8614500004471"}]


@pytest.fixture
def user(db):
    return User.objects.create_user("jonas")


@pytest.fixture
def fleet(db):
    dach, lab = make_account("halden-dach"), make_account("lab account")
    make_package(dach)
    make_package(lab, "Big", mb="1000")
    make_package(lab, "Endless", mb=None)
    in_june = datetime(2026, 6, 15, 12, tzinfo=UTC)
    make_sim("1", account=dach, devices=PHONE, data_usage_mb=Decimal(0), activated_at=in_june)
    make_sim("2", account=dach, data_usage_mb=Decimal("9.9"), package_ends_at=in_june, po="4711")
    make_sim("3", account=dach, data_usage_mb=Decimal(80), changed_at=timezone.now() - timedelta(hours=3))
    make_sim("4", account=dach, data_usage_mb=Decimal(100), status="DEACTIVATED")
    make_sim("5", account=lab, data_usage_mb=Decimal("100.1"), package="Big", devices=PHONE)
    make_sim("6", account=lab, data_usage_mb=Decimal(5000), package="Endless", missing_since=timezone.now())
    make_sim("7", data_usage_mb=None, package="", status="INVENTORY", po="4711")
    return dach, lab


def chosen(query, user):
    selection = Selection.from_query(QueryDict(query), user)
    found = sorted(selection.queryset().values_list("giccid", flat=True))
    assert selection.count() == len(found)
    assert [sim_id for chunk in selection.ids_in_chunks(2) for sim_id in chunk] == list(
        selection.queryset().order_by("pk").values_list("pk", flat=True)
    )
    return "".join(found)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "1234567"),
        ("status=DEACTIVATED&status=INVENTORY", "47"),
        ("account=halden-dach&status=ACTIVATED", "123"),
        ("account=-", "7"),
        ("missing=1", "6"),
        ("package=Big&package=-", "57"),
        ("po=4711", "27"),
        ("po=nothing", ""),
        ("usage=0", "1"),
        ("usage=nothing", "1"),
        ("usage=9.9-80", "23"),
        ("usage=>80", "456"),
        ("usage=%3E%3D80", "3456"),
        ("usage=<9.9", "1"),
        ("usage=4-6GB", "6"),
        ("usage=0,>1000", "16"),
        ("usage=under-10", "2"),
        ("usage=10-to-80", "5"),
        ("usage=80-to-100", "34"),
        ("usage=over-100", ""),
        ("usage=>80%", "4"),
        ("usage=%3E%3D80%25", "34"),
        ("usage=<80%", "125"),
        ("usage=under-10&usage=80-to-100", "234"),
        ("usage=10-20%25&usage=>5000,80-to-100", "345"),
        ("usage=10-20%25&usage=nothing", "15"),
        ("usage=>80&account=halden-dach", "4"),
        ("activated=2026-06-15", "1"),
        ("activated=2026-06-01..2026-06-14", ""),
        ("activated=2026-06-15..", "1"),
        ("activated=..2026-06-15", "1"),
        ("activated=none", "234567"),
        ("activated=none&activated=2026-06-15", "1234567"),
        ("activated_from=2026-06-01&activated_to=2026-06-30", "1"),
        ("plan_end=..2026-12-31", "2"),
        ("plan_end=none&account=lab account", "56"),
        ("no_device=1", "23467"),
        ("no_device=0", "15"),
        ("changed=24h", "3"),
        ("changed=2h", ""),
        ("changed=1970-01-01", "1234567"),
        ("q=4901", "15"),
        ("q=4901&usage=>1", "5"),
        ("po=4711&status=INVENTORY", "7"),
        ("usage=&activated=&changed=&status=", "1234567"),
    ],
)
def test_a_filter_chooses_its_sims(fleet, user, query, found):
    assert chosen(query.replace(" ", "%20"), user) == found


@pytest.mark.parametrize("share", SHARES)
def test_a_share_is_counted_as_its_tick_chooses(fleet, user, share):
    make_sim("8", data_usage_mb=Decimal(0), package="")
    selection = Selection.from_query(QueryDict(f"usage={share}"), user)
    assert share_counts(selection.form.criteria())[share] == selection.count()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("status=%00", "Status: A value of this filter is damaged."),
        ("usage=-5", "Usage: “-5” cannot be read; write 10-50 or >100 for MB"),
        ("usage=50-10", "Usage: “50-10” cannot be read; 50 is more than 10."),
        ("usage=" + "9" * 90, "Usage: “9"),
        ("usage=1e5", "Usage: “1e5” cannot be read"),
        ("activated=9999-12-31", "Activated: “9999-12-31” cannot be read; a year lies between 1970 and 2200."),
        ("activated=2026-02-31", "Activated: “2026-02-31” cannot be read; write a day as"),
        ("changed=1", "Changed: “1” cannot be read; write a day as 2026-01-31, or 24h or 7d"),
        (
            "changed=2026-01-01..2026-02-01",
            "Changed: “2026-01-01..2026-02-01” cannot be read; write a day as 2026-01-31,",
        ),
        ("plan_end=2026-02-03..2026-02-01", "Plan ends: “2026-02-03..2026-02-01” cannot be read; 2026-02-03 is later"),
        ("plan_end=..", "Plan ends: “..” cannot be read; a range of days needs one end at least."),
        ("activated_from=soon", "Activated: “soon..” cannot be read"),
        ("changed=yesterday", "Changed: “yesterday” cannot be read"),
        ("no_device=perhaps", "No device: Select a valid choice."),
        ("tag=nope", "Tag: There is no tag “nope”."),
        ("tag=" + "9" * 40, "Tag: There is no tag “9"),
        ("set=nope", "Pasted list: This list is gone, or it is another person’s."),
        ("po=" + "&po=".join(map(str, range(500))), "PO: At most 100 values fit in one filter; there were 500."),
    ],
)
def test_what_cannot_be_read_chooses_nothing_and_says_so(fleet, user, query, message):
    selection = Selection.from_query(QueryDict(query), user)
    assert chosen(query, user) == ""
    assert selection.errors[0].startswith(message)


def test_tags_by_id_and_name(fleet, user):
    sim, tag, other = make_sim("8"), Tag.objects.create(name="Cold chain"), Tag.objects.create(name="spare")
    SimTag.objects.create(tag=tag, sim=sim)
    assert chosen(f"tag={tag.pk}", user) == "8"
    assert chosen("tag=cold chain", user) == "8"
    assert chosen(f"tag={other.pk}", user) == ""
    assert chosen(f"tag={other.pk}&tag={tag.pk}", user) == "8"


def test_a_pasted_list_is_for_who_may_read_it(fleet, user):
    pasted = WorkingSet.objects.create(user=user, text="8", lines=1)
    for place, (sim, verdict) in enumerate([(make_sim("8"), "found"), (make_sim("9"), "repeated")], 1):
        WorkingSetItem.objects.create(set=pasted, place=place, line=place, entry=sim.giccid, verdict=verdict, sim=sim)
    assert chosen(f"set={pasted.pk}", user) == "8"
    assert chosen(f"set={pasted.pk}&status=RETIRED", user) == ""
    assert chosen(f"set={pasted.pk}", User.objects.create_user("other")) == ""


def test_counting_stops_at_the_cap(fleet, user):
    assert Selection.from_query(QueryDict("usage=>1"), user).count(cap=3) == 3
    assert Selection.from_query(QueryDict(""), user).count(cap=3) == 3


def test_its_words(fleet, user):
    words = Selection.from_query(QueryDict("status=DEACTIVATED&account=-&usage=>80%25&q=44&plan_end=7d"), user).words()
    assert words == ("Search 44; Status Suspended; Account no account; Usage over 80 %; Plan ends in the next 7 days")
    assert Selection.from_query(QueryDict(""), user).words() == "all SIMs"
