import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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


# As if an event came that is older than the last one the page shows.
TOLD_AGAIN = """() => {
    const row = document.querySelector(".sp-feed-list > [data-event]:last-child").cloneNode(true);
    row.dataset.event = BigInt(row.dataset.event) - 1n;
    delete row.dataset.others;
    document.dispatchEvent(new CustomEvent("stream:journal", {detail: row.outerHTML}));
}"""


@pytest.fixture
def write(live_stack: LiveStack) -> Callable[..., None]:
    """Events, recorded by another process."""

    def _write(number: int = 1, *, kind: str = "sim.imei", text: str = WRITE) -> None:
        live_stack.run(text.format(giccid=SEED, number=number, kind=kind))

    return _write


def is_live(page: Page) -> None:
    expect(page.locator("#stream-state")).to_have_attribute("data-stream", "live", timeout=20_000)


def rows(page: Page):
    return page.locator(".sp-feed-list > [data-event]")


def at_the_carrier(stack: LiveStack, verb: str) -> None:
    key = {"X-API-Key": stack.state["carrier_key"]}
    url = f"{stack.state['carrier_url']}/global-sims/{SEED}/{verb}"
    requests.post(url, headers=key, timeout=10).raise_for_status()


def push(stack: LiveStack, slug: str, **fields: object) -> str:
    """As the carrier pushes: one request to the address registered for the kind. Its event id."""
    token = (stack.folder / "var" / "webhook_token").read_text()
    body = {"eventId": f"evt-{slug}-{time.time_ns()}", "giccid": SEED, **fields}
    answer = requests.post(f"{stack.url}/webhooks/smarthub/{token}/{slug}/", json=body, timeout=10)
    assert (answer.status_code, answer.text) == (200, '{"status":"ok"}')
    return str(body["eventId"])


@contextmanager
def three_pages(portal: Page) -> Iterator[dict[str, Page]]:
    """The feed, the SIM and home, each open and live, and never loaded again."""
    pages = {path: portal.context.new_page() for path in ("/events/", f"/sims/{SEED}/", "/")}
    for path, page in pages.items():
        page.goto(path)
        is_live(page)
        page.evaluate("window.isTheSamePage = true")
    yield pages
    for page in pages.values():
        assert page.evaluate("window.isTheSamePage")
        page.close()


def test_a_push_appears_on_the_feed_on_its_sim_and_on_home(portal: Page, live_stack: LiveStack) -> None:
    """One that only says something, and one whose change is read before it is believed."""
    with three_pages(portal) as pages:
        push(live_stack, "no-session", noSessionHours=72, lastSessionTime="2025-08-10T09:00:00+0000")
        for path, page in pages.items():
            event = page.locator("[data-event][data-kind='push.no_session']").filter(has_text="No connection for 72 h")
            expect(event.first, path).to_be_visible()
        at_the_carrier(live_stack, "deactivate")
        push(live_stack, "sim-status", oldStatus="ACTIVATED", newStatus="DEACTIVATED")
        for path, page in pages.items():
            event = page.locator("[data-event][data-kind='sim.status']").filter(has_text="Suspended")
            expect(event.first, path).to_be_visible()
        expect(pages[f"/sims/{SEED}/"].locator("[data-field=status]").first).to_contain_text("Suspended")
    at_the_carrier(live_stack, "activate")


def test_the_inbox_keeps_what_is_opened_and_ticked(portal: Page, live_stack: LiveStack, check_accessible) -> None:
    page = portal
    first = push(live_stack, "no-session", noSessionHours=48)
    page.goto("/events/inbox/?kind=no-session")
    is_live(page)
    row = page.locator("tr[data-push]").first
    expect(row).to_have_attribute("data-state", "handled")
    opener = row.get_by_role("link", name="The push as it came")
    opener.click()
    opened = page.get_by_label("As it came", exact=True)
    expect(opened).to_contain_text(first)
    expect(opener).to_have_attribute("aria-expanded", "true")
    check_accessible()

    push(live_stack, "no-session", noSessionHours=49)
    expect(page.locator("tr[data-push]").first).to_contain_text("No connection for 49 h")
    expect(opened).to_contain_text(first)
    below = page.locator("tr[data-push]").nth(1)
    expect(below.get_by_role("link", name="The push as it came")).to_have_attribute("aria-expanded", "true")
    below.get_by_role("link", name="The push as it came").click()
    expect(opened).to_have_count(0)

    below.get_by_role("checkbox").check()
    expect(page.get_by_text("1 selected")).to_be_visible()
    check_accessible()
    total = page.locator("[data-total]").get_attribute("data-total")
    page.evaluate("addEventListener('htmx:confirm', (event) => event.defaultPrevented && console.log('rung'))")
    with page.expect_event("console", lambda message: message.text == "rung"):
        push(live_stack, "no-session", noSessionHours=50)
    expect(page.locator("[data-total]")).to_have_attribute("data-total", total)
    expect(below.get_by_role("checkbox")).to_be_checked()
    page.get_by_role("button", name="Untick all").click()
    expect(page.locator("tr[data-push]").first).to_contain_text("No connection for 50 h")


