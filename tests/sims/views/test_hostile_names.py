"""Whatever the carrier calls things, a page shows it as it is and obeys none of it."""

import pytest

from sims.models import SetAside
from tests.page import giccids, text
from tests.sims.fleet import NOW, make_account, make_package, make_run, make_sim

EVIL = """O'Neill "Nord"><script>alert(1)</script>/Süd\\{{ 7|add:7 }} 深圳"""
SEED = "8986011805021000004"


@pytest.fixture
def fleet(db):
    account = make_account(EVIL)
    make_package(account, EVIL)
    make_sim(
        SEED,
        account=account,
        package=EVIL,
        status=EVIL,
        package_ends_at=NOW,
        devices=[{"imei": EVIL, "imsi": EVIL, "msisdn": EVIL}],
        apns=[{"name": EVIL, "status": EVIL}],
        apn_usages=[{"apn": EVIL, "data_usage_mb": 1.5}],
    )
    make_sim("8986011805021000005")
    run = make_run(kept_aside=1, note=EVIL, errors=[EVIL])
    SetAside.objects.create(run=run, account=account, giccid=SEED, field=EVIL, reason=EVIL, raw=EVIL)


@pytest.mark.parametrize("path", ["/sims/", f"/sims/{SEED}/", "/sync/", "/", "/enterprise/accounts/"])
def test_names_are_shown_and_are_no_markup(client, fleet, path):
    response = client.get(path)
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()
    assert "14 深圳" not in text(response)


@pytest.mark.parametrize("path", ["/sims/", f"/sims/{SEED}/", "/sync/"])
def test_names_are_shown_as_they_are(client, fleet, path):
    assert EVIL in text(client.get(path))


@pytest.mark.parametrize("name", ["account", "package", "status"])
def test_names_are_filters_like_any_other(client, fleet, name):
    assert giccids(client.get("/sims/", {name: EVIL})) == [SEED]
