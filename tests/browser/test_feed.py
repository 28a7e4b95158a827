import os
import re
import signal
from collections.abc import Callable

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.live import LiveStack

SEED = "8986011805021000004"
SIZES = {"phone": (360, 800), "desk": (1440, 900)}
WRITE = """
from django.utils import timezone
from journal.models import Event
from journal.record import Cause, NewEvent, record
from sims.models import Sim
sim = Sim.objects.get(giccid="{giccid}")
for number in range({number}):
    record(
        [NewEvent("{kind}", "sim", sim.giccid, timezone.now(), sim.pk, sim.account_id, dict(old="1", new=str(number)))],
        cause=Cause(Event.Cause.READ),
    )
"""
MANY = WRITE.replace(
    "for number in range({number}):\n    record(\n        [", "number = 2\nrecord(\n        ["
).replace("))],\n        cause", "))] * {number},\n        cause")


@pytest.fixture
def portal(login: Callable[[], Page]) -> Page:
    """Signed in, with the whole fleet read."""
    page = login()
    page.goto("/sync/")
    expect(page.locator("section[data-run]")).to_have_attribute("data-state", "finished", timeout=60_000)
    return page


@pytest.fixture
def write(live_stack: LiveStack) -> Callable[..., None]:
    """Events, recorded by another process."""

    def _write(number: int = 1, *, kind: str = "sim.imei", text: str = WRITE) -> None:
        live_stack.manage("shell", "-v", "0", "-c", text.format(giccid=SEED, number=number, kind=kind))

    return _write


def is_live(page: Page) -> None:
    expect(page.locator("#stream-state")).to_have_attribute("data-stream", "live", timeout=20_000)


def rows(page: Page):
    return page.locator(".sp-feed-list > [data-event]")


def at_the_carrier(stack: LiveStack, verb: str) -> None:
    key = {"X-API-Key": stack.state["carrier_key"]}
    url = f"{stack.state['carrier_url']}/global-sims/{SEED}/{verb}"
    requests.post(url, headers=key, timeout=10).raise_for_status()


def test_a_change_appears_on_the_feed_on_its_sim_and_on_home(portal: Page, live_stack: LiveStack) -> None:
    """Somebody reads a SIM again that was suspended elsewhere; three other pages tell of it by themselves."""
    pages = {path: portal.context.new_page() for path in ("/events/", f"/sims/{SEED}/", "/")}
    for path, page in pages.items():
        page.goto(path)
        is_live(page)
    at_the_carrier(live_stack, "deactivate")
    portal.goto(f"/sims/{SEED}/")
    portal.get_by_role("button", name="Read again now").click()
    expect(portal.get_by_role("alert").filter(has_text="Read just now.")).to_be_visible()
    for path, page in pages.items():
        event = page.locator("[data-event][data-kind='sim.status']").filter(has_text="Suspended").first
        expect(event, path).to_be_visible()
        page.close()
    at_the_carrier(live_stack, "activate")


def test_a_row_opens_to_what_it_stands_on(portal: Page, write, check_accessible) -> None:
    write()
    portal.goto("/events/?kind=sim.imei")
    expect(portal.locator("[data-total]")).not_to_have_text("0")
    row = rows(portal).first
    row.locator("summary").click()
    expect(row.get_by_label("What was recorded")).to_contain_text('"old": "1"')
    check_accessible()
    row.locator("dd a[href^='/events/']").click()
    expect(portal).to_have_url(re.compile(r"/events/\d+/$"))
    expect(portal.get_by_label("What was recorded")).to_contain_text('"old": "1"')
    check_accessible()


