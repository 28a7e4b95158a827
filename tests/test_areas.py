import re

import pytest
from django.template.loader import render_to_string

from smarthub_portal.areas import AREAS
from smarthub_portal.navigation import NAVIGATION, bottom_bar, navigation
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client):
    client.force_login(User.objects.create_user("jonas"))
    return client


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.path)
def test_an_area_to_come_says_so_and_leads_to_what_is_there(signed_in, area):
    response = signed_in.get(f"/{area.path}")
    page = response.content.decode()
    assert response.status_code == 200
    assert "not part of this version yet" in page
    assert 'href="/sims/"' in page


PAGES = ["/", "/sims/", "/sims/paste/", "/sync/", "/operations/", "/batches/", "/sms/", "/events/", "/events/inbox/"]


@pytest.mark.parametrize("path", [*PAGES, "/enterprise/accounts/", "/account/", "/sims/89/"])
def test_the_search_box_stands_on_every_page(signed_in, path):
    page = signed_in.get(path).content.decode()
    form = re.search(r'<form class="sp-search" role="search" method="get" action="/sims/".*?</form>', page, re.DOTALL)
    assert form and 'type="search" name="q"' in form[0]
    assert page.count('aria-keyshortcuts="/"') == 1


@pytest.mark.parametrize("path", [*(f"/{area.path}" for area in AREAS), "/connect/"])
def test_areas_are_behind_login_and_only_read(client, signed_in, path):
    assert signed_in.post(path).status_code == 405
    client.logout()
    assert client.get(path)["Location"] == f"/login/?next={path}"


def test_connecting_names_the_settings(signed_in):
    assert "SMARTHUB_API_KEY" in signed_in.get("/connect/").content.decode()


def test_the_groups_are_those_of_the_look():
    assert [group.label for group in NAVIGATION] == ["", "Change", "Messages", "Estate", "System"]


def places(path):
    groups = navigation(path, {"sims": 5000})
    items = [item for group in groups for item in (*group.items, *(sub for each in group.items for sub in each.items))]
    return [item.label for item in items if item.is_current]


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/", ["Home"]),
        ("/sims/", ["SIMs"]),
        ("/sims/8986011805021004471/", ["SIMs"]),
        ("/enterprise/", ["Enterprise"]),
        ("/enterprise/packages/", ["Packages"]),
        ("/account/", []),
    ],
)
def test_one_place_at_most_is_the_current_one(path, current):
    assert places(path) == current


def test_counts_stand_where_they_are_named():
    groups = navigation("/", {"sims": 5000, "operations": 3})
    counts = {item.label: item.count for group in groups for item in group.items if item.count}
    assert counts == {"SIMs": 5000, "Operations": 3}


def test_the_phone_has_four_places_beside_more():
    assert [item.label for item in bottom_bar(navigation("/"))] == ["Home", "SIMs", "SMS", "Events"]


@pytest.mark.parametrize("template", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_an_error_page_needs_no_context_and_leads_on(template):
    page = render_to_string(template)
    assert 'role="alert"' in page
    assert 'href="/sims/"' in page


def test_an_address_that_is_none_is_answered_in_the_look(signed_in):
    response = signed_in.get("/no-such-page/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()
