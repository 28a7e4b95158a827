import pytest

from sims import saved_views
from sims.models import DefaultView, ListPreference, SavedView
from tests.page import alerts, errors, giccids, htmx, text
from tests.sims.fleet import make_sim, make_sims
from users.models import User

URL, NEW = "/sims/views/", "/sims/views/new/"


@pytest.fixture
def mara(django_user_model):
    return django_user_model.objects.create_user("mara", first_name="Mara", role=User.Role.MANAGER)


@pytest.fixture
def manager(client, mara):
    client.force_login(mara)
    return client


def save(user, name="Suspended", query="status=DEACTIVATED", **more):
    return saved_views.save_view(user=user, name=name, query=query, columns=[], **more)


def test_a_filter_is_saved_and_opens_by_its_tab(client, user):
    make_sims(2)
    make_sim("1001", status="DEACTIVATED")
    page = client.get("/sims/?status=DEACTIVATED&rows=100").content.decode()
    assert 'href="/sims/views/new/?status=DEACTIVATED"' in page
    assert "Status Suspended" in text(client.get(f"{NEW}?status=DEACTIVATED&after=x"))
    answer = client.post(NEW, {"name": "Off", "query": "status=DEACTIVATED"})
    view = SavedView.objects.get()
    assert answer["Location"] == f"/sims/?status=DEACTIVATED&view={view.pk}"
    opened = client.get(answer["Location"])
    assert giccids(opened) == ["1001"]
    assert 'aria-current="page">Off <small>1</small>' in opened.content.decode()


def test_a_view_of_a_package_that_is_gone_still_opens_and_says_so(client, user):
    make_sims(2)
    view = save(user, "Old plan", "package=Gone-100M")
    opened = client.get(saved_views.address_of(view, "/sims/"))
    assert opened.status_code == 200
    assert errors(opened) == ["No SIM has the package “Gone-100M”."]
    assert "Old plan 0" in text(opened)


def test_narrowed_a_view_can_be_updated(client, user):
    view = save(user)
    page = client.get(f"/sims/?status=RETIRED&view={view.pk}").content.decode()
    assert "Update “Suspended”" in page
    assert "Save view" in page
    answer = client.post(f"{URL}{view.pk}/update/", {"query": f"status=RETIRED&view={view.pk}"}, follow=True)
    assert alerts(answer)[0] == "“Suspended” is this filter now."
    assert "Update “" not in answer.content.decode()
    view.refresh_from_db()
    assert view.query == "status=RETIRED"


def test_a_filter_that_is_too_long_is_refused(client, user):
    view = save(user)
    answer = client.post(f"{URL}{view.pk}/update/", {"query": "status=" + "x" * 9000}, follow=True)
    assert "too long to be kept" in alerts(answer)[0]
    assert client.post(NEW, {"name": "Long", "query": "status=" + "x" * 9000}).status_code == 422


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "A view needs a name."),
        ("x" * 300, "A view has at most 60 characters; this has 300."),
        ("SUSPENDED", "You have a view of this name already; capital and small letters make no difference."),
    ],
)
def test_a_name_that_cannot_be(client, user, name, message):
    save(user)
    answer = client.post(NEW, {"name": name, "query": ""})
    assert (answer.status_code, errors(answer)) == (422, [message])


def test_there_is_an_end_to_views(client, user, monkeypatch):
    from sims.views import saved_views as pages

    monkeypatch.setattr(pages, "MOST_VIEWS", 1)
    save(user)
    assert "delete one first" in errors(client.post(NEW, {"name": "More", "query": ""}))[0]


def test_support_cannot_share(client):
    answer = client.post(NEW, {"name": "Ours", "query": "", "is_shared": "on"})
    assert answer.status_code == 422
    assert errors(answer) == ["Only a fleet manager or an admin shares a view with everybody."]
    assert not SavedView.objects.exists()


def test_a_manager_shares_and_others_see_it(manager, user, anonymous):
    manager.post(NEW, {"name": "Ours", "query": "status=RETIRED", "is_shared": "on"})
    anonymous.force_login(user)
    assert "Ours" in text(anonymous.get("/sims/"))
    assert "shared by Mara" in text(anonymous.get(URL))


def test_support_does_not_touch_a_shared_view_of_another(client, mara):
    view = save(mara, is_shared=True)
    assert client.post(f"{URL}{view.pk}/", {"name": "Mine"}).status_code == 403
    assert client.post(f"{URL}{view.pk}/update/", {"query": ""}).status_code == 403
    assert client.post(f"{URL}{view.pk}/delete/").status_code == 403
    assert client.get(f"{URL}{view.pk}/").status_code == 200
    view.refresh_from_db()
    assert (view.name, view.query) == ("Suspended", "status=DEACTIVATED")


