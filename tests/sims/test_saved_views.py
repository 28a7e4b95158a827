import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from sims import saved_views, view_counts
from sims.counts import fold_counts
from sims.models import DefaultView, SavedView
from sims.tabs import tabs_for
from sims.view_forms import NewViewForm, ViewForm
from tests.sims.fleet import make_account, make_sim, make_sims
from users.models import AuditEntry, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara():
    return User.objects.create_user("mara", role="manager")


@pytest.fixture
def jonas():
    return User.objects.create_user("jonas")


def save(user, name="Suspended", query="status=DEACTIVATED", **more):
    return saved_views.save_view(user=user, name=name, query=query, columns=[], **more)


def tabs(user, address="", **options):
    accounts = {account.pk: account.name for account in [make_account()]}
    views = saved_views.visible_to(user)
    return tabs_for(user, views, QueryDict(address), path="/sims/", accounts=accounts, **options)


def shown(found):
    return [(tab.name, tab.count, tab.is_current) for tab in found.tabs]


def test_one_sees_ones_own_views_and_the_shared_ones(mara, jonas):
    mine, shared = save(jonas, "Mine"), save(mara, "Everybody’s", is_shared=True)
    save(mara, "Private")
    assert saved_views.visible_to(jonas) == [mine, shared]


def test_a_name_is_taken_once_for_each_person(mara, jonas):
    save(jonas, "Silent")
    save(mara, "silent")
    with pytest.raises(saved_views.NameTaken):
        save(jonas, "SILENT")


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("status=RETIRED&after=x&rows=200&go=1&view=3", "status=RETIRED"),
        ("status=A&status=B&q=&sort=-usage", "status=A&status=B&sort=-usage"),
        ("", ""),
    ],
)
def test_what_a_view_keeps_of_an_address(address, kept):
    assert saved_views.kept_part(QueryDict(address)) == kept


def test_only_a_filter_of_a_sane_length_is_kept(jonas):
    form = NewViewForm({"name": "Long", "query": "status=" + "x" * 9000}, user=jonas)
    assert "query" in form.errors


@pytest.mark.parametrize(("role", "may"), [("support", False), ("manager", True), ("admin", True)])
def test_sharing_takes_a_manager_or_an_admin(role, may):
    user = User.objects.create_user("anna", role=role)
    form = NewViewForm({"name": "Ours", "is_shared": "on", "query": ""}, user=user)
    assert form.is_valid() is may
    assert ("is_shared" in form.errors) is not may


def test_who_may_not_share_keeps_what_is_shared_as_it_is(jonas):
    form = ViewForm({"name": "Other"}, user=jonas, was_shared=True)
    assert form.is_valid()
    assert form.cleaned_data["is_shared"] is True


def test_a_name_of_300_characters_is_refused_in_words(jonas):
    form = NewViewForm({"name": "x" * 300, "query": ""}, user=jonas)
    assert form.errors["name"] == ["A view has at most 60 characters; this has 300."]


def test_who_may_change_a_view(mara, jonas):
    private, shared = save(mara, "Private"), save(mara, "Shared", is_shared=True)
    admin = User.objects.create_user("root", role="admin")
    assert saved_views.may_change(mara, private)
    assert not saved_views.may_change(admin, private)
    assert saved_views.may_change(admin, shared)
    assert not saved_views.may_change(jonas, shared)


def test_a_default_opens_only_the_bare_list_and_only_for_its_person(mara, jonas, rf):
    view = save(jonas, is_default=True)
    views = saved_views.visible_to(jonas)
    assert saved_views.opening_address(views, rf.get("/sims/")) == f"/sims/?status=DEACTIVATED&view={view.pk}"
    assert saved_views.opening_address(views, rf.get("/sims/?view=all")) == ""
    assert saved_views.opening_address(views, rf.get("/sims/", headers={"HX-Request": "true"})) == ""
    assert saved_views.opening_address(saved_views.visible_to(mara), rf.get("/sims/")) == ""
    assert tabs(jonas).all_url == "/sims/?view=all"
    assert tabs(mara).all_url == "/sims/"


def test_another_default_takes_the_place_of_the_first(jonas):
    save(jonas, "One", is_default=True)
    two = save(jonas, "Two", is_default=True)
    assert DefaultView.objects.get(user=jonas).view == two
    saved_views.open_first(user=jonas, view=None)
    assert not DefaultView.objects.exists()


