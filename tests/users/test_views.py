import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from users.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def user():
    return User.objects.create_user("jonas", password=PASSWORD, first_name="Jonas", last_name="Berg")


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


def sign_in(client, password=PASSWORD, username="jonas", **more):
    return client.post("/login/", {"username": username, "password": password, **more})


def test_a_right_password_opens_the_portal(client, user):
    response = sign_in(client)
    assert response.status_code == 302
    assert response["Location"] == "/"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_the_page_has_the_promised_fields(client):
    page = client.get("/login/").content.decode()
    assert 'name="username"' in page
    assert 'name="password"' in page
    assert "SmartHub Portal" in page


def test_a_wrong_password_is_said_in_the_form(client, user):
    response = sign_in(client, "wrong")
    assert response.status_code == 200
    assert "do not belong together" in response.content.decode()
    assert "invalid-feedback" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_after_login_the_page_asked_for_opens(client, user):
    assert sign_in(client, next="/sims/?status=RETIRED")["Location"] == "/sims/?status=RETIRED"


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_another_host_is_never_opened_after_login(client, user, address):
    assert sign_in(client, next=address)["Location"] == "/"


def test_who_is_signed_in_does_not_sign_in_again(signed_in):
    assert signed_in.get("/login/")["Location"] == "/"


def test_the_eleventh_failure_is_told_to_wait_even_with_the_right_password(client, user):
    for _ in range(10):
        assert sign_in(client, "wrong").status_code == 200
    response = sign_in(client)
    assert response.status_code == 429
    assert "15 minutes" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_wait_is_for_one_name_whatever_its_case_and_one_address(client, user):
    User.objects.create_user("mara", password=PASSWORD)
    for _ in range(10):
        sign_in(client, "wrong", username="JONAS")
    assert sign_in(client).status_code == 429
    assert sign_in(Client(), username="mara").status_code == 302
    assert sign_in(Client(REMOTE_ADDR="192.0.2.7")).status_code == 302


def test_a_login_clears_the_failures_before_it(client, user):
    for _ in range(9):
        sign_in(client, "wrong")
    sign_in(client)
    for _ in range(9):
        assert sign_in(Client(), "wrong").status_code == 200
    assert sign_in(Client()).status_code == 302


def test_without_a_cache_one_can_still_sign_in(client, user, monkeypatch):
    from redis.exceptions import ConnectionError as NoRedis

    def gone(*args, **kwargs):
        raise NoRedis("gone")

    for method in ("get", "add", "incr", "delete"):
        monkeypatch.setattr(cache, method, gone, raising=False)
    assert sign_in(client, "wrong").status_code == 200
    assert sign_in(client).status_code == 302


def test_logout_is_a_post(signed_in):
    assert signed_in.get("/logout/").status_code == 405
    assert "_auth_user_id" in signed_in.session
    response = signed_in.post("/logout/")
    assert response["Location"] == "/login/"
    assert "_auth_user_id" not in signed_in.session


def test_the_account_is_behind_login(client):
    assert client.get("/account/")["Location"] == "/login/?next=/account/"


def test_the_account_says_who_one_is(signed_in):
    page = signed_in.get("/account/").content.decode()
    assert "Jonas Berg" in page
    assert "Support, signed in as jonas" in page


def test_a_password_is_changed_without_signing_out(signed_in, user):
    new = "another long passphrase"
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    response = signed_in.post("/account/", fields, follow=True)
    assert "Your password is changed" in response.content.decode()
    assert 'role="alert"' in response.content.decode()
    user.refresh_from_db()
    assert user.check_password(new)


def test_a_refused_password_keeps_the_old_one_and_says_why(signed_in, user):
    fields = {"old_password": "wrong", "new_password1": "short", "new_password2": "other"}
    response = signed_in.post("/account/", fields)
    assert response.status_code == 422
    assert response.content.decode().count("invalid-feedback") >= 2
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_the_account_takes_no_other_method(signed_in):
    assert signed_in.put("/account/").status_code == 405


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_theme_is_worn_from_the_first_byte(signed_in, theme):
    response = signed_in.post(reverse("users:theme"), {"theme": theme})
    assert response["Location"] == "/account/"
    page = signed_in.get("/account/").content.decode()
    assert f'<html lang="en" data-bs-theme="{theme}">' in page
    assert f'value="{theme}" data-theme-choice aria-pressed="true"' in page


def test_the_system_theme_leaves_the_page_open(signed_in):
    signed_in.post(reverse("users:theme"), {"theme": "system"})
    assert '<html lang="en">' in signed_in.get("/account/").content.decode()


@pytest.mark.parametrize("is_https", [True, False])
def test_a_theme_goes_where_the_session_goes(signed_in, is_https):
    response = signed_in.post(reverse("users:theme"), {"theme": "dark"}, secure=is_https)
    assert bool(response.cookies["theme"]["secure"]) is is_https


def test_a_theme_nobody_drew_is_refused(signed_in):
    response = signed_in.post(reverse("users:theme"), {"theme": '"><script>'})
    assert response.status_code == 400
    assert "theme" not in response.cookies


def test_a_forged_theme_cookie_is_not_printed(signed_in):
    signed_in.cookies["theme"] = "x onload=1"
    assert "onload" not in signed_in.get("/account/").content.decode()


def test_a_theme_is_changed_by_post_and_behind_login(client, signed_in):
    assert signed_in.get(reverse("users:theme")).status_code == 405
    assert Client().post(reverse("users:theme"), {"theme": "dark"})["Location"].startswith("/login/")


def test_a_form_without_its_token_is_answered_in_the_look(user):
    response = sign_in(Client(enforce_csrf_checks=True))
    assert response.status_code == 403
    assert "too old to be trusted" in response.content.decode()
