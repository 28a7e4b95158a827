"""A person sends a message, sees that it was delivered, and sees the device answer."""

import re

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.live import LiveStack

SIM = "8986011805021000004"
ASIDE = "8986011805021000009"
HEAR = """
from sms.intake import receive_mo
receive_mo(giccid="{giccid}", sms_id="{sms_id}", from_giccid=None, from_msisdn=None, content={content!r},
           encoding="TEXT", received_at=None, push_id=None)
"""


def at_the_carrier(stack: LiveStack, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
    address = stack.state["carrier_url"].removesuffix("/v1") + path
    key = {"X-API-Key": stack.state["carrier_key"]}
    answer = requests.request("GET" if body is None else "POST", address, json=body, headers=key, timeout=10)
    answer.raise_for_status()
    return answer.json()


def hear(stack: LiveStack, content: str, sms_id: str, giccid: str = SIM) -> None:
    """As the push handler does when the carrier pushes a message from a device."""
    stack.run(HEAR.format(giccid=giccid, sms_id=sms_id, content=content))


def sent(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_role("button", name="Send 1 SMS").click()


def test_a_message_is_delivered_and_answered_before_ones_eyes(
    portal: Page, live_stack: LiveStack, check_accessible
) -> None:
    page = portal
    page.goto(f"/sms/{SIM}/")
    field = page.get_by_label("Message", exact=True)
    field.fill("STATUS {1}")
    expect(page.locator("#count")).to_have_text("12 of 160 characters, GSM-7, 1 SMS")
    field.fill("x" * 70 + "😀")
    expect(page.locator("#count")).to_contain_text("72 of 70 characters, UCS-2, 2 SMS. 2 too many for one SMS.")
    page.locator("summary", has_text="Expected answer").click()
    page.get_by_label(re.compile("^Expected answer")).fill(r"T=(?P<T>[\d.]+)")
    field.fill("STATUS")
    check_accessible()

    page.get_by_role("button", name="Send 1 SMS").click()
    bubble = page.locator("[data-message]").filter(has_text="STATUS").last
    expect(bubble).to_have_attribute("data-state", re.compile("queued|sending|accepted|delivered"))
    expect(field).to_have_value("")
    expect(bubble).to_have_attribute("data-state", "delivered", timeout=40_000)
    expect(bubble).to_contain_text(re.compile(r"Delivered after \d+ s"))

    hear(live_stack, "T=21.5 <b>B</b>", "mo-1")
    answer = page.locator("[data-message][data-state=received]").last
    expect(answer).to_contain_text("T=21.5 <b>B</b>", timeout=20_000)
    expect(answer).to_contain_text("answers STATUS after")
    expect(page.locator("#last-answers")).to_contain_text("21.5")
    check_accessible()


def test_a_lost_reply_is_never_sent_again_by_itself(portal: Page, live_stack: LiveStack, check_accessible) -> None:
    page = portal
    at_the_carrier(live_stack, "/_sim/fault", {"operation": "M1", "kind": "502"})
    before = at_the_carrier(live_stack, "/_sim/requests")["counts"].get("M1", 0)
    page.goto(f"/sms/{ASIDE}/")
    sent(page, "REBOOT")
    doubtful = page.locator("[data-message][data-state=unknown]")
    expect(doubtful).to_contain_text("We do not know whether this SMS left.", timeout=20_000)
    check_accessible()
    doubtful.get_by_role("button", name="Look for a report").click()
    expect(page.get_by_role("alert")).to_contain_text("It has no message number")
    assert at_the_carrier(live_stack, "/_sim/requests")["counts"].get("M1", 0) == before + 1

    page.get_by_role("link", name="Send again knowingly…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Send this SMS again?")
    check_accessible()
    page.get_by_role("button", name="Send 1 SMS again").click()
    reboots = page.locator("[data-message]").filter(has_text="REBOOT")
    expect(reboots).to_have_count(2)
    expect(reboots.last).to_have_attribute("data-state", "delivered", timeout=40_000)
    assert at_the_carrier(live_stack, "/_sim/requests")["counts"].get("M1", 0) == before + 2


def test_an_answer_that_comes_late_does_not_hide_what_happened_since(portal: Page, live_stack: LiveStack) -> None:
    """The answer to sending says "queued"; here it comes only when the page knows already that it was delivered."""
    page = portal
    page.goto(f"/sms/{ASIDE}/")
    expect(page.locator("#stream-state")).to_have_attribute("data-stream", "live")
    held: list[Route] = []
    page.route("**/sms/**", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    sent(page, "LATE")
    with page.expect_response(lambda answer: "LATE" in answer.text() and "Delivered" in answer.text()):
        answer = held[0].fetch()
    assert "LATE" in answer.text()
    held[0].fulfill(response=answer)
    bubble = page.locator("[data-message]").filter(has_text="LATE").last
    expect(bubble).to_have_attribute("data-state", "delivered")


def test_all_messages_and_a_template(portal: Page, live_stack: LiveStack, check_accessible) -> None:
    page = portal
    hear(live_stack, "from nowhere", "mo-2", giccid="8986011805029999999")
    page.goto("/sms/")
    expect(page.locator("tr[data-message]").first).to_be_visible()
    head, row = page.locator("thead th").first.bounding_box(), page.locator("tr[data-message]").first.bounding_box()
    assert head["y"] + head["height"] <= row["y"] + 1, "the head stands above the first row"
    check_accessible()
    page.get_by_label("Not in our copy").check()
    expect(page).to_have_url(re.compile("sim=unknown"))
    expect(page.locator("tr[data-message]")).to_have_count(1)

    page.goto("/sms/templates/new/")
    page.get_by_label("Name").fill("Locate")
    page.get_by_label(re.compile("^Text")).first.fill("WHERE {iccid}")
    page.get_by_label(re.compile("See it for a SIM")).fill(SIM)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text(f"WHERE {SIM}")
    check_accessible()
    page.get_by_role("button", name="Keep template").click()
    page.goto(f"/sms/{SIM}/")
    page.get_by_label("Template", exact=True).select_option(label="Template: Locate")
    expect(page.get_by_label("Message", exact=True)).to_have_value(f"WHERE {SIM}")


def test_the_side_bar_counts_what_came_by_itself(portal: Page, live_stack: LiveStack) -> None:
    page = portal
    page.goto("/sync/")
    count = page.locator(".sp-side [data-live=unread]")
    before = int(count.text_content() or 0)
    hear(live_stack, "T=22.5", "mo-counted", giccid=ASIDE)
    expect(count).to_have_text(str(before + 1), timeout=20_000)
    expect(count).to_be_visible()


@pytest.mark.parametrize("width", [360, 800, 1440])
def test_at_every_width(portal: Page, check_accessible, width: int) -> None:
    page = portal
    page.set_viewport_size({"width": width, "height": 800})
    for path in (f"/sms/{SIM}/", "/sms/", "/sms/templates/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, path
    check_accessible()