def test_what_is_ticked_is_replayed(portal: Page, live_stack: LiveStack) -> None:
    page = portal
    push(live_stack, "no-session", noSessionHours="many")
    page.goto("/events/inbox/?state=failed")
    row = page.locator("tr[data-push][data-kind=no-session]").first
    expect(row).to_have_attribute("data-state", "failed")
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_role("alert").filter(has_text="1 push is handled anew")).to_be_visible()
    expect(page.locator("tr[data-push]").first).to_have_attribute("data-state", "failed")


def test_setting_up_and_a_test_push(portal: Page, check_accessible) -> None:
    page = portal
    page.goto("/events/setup/")
    expect(page.locator("[data-address]")).to_have_count(9)
    check_accessible()
    page.get_by_label("Kind").select_option("no-session")
    page.get_by_role("textbox", name="ICCID").fill(SEED)
    page.get_by_role("button", name="Send a test push").click()
    page.get_by_role("alert").filter(has_text="was taken").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/events/inbox/\?q=test-"))
    row = page.locator("tr[data-push][data-kind=no-session]")
    expect(row).to_have_attribute("data-state", "handled")
    expect(row).to_contain_text("No connection for 72 h")
    page.goto("/events/setup/")
    expect(page.locator("tr[data-kind=no-session] [data-last-seen]")).not_to_contain_text("not yet")
    page.get_by_role("button", name="Make a new token").click()
    expect(page.locator("[data-token]")).to_have_count(2)
    check_accessible()
    page.get_by_role("button", name="Revoke").first.click()
    expect(page.locator("[data-token]")).to_have_count(1)


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


def test_what_is_read_does_not_move(portal: Page, write) -> None:
    write(60)
    page = portal
    page.goto("/events/?kind=sim.imei")
    is_live(page)
    page.evaluate("scrollTo({top: 900, behavior: 'instant'})")
    page.wait_for_function("scrollY > 400")
    seen = page.evaluate("[scrollY, document.querySelectorAll('.sp-feed-list > li').length]")
    write(12)
    button = page.get_by_role("button", name="12 new")
    expect(button).to_be_visible()
    assert page.evaluate("[scrollY, document.querySelectorAll('.sp-feed-list > li').length]") == seen
    button.click()
    expect(rows(page)).to_have_count(seen[1] + 12)
    expect(button).to_be_hidden()
    assert page.evaluate("scrollY") == 0


def test_what_stands_on_the_next_page_is_not_new(portal: Page, write) -> None:
    """A stream that has just begun tells the last minute, of which the page shows a part."""
    write(60)
    page = portal
    page.goto("/events/?kind=sim.imei")
    is_live(page)
    total = page.locator("[data-total]").get_attribute("data-total")
    shown = rows(page).count()
    page.evaluate(TOLD_AGAIN)
    write(1)
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(int(total) + 1))
    expect(rows(page)).to_have_count(shown + 1)


def test_pause_and_go_on(portal: Page, write, check_accessible) -> None:
    page = portal
    page.goto("/events/?severity=warning&kind=sim.imei")
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
    page.goto("/events/?kind=sim.sold")
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
    page.route("**/events/stream/**", lambda route: route.abort())
    os.kill(live_stack.pids["web-1"], signal.SIGKILL)
    expect(page.locator("#stream-state")).to_have_attribute("data-stream", "reconnecting", timeout=20_000)
    write(1, kind="sim.sold")
    page.unroute("**/events/stream/**")
    is_live(page)
    expect(rows(page).first).to_have_attribute("data-kind", "sim.sold")
    write(1, kind="sim.apn")
    expect(rows(page).first).to_have_attribute("data-kind", "sim.apn")
    page.complaints.clear()  # of the stream that broke


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


@pytest.mark.parametrize("size", SIZES)
def test_for_everyone_at_every_size(portal: Page, write, check_both_themes, size: str) -> None:
    write()
    page = portal
    page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
    for path in ("/events/", "/"):
        page.goto(path)
        is_live(page)
        rows(page).first.locator("summary").click()
        expect(rows(page).first.locator(".sp-feed-raw")).to_be_visible()
        check_both_themes()
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
