import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from sims import tag_forms, tagging, tags
from sims.models import Sim, SimTag, Tag, Tagging
from sims.selection import Selection
from sims.tag_forms import TagForm, TaggingForm, next_colour
from sims.tasks import tend_taggings, work_tagging
from tests.sims.fleet import make_sim, make_sims
from users.models import AuditEntry, User

pytestmark = pytest.mark.django_db
Verb = Tagging.Verb


@pytest.fixture
def user():
    return User.objects.create_user("mara", first_name="Mara", last_name="Lindqvist")


@pytest.fixture
def tag(user):
    return tags.make_tag(user=user, name="cold chain", colour="green")


def wearers(tag):
    return sorted(SimTag.objects.filter(tag=tag).values_list("sim", flat=True))


def work_out(work, **options):
    while tagging.work_slice(work.pk, **options):
        pass
    work.refresh_from_db()
    return work


def select(query, user):
    return Selection.from_query(QueryDict(query), user)


def test_a_name_is_one_whatever_its_case(user, tag):
    with pytest.raises(tags.NameTaken):
        tags.make_tag(user=user, name="Cold CHAIN", colour="red")
    assert tags.tag_named("COLD chain") == tag
    assert Tag.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x" * 300, "A tag has at most 60 characters; this has 300."),
        ("", "A tag needs a name."),
        (" \t ", "A tag needs a name."),
        ("a\x00b", "Null characters are not allowed."),
    ],
)
def test_a_name_that_is_none_says_why(name, message):
    form = TagForm({"name": name, "colour": "grey"})
    assert form.errors["name"] == [message]


def test_blanks_of_a_name_do_not_matter():
    form = TagForm({"name": "  cold \n chain ", "colour": "grey"})
    assert form.is_valid()
    assert form.cleaned_data["name"] == "cold chain"


def test_a_colour_is_one_of_the_look():
    assert "colour" in TagForm({"name": "a", "colour": "#ff0000"}).errors


def test_new_tags_take_turns_in_colour(user):
    colours = []
    for number in range(3):
        colours.append(tags.make_tag(user=user, name=f"t{number}", colour=next_colour()).colour)
    assert len(set(colours)) == 3


def test_a_few_sims_are_tagged_and_untagged(user, tag):
    one, two, three = make_sims(3)
    done = tagging.tag_sims(user=user, verb=Verb.ADD, tags=[tag], sims=Sim.objects.filter(pk__in=[one.pk, two.pk]))
    assert (done.sims, done.changed) == (2, 2)
    again = tagging.tag_sims(user=user, verb=Verb.ADD, tags=[tag], sims=Sim.objects.all())
    assert (again.sims, again.changed) == (3, 1)
    off = tagging.tag_sims(user=user, verb=Verb.REMOVE, tags=[tag], sims=Sim.objects.filter(pk=two.pk))
    assert (off.sims, off.changed) == (1, 1)
    assert wearers(tag) == [one.pk, three.pk]


def test_each_tagging_is_audited_with_its_sims(user, tag):
    one = make_sims(2)[0]
    tagging.tag_sims(user=user, verb=Verb.ADD, tags=[tag], sims=Sim.objects.filter(pk=one.pk))
    tagging.tag_sims(user=user, verb=Verb.REMOVE, tags=[tag], sims=Sim.objects.all())
    first, second = AuditEntry.objects.filter(action__startswith="sim.").order_by("id")
    assert (first.action, first.target, first.username) == ("sim.tag", one.giccid, "mara")
    assert first.detail == {"tags": ["cold chain"], "giccids": [one.giccid]}
    assert (second.action, second.target) == ("sim.untag", "2 SIMs")


def test_everything_that_matches_is_tagged_at_once_when_it_is_little(user, tag):
    make_sims(3)
    off = make_sim("1001", status="DEACTIVATED")
    done = tagging.tag_selection(user=user, verb=Verb.ADD, tags=[tag], selection=select("status=DEACTIVATED", user))
    assert (done.sims, done.changed, done.work) == (1, 1, None)
    assert wearers(tag) == [off.pk]
    entry = AuditEntry.objects.get(action="sim.tag")
    assert entry.target == "Status Suspended"
    assert entry.detail == {"tags": ["cold chain"], "query": "status=DEACTIVATED", "sims": 1, "changed": 1}


@pytest.fixture
def small_steps(monkeypatch):
    monkeypatch.setattr(tagging, "AT_ONCE", 3)
    monkeypatch.setattr(tagging, "CHUNK", 2)


def test_more_is_worked_in_chunks(user, tag, small_steps):
    sims = make_sims(7, status="DEACTIVATED")
    make_sim("1001")
    done = tagging.tag_selection(user=user, verb=Verb.ADD, tags=[tag], selection=select("status=DEACTIVATED", user))
    assert done.work is not None
    assert wearers(tag) == []
    work = work_out(done.work)
    assert (work.state, work.changed, work.percent) == ("finished", 7, 100)
    assert wearers(tag) == [sim.pk for sim in sims]
    assert AuditEntry.objects.get(action="sim.tag").detail["work"] == work.pk

    off = tagging.tag_selection(user=user, verb=Verb.REMOVE, tags=[tag], selection=select(f"tag={tag.pk}", user))
    assert work_out(off.work).changed == 7
    assert wearers(tag) == []


