import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from enterprise.models import Account, AccountAccess
from enterprise.scope import accounts_for, limit_to
from users.models import AuditEntry, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def accounts() -> list[Account]:
    return [Account.objects.create(name=name, read_at=timezone.now()) for name in ("dach", "lab")]


@pytest.fixture
def admin() -> User:
    return User.objects.create_user("ada", role=User.Role.ADMIN)


@pytest.fixture
def user() -> User:
    return User.objects.create_user("mara")


def test_nothing_limits_who_has_no_row(user):
    assert accounts_for(user) is None


def test_nobody_sees_nothing():
    assert accounts_for(AnonymousUser()) == frozenset()


def test_who_has_rows_sees_these_accounts(user, admin, accounts):
    limit_to(user, accounts[:1], by=admin)
    assert accounts_for(user) == {accounts[0].pk}
    assert accounts_for(admin) is None


def test_a_new_limit_takes_the_old_ones_place_and_is_kept_in_the_trail(user, admin, accounts):
    limit_to(user, accounts, by=admin)
    limit_to(user, accounts[1:], by=admin)
    assert accounts_for(user) == {accounts[1].pk}
    limit_to(user, [], by=admin)
    assert accounts_for(user) is None
    assert not AccountAccess.objects.exists()
    trail = AuditEntry.objects.filter(action="user.accounts").order_by("id")
    assert [(entry.username, entry.target, entry.detail["accounts"]) for entry in trail] == [
        ("ada", "mara", ["dach", "lab"]),
        ("ada", "mara", ["lab"]),
        ("ada", "mara", []),
    ]


def test_open_pages_are_rung(user, admin, accounts, django_capture_on_commit_callbacks):
    from toolkit.carrier import server

    with django_capture_on_commit_callbacks(execute=True):
        limit_to(user, accounts, by=admin)
    assert server().xrange("live")[-1][1] == {b"topics": b"access"}
