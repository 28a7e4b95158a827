import re
from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from tests.live import LiveStack

# Suspended at first; no other test of the browser changes it.
SIM = "8986011805021000007"
PLANNED = "8986011805021000009"
SOON = 30_000


@pytest.fixture
def carrier(live_stack: LiveStack) -> Iterator[Callable[..., None]]:
    """Turn the simulated carrier's knobs and order its faults; as it was afterwards."""
    root = live_stack.state["carrier_url"].removesuffix("/v1")

    def order(what: str, **body: object) -> None:
        requests.post(f"{root}/_sim/{what}", json=body, timeout=10).raise_for_status()

    yield order
    order("fault", clear=True)
    order("knobs", action_delay=0, latency=0)


def note(page: Page) -> Locator:
    return page.locator("#operation-notes [data-operation]").first


def ask(page: Page, verb: str, button: str, fields: dict[str, str] | None = None, giccid: str = SIM) -> None:
    """From the SIM's page over the confirmation back to it; from there on the page is never loaded again."""
    page.goto(f"/sims/{giccid}/")
    page.locator(f"[data-verb={verb}] a").click()
    for label, value in (fields or {}).items():
        field = page.get_by_label(re.compile(f"^{label}")).first
        if field.evaluate("field => field.localName") == "select":
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"**/sims/{giccid}/")
    page.evaluate("window.sameLoad = true")


def becomes(page: Page, *states: str) -> None:
    """The page shows these states one after the other, by itself."""
    for state in states:
        expect(note(page)).to_have_attribute("data-state", state, timeout=SOON)
    assert page.evaluate("window.sameLoad") is True


def test_each_of_the_seven_is_seen_through(portal: Page, carrier, check_accessible) -> None:
    page = portal

    # Its reply is lost and the carrier takes its time: unknown, then done, by reading alone.
    carrier("knobs", action_delay=4)
    carrier("fault", operation="sim_activate", kind="reset_after")
    ask(page, "activate", "Activate this SIM", {"Reason": "Invoice 10-2291 is paid"})
    becomes(page, "unknown")
    expect(page.get_by_role("link", name="Say what happened…")).to_be_visible()
    expect(page.get_by_text("Waits until activate is resolved")).to_be_visible()
    check_accessible()
    becomes(page, "done")
    expect(page.locator("[data-field=status]")).to_have_text("Active")
    expect(page.locator("#journal")).to_contain_text("Invoice 10-2291 is paid")
    carrier("knobs", action_delay=0)

    carrier("fault", operation="sim_apn_status", kind="503")
    ask(page, "apn", "Change the APN", {"APN": "iot.private", "What becomes of it": "OPEN"})
    becomes(page, "done")

    ask(page, "add-package", "Add this package", {"Package": "Addon-50M"})
    becomes(page, "done")

    carrier("knobs", latency=0.5)
    ask(page, "change-plan", "Change the plan", {"New package": "Prepaid-Basic-100M", "From when": "now"})
    becomes(page, "done")
    expect(page.locator("[data-field=package]").first).to_have_text("Prepaid-Basic-100M")
    carrier("knobs", latency=0)

    carrier("fault", operation="custom_field_put", kind="502")
    ask(page, "custom-fields", "Save at the carrier", {"Custom 1": "truck 7"})
    becomes(page, "done")

    carrier("knobs", action_delay=3)
    ask(page, "suspend", "Suspend this SIM")
    becomes(page, "accepted", "done")
    expect(page.locator("[data-field=status]")).to_have_text("Suspended")
    expect(page.locator("#standing")).to_contain_text("because admin suspended it")
    carrier("knobs", action_delay=0)

    ask(page, "retire", "Retire this SIM", {"Last four digits of the ICCID": "0007"})
    becomes(page, "done")
    expect(page.locator("[data-field=status]")).to_have_text("Retired")
    expect(page.locator("[data-not=activate]")).to_contain_text("It is retired, and that is final.")
    check_accessible()


def test_a_change_is_taken_back(portal: Page, carrier, check_accessible) -> None:
    page = portal
    ask(page, "suspend", "Suspend this SIM", giccid=PLANNED)
    becomes(page, "done")
    note(page).get_by_role("link", name="Undo…").click()
    expect(page.get_by_role("heading", name=re.compile("^Activate 8986"))).to_be_visible()
    check_accessible()
    page.get_by_role("button", name="Activate this SIM").click()
    page.wait_for_url(f"**/sims/{PLANNED}/")
    page.evaluate("window.sameLoad = true")
    becomes(page, "done")
    expect(page.locator("[data-field=status]")).to_have_text("Active")


