from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.page import errors, htmx, text, total
from users import audit
from users.audit_list import ROWS
from users.models import AuditEntry, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = User.objects.create_user("ada", role=User.Role.ADMIN)
    client.force_login(user)
    return user


def ids(response):
    return [int(found) for found in re.findall(r'data-audit="(\d+)"', response.content.decode())]


def test_it_tells_who_did_what(client, admin):
    audit.record(admin, "sim.suspend", "8986011805021000004", operation=7, reason="unpaid <b>")
    page = client.get("/audit/")
    assert "ada" in text(page) and "sim.suspend 8986011805021000004" in text(page)
    assert "unpaid &lt;b&gt;" in page.content.decode()
    assert total(page) == "1"


def test_pages_show_each_once(client, admin):
    made = [audit.record(admin, "sim.suspend", str(number)).pk for number in range(ROWS + 1)][::-1]
    assert ids(client.get("/audit/")) == made[:ROWS]
    assert ids(client.get(f"/audit/?after={made[ROWS - 1]}")) == made[ROWS:]
    assert ids(client.get(f"/audit/?before={made[ROWS]}")) == made[:ROWS]


def test_each_filter(client, admin):
    mara = User.objects.create_user("mara")
    old = audit.record(mara, "batch.start", "4711").pk
    AuditEntry.objects.filter(pk=old).update(at=timezone.now() - timedelta(days=9))
    new = audit.record(admin, "sim.retire", "8986011805021000004").pk
    today = timezone.now().date()
    for query, found in {
        "user=mara": [old],
        "action=sim.": [new],
        "q=1805": [new],
        f"since={today}": [new],
        f"until={today - timedelta(days=8)}": [old],
        "user=nobody": [],
    }.items():
        assert ids(client.get(f"/audit/?{query}")) == found, query


@pytest.mark.parametrize("query", ["since=x", "until=x", "after=x", f"before={'9' * 30}", f"user={'x' * 200}", "q=%00"])
def test_a_damaged_filter_is_named_and_left_out(client, admin, query):
    audit.record(admin, "sim.suspend", "1")
    page = client.get(f"/audit/?{query}")
    assert page.status_code == 200 and len(errors(page)) == 1 and len(ids(page)) == 1


def test_for_admins_alone(client, admin):
    assert client.post("/audit/").status_code == 405
    assert "<html" not in client.get("/audit/", headers=htmx("audit")).content.decode()
    client.force_login(User.objects.create_user("jonas", role=User.Role.MANAGER))
    assert client.get("/audit/").status_code == 403
    client.logout()
    assert client.get("/audit/")["Location"].startswith("/login/")


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(client, admin, django_assert_num_queries, count):
    for number in range(count):
        audit.record(admin, "sim.suspend", str(number))
    # session, user, total, rows, freshness, counts of the side bar
    with django_assert_num_queries(6):
        assert len(ids(client.get("/audit/"))) == count
