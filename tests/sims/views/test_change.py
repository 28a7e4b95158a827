import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from enterprise.models import ServicePackage
from sims.changes import states
from sims.changes.operations import protect
from sims.models import OpenChange, Operation, Sim, SimCustomFields, Verb
from tests.page import alerts, errors, htmx, text
from tests.sims.fleet import NOW, make_account, make_sim
from users.models import AuditEntry

SEED = "8986011805021000004"
FIELDS = {
    Verb.ACTIVATE: {},
    Verb.SUSPEND: {},
    Verb.RETIRE: {"confirm": "0004"},
    Verb.CHANGE_PLAN: {"package": "Prepaid-Basic-500M", "effective": "next-cycle"},
    Verb.ADD_PACKAGE: {"package": "Addon-50M"},
    Verb.APN: {"apn": "iot.private", "apn_status": "OPEN"},
    Verb.CUSTOM_FIELDS: {"custom1": "truck 7", "custom3": ""},
}
LEGAL_FROM = {Verb.ACTIVATE: "DEACTIVATED", Verb.RETIRE: "DEACTIVATED"}


def package(account, name, kind, **fields):
    values = {"data_volume_mb": Decimal(100), "price": Decimal("1.20"), "currency": "USD", "validity_period": 1}
    return ServicePackage.objects.create(
        account=account, name=name, type=kind, validity_unit="MONTH", read_at=NOW, **{**values, **fields}
    )


@pytest.fixture
def sim(db):
    account = make_account()
    package(account, "Prepaid-Basic-100M", "BASIC")
    package(account, "Prepaid-Basic-500M", "BASIC")
    package(account, "Addon-50M", "SUPPLEMENTARY")
    package(account, "Gone-1M", "BASIC", gone_at=NOW)
    sim = make_sim(
        account=account,
        read_at=timezone.now(),
        activated_at=NOW,
        apns=[{"name": "iot.public", "status": "OPEN"}, {"name": "iot.private", "status": "CLOSED"}],
    )
    SimCustomFields.objects.create(sim=sim, custom1="truck 6", custom3="old", read_at=timezone.now())
    return sim


def url(verb, giccid=SEED):
    return f"/sims/{giccid}/{verb}/"


def ready(sim, verb):
    Sim.objects.update(status=LEGAL_FROM.get(verb, "ACTIVATED"))


@pytest.mark.parametrize("verb", Verb)
def test_each_is_confirmed_before_and_asked_for_after(client, sim, user, verb):
    ready(sim, verb)
    page = client.get(url(verb))
    assert page.status_code == 200
    assert "As read from the carrier 0 s ago" in text(page)
    assert Operation.objects.count() == 0
    response = client.post(url(verb), {**FIELDS[verb], "reason": " Invoice 10-2291 is paid "})
    assert (response.status_code, response["Location"]) == (302, f"/sims/{SEED}/")
    operation = Operation.objects.get()
    assert (operation.verb, operation.state, operation.username) == (verb, "queued", "jonas")
    assert operation.reason == "Invoice 10-2291 is paid"
    assert {name: operation.wanted.get(name) for name in FIELDS[verb] if name != "confirm"} == {
        name: value for name, value in FIELDS[verb].items() if name != "confirm"
    }
    assert OpenChange.objects.get().operation == operation
    assert AuditEntry.objects.get().action == f"sim.{verb}"
    told = client.get(response["Location"])
    assert any("Asked for:" in said for said in alerts(told))
    assert f'data-operation="{operation.pk}" data-state="queued"' in told.content.decode()


@pytest.mark.parametrize("verb", Verb)
def test_htmx_is_answered_the_sim_in_place(client, sim, verb):
    ready(sim, verb)
    response = client.post(url(verb), FIELDS[verb], headers=htmx("sim"))
    html = response.content.decode()
    assert response.status_code == 200 and "<html" not in html
    assert f'id="sim" data-giccid="{SEED}"' in html and 'data-state="queued"' in html


