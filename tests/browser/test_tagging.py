import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live import LiveStack

SIZES = {"phone": (360, 800), "desk": (1440, 900), "wall": (2560, 1440)}


def rows(page: Page):
    return page.locator("tr[data-giccid]")


def ticks(page: Page):
    return page.locator("tr[data-giccid] input[name=sim]")


def bar(page: Page):
    return page.get_by_role("form", name="What is ticked")


def name_tag(page: Page, name: str) -> None:
    bar(page).locator("summary", has_text="Tag").click()
    bar(page).get_by_label(re.compile("new tag|first tag")).fill(name)
    bar(page).get_by_role("button", name="Put on").click()


def test_a_manager_tags_three_rows_filters_by_the_tag_and_saves_the_view(
    portal: Page, check_accessible: Callable[[], None]
) -> None:
    page = portal
    page.goto("/sims/")
    expect(bar(page)).to_be_hidden()
    ticks(page).nth(1).click()
    ticks(page).nth(3).click(modifiers=["Shift"])
    expect(bar(page)).to_contain_text("3 selected")
    check_accessible()
    chosen = [ticks(page).nth(at).input_value() for at in (1, 2, 3)]
    name_tag(page, "cold chain")
    expect(page.get_by_role("alert")).to_contain_text("“cold chain” put on 3 SIMs.")

    page.goto("/sims/tags/")
    check_accessible()
    page.get_by_role("link", name="cold chain", exact=True).click()
    expect(page.locator("[data-total]").first).to_have_attribute("data-total", "3")
    assert [rows(page).nth(at).get_attribute("data-giccid") for at in range(3)] == chosen

    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name").fill("Cold chain lorries")
    check_accessible()
    page.get_by_role("button", name="Save view").click()
    tab = page.get_by_role("navigation", name="Views").get_by_role("link", name=re.compile("Cold chain lorries"))
    expect(tab).to_have_attribute("aria-current", "page")
    expect(tab).to_contain_text("3")

    page.goto("/sims/")
    tab = page.get_by_role("navigation", name="Views").get_by_role("link", name=re.compile("Cold chain lorries"))
    expect(tab).to_contain_text("3")  # counted after the page, or kept from before
    tab.click()
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_role("link", name="Drop Tag cold chain")).to_be_visible()


def test_rows_are_ticked_by_keys_and_unticked_by_one_button(portal: Page) -> None:
    page = portal
    page.goto("/sims/")
    for key in ("j", "x", "j", "j", "x"):
        page.keyboard.press(key)
    expect(bar(page)).to_contain_text("2 selected")
    expect(ticks(page).nth(0)).to_be_checked()
    expect(ticks(page).nth(2)).to_be_checked()
    page.keyboard.press("x")
    expect(bar(page)).to_contain_text("1 selected")
    bar(page).get_by_role("button", name="Untick all").click()
    expect(bar(page)).to_be_hidden()
    expect(ticks(page).nth(0)).not_to_be_checked()


def test_a_page_is_ticked_as_a_whole_and_then_everything(portal: Page) -> None:
    page = portal
    page.goto("/sims/")
    whole = page.locator("[data-total]").first.get_attribute("data-total")
    page.get_by_role("checkbox", name="Tick all on this page").check()
    expect(bar(page)).to_contain_text("50 selected")
    bar(page).get_by_text(f"Select all {whole} matching").click()
    expect(bar(page)).to_contain_text("All matching selected")
    name_tag(page, "whole fleet")
    expect(page.get_by_role("alert")).to_contain_text(f"“whole fleet” put on {whole} SIMs.")


def test_ticks_outlive_a_swap_of_the_same_page(portal: Page) -> None:
    page = portal
    page.goto("/sims/?rows=100")
    ticks(page).nth(0).check()
    first = ticks(page).nth(0).input_value()
    page.evaluate("htmx.ajax('GET', location.href, {target: '#sim-table', swap: 'morph:outerHTML'})")
    expect(page.locator(".htmx-request")).to_have_count(0)
    expect(page.locator(f"tr input[name=sim][value='{first}']")).to_be_checked()
    expect(bar(page)).to_contain_text("1 selected")


def test_support_writes_a_note_and_says_what_it_sits_in(portal: Page, check_accessible: Callable[[], None]) -> None:
    page = portal
    page.goto("/sims/")
    page.locator(".sp-row-link").nth(5).click()
    page.get_by_label(re.compile("^Note")).fill("Antenna replaced")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("[data-kind='sim.note']").first).to_contain_text("Antenna replaced")
    page.get_by_role("link", name="Edit what it sits in").click()
    page.get_by_label("What it sits in").fill("B-HX 4471")
    page.get_by_label("Address").fill("https://fleet.example/4471")
    check_accessible()
    page.get_by_role("button", name="Save").click()
    link = page.get_by_role("link", name="B-HX 4471")
    expect(link).to_have_attribute("href", "https://fleet.example/4471")
    check_accessible()


def test_all_of_it_without_javascript(browser: Browser, live_stack: LiveStack, portal: Page) -> None:
    context = browser.new_context(
        base_url=live_stack.url, java_script_enabled=False, storage_state=portal.context.storage_state()
    )
    page = context.new_page()
    page.goto("/sims/")
    ticks(page).nth(7).check()
    name_tag(page, "by hand")
    expect(page.get_by_role("alert")).to_contain_text("“by hand” put on 1 SIM.")
    page.goto("/sims/?status=RETIRED")
    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name").fill("Retired")
    page.get_by_role("button", name="Save view").click()
    expect(page).to_have_url(re.compile(r"status=RETIRED&view=\d+"))
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_each_page_is_for_everyone_at_every_size(
    portal: Page, check_both_themes: Callable[[], None], size: str
) -> None:
    page = portal
    page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
    for path in ("/sims/tags/", "/sims/views/", "/sims/views/new/?status=RETIRED"):
        page.goto(path)
        check_both_themes()
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, path