def test_what_is_read_does_not_move(portal: Page, write, check_accessible) -> None:
    write(60)
    page = portal
    page.goto("/events/")
    is_live(page)
    page.evaluate("scrollTo({top: 900, behavior: 'instant'})")
    page.wait_for_function("scrollY > 400")
    seen = page.evaluate("[scrollY, document.querySelectorAll('.sp-feed-list > li').length]")
    write(12)
    button = page.get_by_role("button", name="12 new")
    expect(button).to_be_visible()
    assert page.evaluate("[scrollY, document.querySelectorAll('.sp-feed-list > li').length]") == seen
    check_accessible()
    button.click()
    expect(rows(page)).to_have_count(seen[1] + 12)
    expect(button).to_be_hidden()
    assert page.evaluate("scrollY") == 0


def test_pause_and_go_on(portal: Page, write, check_accessible) -> None:
    page = portal
    page.goto("/events/?severity=warning")
    is_live(page)
    before, total = rows(page).count(), int(page.locator("[data-total]").get_attribute("data-total"))
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#stream-state")).to_contain_text("Paused")
    expect(page.get_by_text("Paused at")).to_be_visible()
    write(3)
    write(1, kind="sim.apn")
    expect(page.get_by_role("button", name="3 new since you paused")).to_be_visible()
    assert rows(page).count() == before
    check_accessible()
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(total + 3))
    expect(page.get_by_role("button", name=re.compile("new"))).to_be_hidden()
    is_live(page)


def test_many_at_once_are_a_count(portal: Page, write) -> None:
    page = portal
    page.goto("/events/")
    is_live(page)
    write(70, text=MANY, kind="sim.sold")
    page.get_by_role("button", name="70 new").click()
    expect(page.locator("[data-event][data-kind='sim.sold']")).to_have_count(50)


def test_filters_change_what_comes(portal: Page, write) -> None:
    page = portal
    page.goto("/events/")
    is_live(page)
    page.locator("summary").filter(has_text="Kind").click()
    with page.expect_request(lambda request: "/events/stream/" in request.url and "sim.sold" in request.url):
        page.get_by_role("checkbox", name="Sale").check()
    expect(page).to_have_url(re.compile("kind=sim.sold"))
    is_live(page)
    total = int(page.locator("[data-total]").get_attribute("data-total"))
    write(1, kind="sim.apn")
    write(1, kind="sim.sold")
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(total + 1))
    expect(page.locator("[data-event]:not([data-kind='sim.sold'])")).to_have_count(0)


def test_it_comes_back_when_the_web_process_is_killed(portal: Page, live_stack: LiveStack, write) -> None:
    page = portal
    page.goto("/events/")
    is_live(page)
    os.kill(live_stack.pids["web-1"], signal.SIGKILL)
    write(1, kind="sim.sold")
    expect(page.locator("#stream-state")).to_have_attribute("data-stream", "reconnecting", timeout=20_000)
    is_live(page)
    expect(rows(page).first).to_have_attribute("data-kind", "sim.sold")
    write(1, kind="sim.apn")
    expect(rows(page).first).to_have_attribute("data-kind", "sim.apn")
    page.complaints.clear()


def test_without_a_script(browser: Browser, live_stack: LiveStack, portal: Page, write) -> None:
    write(60)
    context = browser.new_context(
        base_url=live_stack.url, java_script_enabled=False, storage_state=portal.context.storage_state()
    )
    page = context.new_page()
    page.goto("/events/")
    page.locator("summary").filter(has_text="Kind").click()
    page.get_by_role("checkbox", name="IMEI", exact=True).check()
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("kind=sim.imei"))
    page.get_by_role("link", name="Next page").first.click()
    expect(rows(page).first).to_be_visible()
    rows(page).first.locator("summary").click()
    rows(page).first.get_by_role("link", name="Show what it stands on").click()
    expect(page.get_by_label("What was recorded")).to_contain_text('"old": "1"')
    expect(page.locator("#stream-state")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_for_everyone_at_every_size(portal: Page, write, check_accessible, scheme: str, size: str) -> None:
    page = portal
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
    for path in ("/events/", "/"):
        page.goto(path)
        is_live(page)
        rows(page).first.locator("summary").click()
        expect(rows(page).first.get_by_label("What was recorded")).to_be_visible()
        check_accessible()
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