@pytest.mark.parametrize("verb", ["", "update/", "delete/", "default/"])
def test_a_private_view_of_another_is_not_there(manager, user, verb):
    view = save(user)
    assert manager.post(f"{URL}{view.pk}/{verb}", {"name": "x"}).status_code == 404
    assert SavedView.objects.get().name == "Suspended"


def test_a_view_is_renamed_shared_and_deleted(manager, mara):
    view = save(mara)
    save(mara, "Other")
    assert manager.post(f"{URL}{view.pk}/", {"name": "other"}).status_code == 422
    assert manager.post(f"{URL}{view.pk}/", {"name": "Off", "is_shared": "on"})["Location"] == URL
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("Off", True)
    answer = manager.post(f"{URL}{view.pk}/delete/", follow=True)
    assert alerts(answer)[0] == "The view “Off” is gone. No SIM has changed."


def test_the_list_opens_with_ones_default(client, user):
    view = save(user)
    client.post(f"{URL}{view.pk}/default/")
    assert client.get("/sims/")["Location"] == f"/sims/?status=DEACTIVATED&view={view.pk}"
    assert client.get("/sims/?view=all").status_code == 200
    assert client.get("/sims/", headers=htmx("sim-table")).status_code == 200
    assert 'href="/sims/?view=all"' in client.get("/sims/?status=RETIRED").content.decode()
    client.post(f"{URL}{view.pk}/default/")
    assert client.get("/sims/").status_code == 200
    assert not DefaultView.objects.exists()


def test_a_new_view_can_be_the_default_at_once(client, user):
    client.post(NEW, {"name": "Off", "query": "status=DEACTIVATED", "is_default": "on"})
    assert DefaultView.objects.get().view.name == "Off"


def test_counts_that_are_waited_for_come_after_the_page(client, user):
    make_sims(3)
    save(user, "No device", "no_device=1")
    page = client.get("/sims/").content.decode()
    assert 'hx-get="/sims/views/counts/?query=' in page
    tabs = client.get("/sims/views/counts/?query=no_device%3D1", headers=htmx("tabs"))
    assert "No device 3" in text(tabs)
    assert "hx-get" not in tabs.content.decode()
    assert "No device 3" in text(client.get("/sims/"))


def test_tabs_come_with_a_new_table(client, user):
    save(user)
    part = client.get("/sims/?status=DEACTIVATED", headers=htmx("sim-table")).content.decode()
    assert '<nav id="tabs" class="sp-views" aria-label="Views" hx-swap-oob="morph"' in part


@pytest.mark.parametrize("address", ["view=99999", "view=x", "view=%00", "view=" + "9" * 40])
def test_a_view_that_is_none_changes_nothing(client, address):
    make_sims(2)
    answer = client.get(f"/sims/?{address}")
    assert answer.status_code == 200
    assert len(giccids(answer)) == 2


@pytest.mark.parametrize("count", [1, 3])
def test_views_are_a_fixed_number_of_queries(client, user, count, django_assert_num_queries):
    for number in range(count):
        save(user, f"View {number}")
    with django_assert_num_queries(5):
        client.get(URL)


@pytest.mark.parametrize("path", [URL, NEW, f"{URL}counts/", f"{URL}1/", f"{URL}1/update/", f"{URL}1/delete/"])
def test_behind_login(db, anonymous, path):
    answer = anonymous.get(path)
    answer = anonymous.post(path) if answer.status_code == 405 else answer
    assert answer["Location"].startswith("/login/")


def test_methods(client, user):
    view = save(user)
    for path in (f"{view.pk}/update/", f"{view.pk}/delete/", f"{view.pk}/default/"):
        assert client.get(f"{URL}{path}").status_code == 405
    assert client.post(URL).status_code == 405
    assert client.post(f"{URL}counts/").status_code == 405


def test_a_view_keeps_the_columns_that_were_shown(client, user):
    make_sims(1)
    ListPreference.objects.create(user=user, columns=["giccid", "status", "po"])
    client.post(NEW, {"name": "Mine", "query": ""})
    view = SavedView.objects.get()
    assert view.columns == ["giccid", "status", "po"]
    ListPreference.objects.update(columns=["giccid", "account"])
    page = client.get(f"/sims/?view={view.pk}").content.decode()
    assert "PO" in page[page.find("<thead") : page.find("</thead")]

    client.post(NEW, {"name": "From it", "query": "status=RETIRED", "view": view.pk})
    assert SavedView.objects.get(name="From it").columns == ["giccid", "status", "po"]
    client.post(f"{URL}{view.pk}/update/", {"query": "status=RETIRED"})
    assert SavedView.objects.get(pk=view.pk).columns == ["giccid", "status", "po"]
    client.post(f"{URL}{view.pk}/", {"name": "Mine", "takes_columns": "on"})
    assert SavedView.objects.get(pk=view.pk).columns == ["giccid", "account"]
