from datetime import timedelta

import pytest
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from users.sessions import SessionStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept():
    session = SessionStore()
    session["theme"] = "dark"
    session.save()
    return session.session_key


def test_what_was_kept_is_read_as_django_reads_it(kept, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert dict(SessionStore(kept).items()) == {"theme": "dark"}
    assert db.SessionStore(kept)["theme"] == "dark"


def test_one_that_is_over_or_unknown_is_none_and_gets_another_key(kept):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    for key in (kept, "x" * 32):
        session = SessionStore(key)
        assert session.get("theme") is None
        session["theme"] = "light"
        session.save()
        assert session.session_key not in (None, key)


def test_one_that_was_tampered_with_is_empty(kept):
    Session.objects.update(session_data="x.y.z")
    assert SessionStore(kept).get("theme") is None


def test_a_request_without_a_session_asks_for_none(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/login/")
