from __future__ import annotations

import pytest

from enterprise.scope import limit_to
from sims.models import SimCustomFields
from sms.models import Message, Template
from tests.page import errors, htmx, text
from tests.sims.fleet import make_account, make_sim
from users.models import AuditEntry

pytestmark = pytest.mark.django_db

FIELDS = {"name": "Reboot", "content": "REBOOT ID={imei}", "encoding": "text", "expect": "OK.*", "expect_within": "120"}


def test_a_template_is_kept_changed_and_offered_no_longer(browser, user):
    browser.post("/sms/templates/new/", FIELDS)
    template = Template.objects.get()
    assert (template.name, template.expect, template.expect_within_s, template.made_by) == ("Reboot", "OK.*", 120, user)
    assert "Reboot" in text(browser.get("/sms/templates/"))
    browser.post(f"/sms/templates/{template.pk}/", {**FIELDS, "name": "Restart"})
    template.refresh_from_db()
    assert template.name == "Restart"
    browser.post(f"/sms/templates/{template.pk}/delete/")
    assert "No template yet" in text(browser.get("/sms/templates/"))
    assert browser.get(f"/sms/templates/{template.pk}/").status_code == 404
    assert {entry.action for entry in AuditEntry.objects.all()} >= {"sms.template.new", "sms.template.delete"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "A template needs a name."),
        ({"name": "n" * 61}, "at most 60 characters"),
        ({"content": ""}, "Nothing is written yet."),
        ({"content": "{color}"}, "There is no variable {color}."),
        ({"content": "x" * 161}, "161 characters are 1 too many"),
        ({"content": "0G", "encoding": "hex"}, "is no hex digit"),
        ({"expect": "(a"}, "The pattern cannot be read"),
        ({"account": "99999"}, "There is no such account."),
        ({"expect_within": "5"}, "Choose how long"),
    ],
)
def test_what_cannot_be_kept_says_why(browser, change, words):
    response = browser.post("/sms/templates/new/", {**FIELDS, **change})
    assert response.status_code == 422
    assert any(words in error for error in errors(response)), errors(response)
    assert not Template.objects.exists()


def test_a_name_is_taken_once_in_an_account(browser):
    account = make_account()
    for fields in (FIELDS, {**FIELDS, "account": account.pk}):
        assert browser.post("/sms/templates/new/", fields).status_code == 302
        assert "There is a template of this name already." in errors(browser.post("/sms/templates/new/", fields))[0]


def test_a_preview_for_a_sim(browser):
    sim = make_sim(devices=[{"imei": "356938035643809"}], account=make_account())
    SimCustomFields.objects.create(sim=sim, custom1="PIN 1")
    fields = {**FIELDS, "content": "{imei} {custom1} {{a}}", "preview": "1"}
    shown = browser.post("/sms/templates/new/", {**fields, "sim": "356938035643809"}, headers=htmx("preview"))
    assert "356938035643809 PIN 1 {a}" in text(shown)
    assert "of 160 characters" in text(shown)
    missing = browser.post("/sms/templates/new/", {**fields, "content": "{custom2}", "sim": sim.giccid})
    assert "The SIM has no custom field 2 in our copy" in errors(missing)[0]
    nobody = browser.post("/sms/templates/new/", {**fields, "sim": "000"})
    assert "No SIM has this number." in errors(nobody)[0]
    assert not Template.objects.exists()


def test_those_of_other_accounts_are_not_offered(browser, user, sim):
    Template.objects.create(name="Theirs", content="x", account=make_account("other"))
    Template.objects.create(name="Ours", content="x", account=sim.account)
    Template.objects.create(name="Everybody’s", content="x")
    page = text(browser.get(f"/sms/{sim.giccid}/"))
    assert "Ours" in page and "Everybody’s" in page and "Theirs" not in page
    limit_to(user, [sim.account], by=user)
    assert "Theirs" not in text(browser.get("/sms/templates/"))


def test_wrong_method_and_anonymous(browser, client):
    template = Template.objects.create(name="x", content="x")
    assert browser.post("/sms/templates/").status_code == 405
    assert browser.get(f"/sms/templates/{template.pk}/delete/").status_code == 405
    for path in ("/sms/templates/", "/sms/templates/new/", f"/sms/templates/{template.pk}/"):
        assert client.get(path)["Location"].startswith("/login/")


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(browser, count, django_assert_num_queries):
    for number in range(count):
        Template.objects.create(name=f"t{number}", content="x", account=make_account(f"a{number}"))
    assert not Message.objects.exists()
    with django_assert_num_queries(6):
        browser.get("/sms/templates/")