def test_the_confirmation_tells_what_follows_as_one_chooses(portal: Page, check_accessible) -> None:
    page = portal
    page.goto(f"/sims/{PLANNED}/change-plan/")
    expect(page.locator("#told")).to_contain_text("With the next cycle: the present plan runs out first")
    page.get_by_label("New package").select_option("Prepaid-Basic-500M")
    expect(page.locator("#told")).to_contain_text("A new period of Prepaid-Basic-500M starts now")
    page.get_by_label("From when").select_option("next-cycle")
    expect(page.locator("#told")).to_contain_text("From the next cycle on the plan is Prepaid-Basic-500M")
    check_accessible()
    page.get_by_role("button", name="Change the plan").click()
    page.wait_for_url(f"**/sims/{PLANNED}/")
    page.evaluate("window.sameLoad = true")
    becomes(page, "scheduled")
    expect(page.locator("[data-waits=change-plan]")).to_be_visible()
    expect(page.locator("[data-verb=suspend]")).to_be_visible()


def test_a_question_is_answered_from_the_keyboard(portal: Page) -> None:
    page = portal
    page.goto(f"/sims/{PLANNED}/custom-fields/")
    page.get_by_label("Custom 3").fill("typed")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Custom 3")).to_have_value("typed")
    page.keyboard.press("Escape")
    page.wait_for_url(f"**/sims/{PLANNED}/")
    expect(page.locator("#operation-notes")).not_to_contain_text("Edit custom 3")
    page.goto(f"/sims/{PLANNED}/custom-fields/")
    page.get_by_label("Custom 3").fill("typed")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**/sims/{PLANNED}/")
    expect(note(page)).to_contain_text("custom 3", timeout=SOON)
    expect(note(page)).to_have_attribute("data-state", "done", timeout=SOON)


def test_a_note_being_written_outlives_what_happens_meanwhile(portal: Page, carrier) -> None:
    page = portal
    carrier("knobs", action_delay=3)
    ask(page, "suspend", "Suspend this SIM", giccid=PLANNED)
    page.get_by_label("Note for its journal").fill("half a sentence")
    becomes(page, "done")
    expect(page.get_by_label("Note for its journal")).to_have_value("half a sentence")
    carrier("knobs", action_delay=0)
    ask(page, "activate", "Activate this SIM", giccid=PLANNED)
    becomes(page, "done")


def test_all_operations_live_and_opened(
    portal: Page, browser: Browser, live_stack: LiveStack, check_accessible
) -> None:
    """The list tells of a change that somebody makes elsewhere; a row one has opened stays open."""
    page = portal
    ask(page, "custom-fields", "Save at the carrier", {"Custom 4": "first of the list"}, giccid=PLANNED)
    becomes(page, "done")
    page.goto("/operations/")
    page.evaluate("window.sameLoad = true")
    total = page.locator("[data-total]")
    before = int(total.get_attribute("data-total"))
    page.locator("details.sp-op summary").first.click()
    elsewhere = browser.new_context(base_url=live_stack.url, storage_state=page.context.storage_state()).new_page()
    ask(elsewhere, "apn", "Change the APN", {"APN": "iot.public", "What becomes of it": "CLOSED"}, giccid=PLANNED)
    expect(total).to_have_attribute("data-total", str(before + 1), timeout=SOON)
    expect(page.locator("tr[data-operation]").first).to_have_attribute("data-state", "done", timeout=SOON)
    expect(page.locator("details.sp-op[open]")).to_have_count(1)
    assert page.evaluate("window.sameLoad") is True
    check_accessible()
    page.get_by_label("Done").check()
    expect(page).to_have_url(re.compile(r"state=done"))
    elsewhere.context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
def test_for_everyone_at_every_size(portal: Page, check_accessible, scheme: str, width: int) -> None:
    page = portal
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    verbs = ("suspend", "retire", "change-plan", "add-package", "apn", "custom-fields", "protect")
    for path in ("/operations/", *(f"/sims/{PLANNED}/{verb}/" for verb in verbs)):
        page.goto(path)
        check_accessible()
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, path


def test_without_javascript(portal: Page, browser: Browser, live_stack: LiveStack) -> None:
    context = browser.new_context(
        base_url=live_stack.url, java_script_enabled=False, storage_state=portal.context.storage_state()
    )
    page = context.new_page()
    page.goto(f"/sims/{PLANNED}/custom-fields/")
    page.get_by_label("Custom 2").fill("by hand")
    page.get_by_role("button", name="Save at the carrier").click()
    page.wait_for_url(f"**/sims/{PLANNED}/")
    expect(page.get_by_role("alert").filter(has_text="Asked for: “Edit custom 2”")).to_be_visible()
    context.close()
    # Until then the SIM waits for it, and so would the next test.
    portal.goto(f"/sims/{PLANNED}/")
    expect(note(portal)).to_have_attribute("data-state", "done", timeout=SOON)