BAD = [
    (Verb.RETIRE, {}, "Type the last four digits of the ICCID: retiring is final."),
    (Verb.RETIRE, {"confirm": "1234"}, f"These are not the last four digits of {SEED}. Nothing was changed."),
    (Verb.CHANGE_PLAN, {}, "Choose a package."),
    (Verb.CHANGE_PLAN, {"package": "Nope"}, "halden-dach has no package of this name."),
    (Verb.CHANGE_PLAN, {"package": "Gone-1M"}, "halden-dach has no package of this name any more. It was there on"),
    (Verb.CHANGE_PLAN, {"package": "Addon-50M"}, "This is a supplementary package"),
    (Verb.CHANGE_PLAN, {"package": "Prepaid-Basic-100M"}, "The SIM is on this package already."),
    (Verb.CHANGE_PLAN, {"package": "Prepaid-Basic-500M", "effective": "soon"}, "It is now or next-cycle."),
    (Verb.ADD_PACKAGE, {"package": "Prepaid-Basic-500M"}, "This is a basic package"),
    (Verb.ADD_PACKAGE, {"package": "x\x00y"}, "Null characters are not allowed."),
    (Verb.APN, {"apn": "iot.none", "apn_status": "OPEN"}, "This APN is not on this SIM."),
    (Verb.APN, {"apn": "iot.private", "apn_status": "AJAR"}, "It is OPEN or CLOSED."),
    (Verb.APN, {"apn": "iot.private"}, "Say whether it opens or closes."),
    (Verb.APN, {"apn": "iot.public", "apn_status": "OPEN"}, "iot.public is open already."),
    (Verb.CUSTOM_FIELDS, {"custom2": "x" * 101}, "At most 100 characters fit; these are 101."),
    (Verb.CUSTOM_FIELDS, {}, "None of the five texts is another one than before, so there is nothing to change."),
    (Verb.SUSPEND, {"reason": "x" * 501}, "At most 500 characters fit; these are 501."),
    (Verb.SUSPEND, {"seen": "x"}, "This page is damaged."),
]


@pytest.mark.parametrize(("verb", "fields", "words"), BAD)
def test_bad_input_is_named_and_nothing_is_asked_for(client, sim, verb, fields, words):
    ready(sim, verb)
    response = client.post(url(verb), {"reason": "kept", **fields})
    assert response.status_code == 422
    assert any(said.startswith(words) for said in errors(response)), errors(response)
    assert fields.get("reason") or 'value="kept"' in response.content.decode()
    assert Operation.objects.count() == 0


def test_what_is_not_legal_says_why(client, sim):
    response = client.post(url("activate"))
    assert response.status_code == 409
    assert any("It is active already. Nothing was sent to the carrier." in said for said in alerts(response))
    assert client.get(url("activate")).status_code == 200
    Sim.objects.update(status="FROZEN_2")
    assert "a status this version does not know" in alerts(client.post(url("suspend")))[0]
    assert Operation.objects.count() == 0


def test_a_second_change_is_led_to_the_first(client, sim):
    client.post(url("suspend"))
    first = Operation.objects.get()
    response = client.post(url("apn"), FIELDS[Verb.APN])
    assert response.status_code == 409
    assert any("Another change of this SIM is open (suspend)." in said for said in alerts(response))
    assert f'href="/operations/{first.pk}/"' in response.content.decode()
    assert Operation.objects.count() == 1


def test_a_protected_sim_is_not_suspended_until_somebody_lifts_it(client, sim, user):
    assert client.post(url("protect"), {"reason": "ambulance"})["Location"] == f"/sims/{SEED}/"
    refused = client.post(url("suspend"))
    assert refused.status_code == 409
    assert any("Jonas Berg protects this SIM" in said and "ambulance" in said for said in alerts(refused))
    page = text(client.get(f"/sims/{SEED}/"))
    assert "Jonas Berg protected this SIM: nobody can suspend or retire it" in page
    assert "Lift the protection" in page
    client.post(url("unprotect"))
    assert client.post(url("suspend")).status_code == 302


def test_protection_is_confirmed_on_a_page_too(client, sim, user):
    assert "Nobody can suspend or retire it in the portal" in text(client.get(url("protect")))
    assert client.post(url("protect"), {"reason": "x" * 501}).status_code == 422
    protect(sim, user, "ambulance")
    assert "Lift the protection of" in text(client.get(url("unprotect")))
    assert any("was protected already" in said for said in alerts(client.post(url("protect"), follow=True)))