def test_a_view_that_is_shared_no_more_is_nobody_elses_default(mara, jonas):
    view = save(mara, is_shared=True, is_default=True)
    saved_views.open_first(user=jonas, view=view)
    saved_views.rename_view(user=mara, view=view, name="Mine again", is_shared=False)
    assert DefaultView.objects.get().user == mara
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == ["view.share", "view.unshare"]


def test_what_others_see_is_audited_and_what_is_ones_own_is_not(mara):
    private, shared = save(mara, "Private"), save(mara, "Shared", is_shared=True)
    for view in (private, shared):
        saved_views.update_view(user=mara, view=view, query="status=RETIRED", columns=["iccid"])
        saved_views.delete_view(user=mara, view=view)
    actions = [entry.action for entry in AuditEntry.objects.order_by("id")]
    assert actions == ["view.share", "view.update", "view.delete"]
    assert not SavedView.objects.exists()


def test_tabs_have_exact_counts_and_know_the_one_that_is_open(jonas):
    account = make_account()
    make_sim("1001", status="DEACTIVATED", account=account)
    make_sim("1002", status="DEACTIVATED")
    make_sim("1003")
    view = save(jonas)
    save(jonas, "Of an account", f"account={account.pk}&status=DEACTIVATED")
    assert shown(tabs(jonas)) == [("All", "", True), ("Suspended", "2", False), ("Of an account", "1", False)]
    found = tabs(jonas, f"status=DEACTIVATED&view={view.pk}")
    assert [tab.name for tab in found.tabs if tab.is_current] == ["Suspended"]
    assert (found.view, found.is_changed, found.may_save, found.may_update) == (view, False, False, False)
    fold_counts()
    assert shown(tabs(jonas))[1] == ("Suspended", "2", False)


def test_an_open_view_with_another_filter_can_be_updated_or_saved_anew(jonas, mara):
    view = save(jonas)
    found = tabs(jonas, f"status=RETIRED&view={view.pk}")
    assert (found.view, found.is_changed, found.may_save, found.may_update) == (view, True, True, True)
    shared = save(mara, "Shared", is_shared=True)
    assert not tabs(jonas, f"status=RETIRED&view={shared.pk}").may_update


def test_the_order_of_an_address_does_not_make_it_another():
    assert saved_views.is_same("status=A&account=1", "account=1&status=A")
    assert not saved_views.is_same("status=A", "status=B")


def test_other_counts_are_waited_for_once_and_then_at_hand(jonas):
    make_sims(3)
    save(jonas, "No device", "no_device=1")
    assert tabs(jonas).is_waiting
    assert shown(tabs(jonas, is_thorough=True))[1] == ("No device", "3", False)
    assert not tabs(jonas).is_waiting
    assert shown(tabs(jonas))[1] == ("No device", "3", False)


def test_other_counts_stop_at_the_cap(jonas, monkeypatch):
    monkeypatch.setattr(view_counts, "CAP", 2)
    make_sims(5)
    save(jonas, "No device", "no_device=1")
    assert shown(tabs(jonas, is_thorough=True))[1] == ("No device", "2+", False)


def test_counts_do_without_a_cache(jonas, monkeypatch):
    from redis.exceptions import ConnectionError as NoRedis

    def gone(*args, **kwargs):
        raise NoRedis("gone")

    monkeypatch.setattr(view_counts.cache, "get_many", gone, raising=False)
    monkeypatch.setattr(view_counts.cache, "set", gone, raising=False)
    make_sims(3)
    save(jonas, "No device", "no_device=1")
    assert tabs(jonas).is_waiting
    assert shown(tabs(jonas, is_thorough=True))[1] == ("No device", "3", False)


@pytest.mark.parametrize("count", [1, 3])
def test_the_tabs_are_a_fixed_number_of_queries(jonas, count):
    make_account()
    for number in range(count):
        save(jonas, f"Exact {number}", f"status=DEACTIVATED&package=P{number}")
        save(jonas, f"Other {number}", f"no_device=1&package=P{number}")
    accounts = {}
    with CaptureQueriesContext(connection) as queries:
        views = saved_views.visible_to(jonas)
        tabs_for(jonas, views, QueryDict(""), path="/sims/", accounts=accounts)
    assert len(queries) == 3  # the views, what this person may see, and the counts


def test_a_view_of_what_is_gone_still_has_a_tab(jonas):
    save(jonas, "Of a package", "package=Gone-100M")
    save(jonas, "Of an account", "account=99999")
    save(jonas, "Of a tag", "tag=99999")
    assert [tab.count for tab in tabs(jonas, is_thorough=True).tabs[1:]] == ["0", "0", "0"]
