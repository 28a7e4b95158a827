import pytest

from enterprise.scope import limit_to
from sims import columns, saved_views
from sims.around import around_list
from sims.scope import accounts_of
from sims.tags import make_tag
from tests.sims.fleet import make_account
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara():
    return User.objects.create_user("mara", role="manager")


@pytest.fixture
def jonas():
    return User.objects.create_user("jonas")


def save(user, name, **more):
    return saved_views.save_view(user=user, name=name, query="status=DEACTIVATED", columns=[], **more)


def test_nobody_has_anything_at_first(jonas):
    preference, views, accounts, tags = around_list(jonas)
    assert (preference.columns, preference.rows, views, accounts, tags) == ([], None, [], {}, ())


def test_all_of_it_comes_at_once(mara, jonas, django_assert_num_queries):
    """The views' defaults, their order and the columns are as told one by one."""
    account, *_ = make_account("Werk"), make_account("Lager")
    save(mara, "Everybody’s", is_shared=True, is_default=True)
    mine = save(jonas, "Mine", is_default=True)
    save(mara, "Private")
    columns.keep(jonas, ["imei"], 100)
    late, early = (make_tag(user=mara, name=name, colour="blue") for name in ("van", "Bus"))

    with django_assert_num_queries(1):
        preference, views, accounts, tags = around_list(jonas)

    assert views == saved_views.visible_to(jonas)
    assert [view.is_default for view in views] == [True, False]
    assert (views[0].query, views[0].owner_id, views[0].is_shared) == (mine.query, jonas.pk, False)
    assert (preference.columns, preference.rows) == (["giccid", "imei"], 100)
    assert list(accounts.values()) == ["Lager", "Werk"]
    assert accounts[account.pk] == "Werk"
    assert tags == ((early.pk, "Bus", "blue"), (late.pk, "van", "blue"))


def test_accounts_are_those_one_may_see(mara, jonas, django_assert_num_queries):
    mine, _other = make_account("Werk"), make_account("Lager")
    limit_to(jonas, [mine], by=mara)
    assert around_list(jonas).accounts == {mine.pk: "Werk"}
    with django_assert_num_queries(0):
        assert accounts_of(jonas) == {mine.pk}