def test_a_page_sent_twice_asks_once(client, sim):
    """A double click, the back button, a replayed POST."""
    fields = {**FIELDS[Verb.ADD_PACKAGE], "seen": "0"}
    client.post(url("add-package"), fields)
    twice = client.post(url("add-package"), fields, follow=True)
    assert any("That was asked for already: “Add Addon-50M”" in said for said in alerts(twice))
    Operation.objects.update(state="done", finished_at=timezone.now())
    OpenChange.objects.all().delete()
    later = client.post(url("add-package"), fields, follow=True)
    assert any("That was asked for already" in said for said in alerts(later))
    assert Operation.objects.count() == 1


def test_a_page_that_was_overtaken_is_shown_again(client, sim, django_user_model):
    """Two tabs, two people: what somebody did since is named, and nothing is sent on old knowledge."""
    mara = django_user_model.objects.create_user("mara", first_name="Mara")
    done = Operation.objects.create(
        sim=sim, verb=Verb.APN, wanted=FIELDS[Verb.APN], state="done", username="mara", requested_by=mara
    )
    fields = {**FIELDS[Verb.ADD_PACKAGE], "seen": "0"}
    response = client.post(url("add-package"), fields)
    assert response.status_code == 409
    assert any("Mara has asked for “Open iot.private” since this page was made." in said for said in alerts(response))
    assert f'name="seen" value="{done.pk}"' in response.content.decode()
    assert client.post(url("add-package"), {**fields, "seen": done.pk}).status_code == 302


def test_what_came_to_nothing_can_be_asked_for_again(client, sim, user):
    Operation.objects.create(
        sim=sim, verb=Verb.SUSPEND, state="refused", username="jonas", requested_by=user, finished_at=timezone.now()
    )
    assert client.post(url("suspend"), {"seen": "0"}).status_code == 302


def test_only_the_texts_somebody_touched_are_changed(client, sim):
    shown = {f"was-custom{number}": "" for number in range(1, 6)} | {"was-custom1": "truck 6", "was-custom3": "old"}
    sent = {f"custom{number}": "" for number in range(1, 6)} | {"custom1": "truck 6", "custom3": "new"}
    client.post(url("custom-fields"), {**shown, **sent})
    assert Operation.objects.get().wanted == {"custom3": "new"}


def test_an_old_copy_is_read_again_first(client, sim, carrier):
    Sim.objects.update(read_at=timezone.now() - timedelta(minutes=16))
    carrier.post("/_sim/requests", {})
    assert "As read from the carrier 0 s ago" in text(client.get(url("suspend")))
    assert carrier.get("/_sim/requests")["counts"].get("S1") == 1


def test_a_copy_that_cannot_be_read_again_says_so(client, sim, carrier):
    Sim.objects.update(read_at=timezone.now() - timedelta(minutes=31))
    carrier.post("/_sim/fault", {"operation": "sim_detail", "kind": "401", "times": 10})
    page = client.get(url("suspend"))
    assert any("could not be read again just now" in said for said in alerts(page))
    assert "As read from the carrier 31 min ago" in text(page)


def test_the_address_may_choose_and_the_fragment_tells_what_follows(client, sim):
    page = client.get(url("change-plan"), {"package": "Prepaid-Basic-500M", "effective": "next-cycle"})
    assert "From the next cycle on the plan is Prepaid-Basic-500M for 1.20 USD for 1 month" in text(page)
    assert 'value="Prepaid-Basic-500M" selected' in page.content.decode()
    part = client.get(url("change-plan"), {"package": "Prepaid-Basic-500M"}, headers=htmx("told"))
    html = part.content.decode()
    assert "<html" not in html and "A new period of Prepaid-Basic-500M starts now" in html
    assert Operation.objects.count() == 0


def test_a_catalogue_that_was_never_read_refuses_nothing(client, sim):
    ServicePackage.objects.all().delete()
    assert "so the carrier decides" in text(client.get(url("change-plan")))
    assert client.post(url("change-plan"), {"package": "Any"}).status_code == 302