def test_work_goes_on_where_a_killed_worker_left_it(user, tag, small_steps):
    sims = make_sims(7)
    work = tagging.tag_selection(user=user, verb=Verb.ADD, tags=[tag], selection=select("", user)).work
    chunks = tagging._Chunks(work)
    chunks.do_next()
    assert len(wearers(tag)) == 2
    assert tagging.unattended() == [work.pk]
    assert work_out(Tagging.objects.get(pk=work.pk)).changed == 7
    assert wearers(tag) == [sim.pk for sim in sims]
    assert tagging.unattended() == []


def test_a_slice_that_is_over_leaves_the_rest(user, tag, small_steps):
    make_sims(7)
    work = tagging.tag_selection(user=user, verb=Verb.ADD, tags=[tag], selection=select("", user)).work
    assert tagging.work_slice(work.pk, slice_s=0) is True
    assert wearers(tag) == []


def test_two_workers_do_not_share_one_tagging(user, tag, small_steps):
    make_sims(7)
    work = tagging.tag_selection(user=user, verb=Verb.ADD, tags=[tag], selection=select("", user)).work
    owner = tagging.lease.claim(Tagging.objects.filter(pk=work.pk))
    assert tagging.work_slice(work.pk) is False
    tagging.lease.release(Tagging.objects.filter(pk=work.pk), owner)
    assert work_out(work).state == "finished"
    assert tagging.work_slice(work.pk) is False


def test_a_filter_that_cannot_be_read_any_more_stops_the_work(user, tag, small_steps):
    other = tags.make_tag(user=user, name="gone soon", colour="red")
    for sim in make_sims(7):
        SimTag.objects.create(tag=other, sim=sim)
    selection = select(f"tag={other.pk}", user)
    work = tagging.tag_selection(user=user, verb=Verb.ADD, tags=[tag], selection=selection).work
    work_out(tags.delete_tag(tag=other, user=user))
    work = work_out(work)
    assert (work.state, work.changed) == ("failed", 0)
    assert "There is no tag" in work.note


def test_a_tag_that_goes_while_it_is_put_on_leaves_nothing(user, tag, small_steps):
    make_sims(7)
    work = tagging.tag_selection(user=user, verb=Verb.ADD, tags=[tag], selection=select("", user)).work
    clearing = tags.delete_tag(tag=tag, user=user)
    assert work_out(work).changed == 0
    work_out(clearing)
    assert SimTag.objects.count() == 0


def test_a_deleted_tag_is_gone_at_once_and_cleared_after(user, tag, small_steps):
    sims = make_sims(5)
    tagging.tag_sims(user=user, verb=Verb.ADD, tags=[tag], sims=Sim.objects.all())
    work = tags.delete_tag(tag=tag, user=user)
    assert tags.tags_on([sims[0].pk]) == {sims[0].pk: []}
    assert SimTag.objects.count() == 5
    work_out(work)
    assert SimTag.objects.count() == 0
    assert AuditEntry.objects.get(action="tag.delete").target == "cold chain"


@pytest.mark.parametrize("count", [1, 3])
def test_the_tags_of_a_screen_are_one_query(user, tag, count):
    sims = make_sims(count)
    other = tags.make_tag(user=user, name="Alpha", colour="red")
    tagging.tag_sims(user=user, verb=Verb.ADD, tags=[tag, other], sims=Sim.objects.all())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        worn = tags.tags_on([sim.pk for sim in sims])
    assert len(queries) == 1
    assert worn == {sim.pk: [other, tag] for sim in sims}


def test_tags_are_counted_up_to_a_cap(user, tag, monkeypatch):
    monkeypatch.setattr(tags, "COUNTED_UP_TO", 2)
    make_sims(5)
    tagging.tag_sims(user=user, verb=Verb.ADD, tags=[tag], sims=Sim.objects.all())
    assert [(found.name, found.worn_by) for found in tags.tags_with_counts()] == [("cold chain", 3)]


def test_a_changed_name_is_audited_and_a_taken_one_refused(user, tag):
    tags.make_tag(user=user, name="spare", colour="grey")
    tags.change_tag(tag=tag, user=user, name="Cold chain", colour="blue")
    entry = AuditEntry.objects.get(action="tag.change")
    assert entry.detail["old"] == {"name": "cold chain", "colour": "green"}
    with pytest.raises(tags.NameTaken):
        tags.change_tag(tag=tag, user=user, name="SPARE", colour="blue")


def test_a_form_without_a_tag_says_so():
    assert TaggingForm({"verb": "add"}).messages == ["No tag was chosen, so nothing was changed."]
    assert TaggingForm({"verb": "remove", "new_tag": "nope"}).messages == ["There is no tag “nope” to take off."]


def test_the_task_may_come_twice(user, tag, small_steps):
    make_sims(7)
    work = tagging.tag_selection(user=user, verb=Verb.ADD, tags=[tag], selection=select("", user)).work
    work_tagging(work.pk)
    work_tagging(work.pk)
    work.refresh_from_db()
    assert (work.state, work.changed) == ("finished", 7)
    tend_taggings()


def test_no_tag_is_made_in_passing_where_there_is_no_room(tag, monkeypatch):
    monkeypatch.setattr(tag_forms, "MOST_TAGS", 1)
    assert "delete one first" in TaggingForm({"verb": "add", "new_tag": "one more"}).messages[0]
    assert TaggingForm({"verb": "add", "new_tag": "COLD chain"}).is_valid()


def test_a_tag_that_somebody_else_makes_in_this_moment_is_taken(user, tag, monkeypatch):
    form = TaggingForm({"verb": "add", "new_tag": "cold chain"})
    assert form.is_valid()
    answers = iter([None, tag])
    monkeypatch.setattr(tag_forms, "tag_named", lambda name: next(answers))
    assert form.tags(user) == [tag]
