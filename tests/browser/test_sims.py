import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live import PASSWORD, USERNAME, LiveStack

SEED = "8986011805021000004"
SIZES = {"phone": (360, 800), "desk": (1440, 900), "wall": (2560, 1440)}


@pytest.fixture
def plain(browser: Browser, live_stack: LiveStack, portal: Page) -> Iterator[Page]:
    """The same person without JavaScript."""
    context = browser.new_context(
        base_url=live_stack.url, java_script_enabled=False, storage_state=portal.context.storage_state()
    )
    yield context.new_page()
    context.close()


def rows(page: Page):
    return page.locator("tr[data-giccid]")


def facet(page: Page, name: str):
    return page.get_by_role("checkbox", name=re.compile(rf"^{name}\b"))


def test_a_manager_narrows_the_fleet_and_pages_through_it(portal: Page) -> None:
    page = portal
    page.goto("/")
    page.get_by_role("navigation", name="Areas").get_by_role("link", name="SIMs").click()
    expect(rows(page)).to_have_count(50)
    whole = int(page.locator("[data-total]").get_attribute("data-total"))

    page.get_by_role("link", name="Next page").last.click()
    expect(page).to_have_url(re.compile("after="))
    expect(rows(page)).to_have_count(whole - 50)
    page.get_by_role("link", name="Page before").last.click()
    expect(rows(page)).to_have_count(50)

    facet(page, "Active").check()
    expect(page).to_have_url(re.compile("status=ACTIVATED"))
    expect(page.locator("tr[data-giccid]:not([data-status=ACTIVATED])")).to_have_count(0)
    expect(page.get_by_text("Status Active")).to_be_visible()
    active = int(page.locator("[data-total]").get_attribute("data-total"))
    assert 0 < active < whole

    page.get_by_role("link", name="Drop Status Active").click()
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(whole))
    expect(facet(page, "Active")).not_to_be_checked()
    page.go_back()
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(active))
    expect(facet(page, "Active")).to_be_checked()


def test_columns_are_dragged_moved_by_key_and_put_back(portal: Page, check_accessible: Callable[[], None]) -> None:
    page = portal
    heads = page.locator("thead th:not(.c-tick)")
    chooser = page.get_by_role("form", name="Columns")
    usual = ["ICCID", "Status", "Account", "Package", "Data, this cycle", "Plan ends", "Tags", "Read"]
    page.goto("/sims/?status=ACTIVATED")
    expect(heads).to_have_text(usual)

    page.locator("summary", has_text="Columns").click()
    check_accessible()
    chooser.get_by_role("button", name="Move Plan ends; up and down keys").drag_to(
        chooser.locator("[data-column=status]"), target_position={"x": 20, "y": 3}
    )
    handle = chooser.get_by_role("button", name="Move Read; up and down keys")
    handle.press("ArrowUp")
    handle.press("ArrowUp")
    expect(handle).to_be_focused()
    handle.press("ArrowDown")
    chooser.get_by_role("checkbox", name="Account").uncheck()
    chooser.get_by_role("checkbox", name="PO").check()
    chooser.get_by_role("button", name="Show these").click()

    own = ["ICCID", "Plan ends", "Status", "Package", "Data, this cycle", "Read", "Tags", "PO"]
    expect(heads).to_have_text(own)
    expect(page).to_have_url(re.compile("status=ACTIVATED"))
    page.goto("/sims/")
    expect(heads).to_have_text(own)

    page.locator("summary", has_text="Columns").click()
    chooser.get_by_role("button", name="Back to the usual").click()
    expect(heads).to_have_text(usual)


def test_filters_on_a_phone_stay_open_and_lead_to_the_list(portal: Page, check_accessible: Callable[[], None]) -> None:
    page = portal
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/sims/")
    page.get_by_role("button", name="Filters").click()
    facet(page, "Active").check()
    expect(page).to_have_url(re.compile("status=ACTIVATED"))
    count = page.locator("[data-total]").get_attribute("data-total")
    way_down = page.get_by_role("link", name=f"Show {count} SIMs")
    expect(way_down).to_be_in_viewport()
    check_accessible()
    way_down.click()
    expect(rows(page).first).to_be_in_viewport()


def test_support_finds_a_sim_by_its_last_digits_and_reads_it_again(portal: Page) -> None:
    page = portal
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("8986 0118 0502 1000 004")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/sims/{SEED}/$"))

    page.get_by_role("button", name="Read again now").click()
    expect(page.get_by_role("alert").filter(has_text="Read just now.")).to_be_visible()
    expect(page).to_have_url(re.compile(f"/sims/{SEED}/$"))
    expect(page.locator("#sim")).to_contain_text(re.compile(r"Read .*\b\d+ s ago"))


def test_nothing_found_says_what_to_do(portal: Page, check_accessible: Callable[[], None]) -> None:
    page = portal
    page.goto("/")
    page.get_by_role("combobox", name="Find a SIM").fill("no such number")
    page.get_by_role("combobox", name="Find a SIM").press("Enter")
    expect(page.get_by_role("heading", name="No SIM has “no such number” as a number")).to_be_visible()
    check_accessible()
    page.get_by_role("link", name="Show all SIMs").click()
    expect(rows(page)).to_have_count(50)


def test_a_run_is_followed_live_to_its_end(portal: Page) -> None:
    page = portal
    page.goto("/sync/")
    last = int(page.locator("section[data-run]").get_attribute("data-run"))
    page.get_by_role("button", name="Read now").click()
    expect(page.locator("section[data-run]")).to_have_attribute("data-run", re.compile(rf"^(?!{last}$)\d+$"))
    expect(page.locator("section[data-run]")).to_have_attribute("data-state", "finished", timeout=60_000)
    expect(page.locator("#sync[hx-trigger]")).to_have_count(0)
    page.get_by_role("row").nth(1).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Run")


def test_all_of_it_without_javascript(plain: Page) -> None:
    page = plain
    page.goto("/sims/")
    facet(page, "Active").check()
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("status=ACTIVATED"))
    expect(page.locator("tr[data-giccid]:not([data-status=ACTIVATED])")).to_have_count(0)

    page.goto("/sims/")
    page.get_by_role("link", name="Next page").last.click()
    expect(page).to_have_url(re.compile("after="))

    page.get_by_role("searchbox").fill(SEED)
    page.get_by_role("searchbox").press("Enter")
    expect(page).to_have_url(re.compile(f"/sims/{SEED}/$"))
    page.get_by_role("button", name="Read again now").click()
    expect(page.get_by_role("alert").filter(has_text="Read just now.")).to_be_visible()

    page.goto("/sync/")
    page.get_by_role("button", name="Read now").click()
    expect(page).to_have_url(re.compile("/sync/$"))


@pytest.mark.parametrize("size", SIZES)
def test_each_page_is_for_everyone_at_every_size(
    portal: Page, check_both_themes: Callable[[], None], size: str
) -> None:
    page = portal
    page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
    for path in ("/", "/sims/", "/sims/?status=RETIRED&account=-", f"/sims/{SEED}/", "/sims/999/", "/sync/"):
        page.goto(path)
        check_both_themes()
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, path
        if path == "/sims/999/":
            page.complaints.clear()  # the console names the 404


def test_login_is_asked_with_the_place_to_come_back_to(page: Page) -> None:
    page.goto(f"/sims/?q={SEED}&go=1")
    page.locator("input[name=username]").fill(USERNAME)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit]").first.click()
    expect(page).to_have_url(re.compile(f"/sims/{SEED}/$"))