def test_what_can_be_done_and_why_the_rest_cannot(client, sim):
    html = client.get(f"/sims/{SEED}/").content.decode()
    for verb in ("suspend", "change-plan", "add-package", "apn", "custom-fields"):
        assert f'data-verb="{verb}"' in html
    assert 'data-not="activate"' in html and 'data-not="retire"' in html
    client.post(url("suspend"))
    html = client.get(f"/sims/{SEED}/").content.decode()
    assert "Waits until suspend is resolved" in html and 'data-waits="apn"' in html
    assert "data-verb" not in html and "1 open operation" in html


def test_a_change_does_not_wait_for_itself(client, sim):
    client.post(url("suspend"))
    html = client.get(f"/sims/{SEED}/").content.decode()
    assert 'data-waits="suspend"' not in html and 'data-waits="custom-fields"' in html
    assert f"/operations/{Operation.objects.get().pk}/" in html


def test_what_a_change_alters_is_answered_alone(client, sim, django_assert_num_queries):
    client.post(url("suspend"))
    # session, user, the SIM with what holds it, its operations
    with django_assert_num_queries(4):
        response = client.get(f"/sims/{SEED}/", headers=htmx("operation-notes"))
    html = response.content.decode()
    assert re.findall(r'id="([\w-]+)" class="sp-(?:stack|card)', html) == ["operation-notes", "actions"]
    assert 'id="lead"' in html
    assert 'data-state="queued"' in html and "Waits until suspend is resolved" in html
    assert html.count('hx-swap-oob="morph"') == 2 and f'data-live="changes:{SEED}"' in html
    whole = client.get(f"/sims/{SEED}/").content.decode()
    assert f'data-live="changes:{SEED}"' in whole and f'data-live="sim:{SEED}"' in whole and "swap-oob" not in whole


@pytest.mark.parametrize(
    ("state", "topic"), [("sending", "changes"), ("accepted", "changes"), ("done", "sim"), ("unknown", "sim")]
)
def test_who_looks_at_the_sim_looks_at_no_more_than_has_changed(client, sim, monkeypatch, state, topic):
    client.post(url("suspend"))
    rung = []
    monkeypatch.setattr(states, "ring", lambda *topics: rung.append(topics[0]))
    states.pass_on(Operation.objects.get(), from_=["queued"], to=state)
    assert rung == [f"{topic}:{SEED}"]


def test_a_script_that_sends_a_purchase_again_buys_once(client, sim):
    """Without the page's own mark, the same purchase within seconds is taken for the same request."""
    client.post(url("add-package"), FIELDS[Verb.ADD_PACKAGE])
    Operation.objects.update(state="done", finished_at=timezone.now())
    OpenChange.objects.all().delete()
    again = client.post(url("add-package"), FIELDS[Verb.ADD_PACKAGE], follow=True)
    assert any("That was asked for already" in said and "To buy another" in said for said in alerts(again))
    assert Operation.objects.count() == 1
    first = Operation.objects.get()
    wishes = ({"seen": first.pk}, {"reason": "another one"}, {})
    for number, wish in enumerate(wishes, start=2):
        client.post(url("add-package"), {**FIELDS[Verb.ADD_PACKAGE], **wish})
        assert Operation.objects.count() == number
        OpenChange.objects.all().delete()
        Operation.objects.update(state="done", created_at=timezone.now() - timedelta(seconds=11))


def test_a_scheduled_plan_holds_plans_alone(client, sim):
    from sims.models import ScheduledPlan

    operation = Operation.objects.create(sim=sim, verb=Verb.CHANGE_PLAN, state="scheduled", username="jonas")
    ScheduledPlan.objects.create(sim=sim, operation=operation, package="Prepaid-Basic-500M", effective_at=NOW)
    html = client.get(f"/sims/{SEED}/").content.decode()
    assert 'data-waits="change-plan"' in html and 'data-verb="suspend"' in html
    assert client.post(url("change-plan"), FIELDS[Verb.CHANGE_PLAN]).status_code == 409
    assert client.post(url("suspend")).status_code == 302


def test_people_and_addresses(client, anonymous, sim):
    assert anonymous.post(url("suspend"))["Location"].startswith("/login/")
    assert client.delete(url("suspend")).status_code == 405
    assert client.get(url("suspend", "999")).status_code == 404
    assert client.post(url("suspend", "999")).status_code == 404
    assert client.get(url("protect", "999")).status_code == 404
    assert client.post(url("unprotect", "999")).status_code == 404
