"""Home and the estate's pages as a fleet manager meets them, with axe on each."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

PAGES = (
    "/",
    "/enterprise/",
    "/enterprise/accounts/",
    "/enterprise/packages/",
    "/enterprise/share-pools/",
    "/enterprise/statistics/",
    "/enterprise/usage/",
    "/enterprise/usage/silent/",
    "/enterprise/calendar/",
    "/sync/drift/",
)
# Lists whose first row leads to a page of its own.
LISTS = ("/enterprise/accounts/", "/enterprise/packages/", "/enterprise/share-pools/")
# The cards whose table is wider than they are.
SIDEWAYS = """[...document.querySelectorAll('.sp-card:has(> .sp-table)')]
    .filter(card => card.scrollWidth > card.clientWidth).map(card => card.getAttribute('aria-label') ?? card.id)"""
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 800}


@pytest.fixture
def portal(portal: Page) -> Page:
    portal.goto("/")
    return portal


def pages_of_rows(portal: Page) -> Iterator[str]:
    for path in LISTS:
        portal.goto(path)
        yield portal.locator("a.sp-row-link").first.get_attribute("href") or ""


@pytest.mark.timeout(300)
def test_every_page_is_accessible_in_both_themes_and_fits_a_phone(
    portal: Page, check_accessible: Callable[[], None]
) -> None:
    for path in (*PAGES, *pages_of_rows(portal)):
        portal.goto(path)
        expect(portal.get_by_role("heading", level=1)).to_be_visible()
        for theme in ("light", "dark"):
            portal.emulate_media(color_scheme=theme)
            check_accessible()
        portal.set_viewport_size(PHONE)
        width = portal.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], f"{path} is {width} px wide"
        assert portal.evaluate(SIDEWAYS) == [], f"tables of {path} scroll sideways"
        portal.set_viewport_size(DESK)


def test_home_tells_of_another_run_by_itself(portal: Page) -> None:
    run = portal.locator("section[aria-labelledby=run-title] small")
    before = run.inner_text()
    expect(portal.locator("#stream-state")).to_have_attribute("data-stream", "live")
    elsewhere = portal.context.new_page()
    elsewhere.goto("/sync/")
    elsewhere.get_by_role("button", name="Read now").click()
    expect(run).not_to_have_text(before, timeout=30_000)


def test_home_leads_on(portal: Page) -> None:
    tile = portal.locator("a.sp-tile", has_text="Active").first
    before = int(tile.locator(".sp-big").inner_text().replace(",", ""))
    tile.click()
    expect(portal).to_have_url(re.compile(r"/sims/\?status=ACTIVATED"))
    assert int(portal.locator("[data-total]").get_attribute("data-total")) == before


def test_the_map_is_walked_by_keyboard(portal: Page) -> None:
    portal.goto("/enterprise/statistics/")
    country = portal.get_by_role("link", name=re.compile("^Germany: "))
    country.focus()
    portal.keyboard.press("Enter")
    expect(portal).to_have_url(re.compile("#country-DE$"))
    expect(portal.locator("#country-DE")).to_be_in_viewport()


def test_a_pool_is_told_at_other_steps(portal: Page) -> None:
    portal.goto("/enterprise/share-pools/")
    portal.get_by_role("link", name="EU-Pool-50G").click()
    portal.get_by_label("Warn at, %").fill("99")
    portal.get_by_role("button", name="Keep these steps").click()
    expect(portal.get_by_text("Critical comes after the warning, so it is more than 99 %.")).to_be_visible()
    portal.complaints.clear()  # the browser tells a refused form as an error
    portal.get_by_label("Warn at, %").fill("50")
    portal.get_by_role("button", name="Keep these steps").click()
    expect(portal.get_by_text("is told at 50 %")).to_be_visible()


def test_a_sample_is_compared_while_one_looks(portal: Page) -> None:
    portal.goto("/sync/drift/")
    portal.get_by_label("How many SIMs, by chance").fill("20")
    portal.get_by_role("button", name="Compare a sample").click()
    expect(portal.locator("#drift")).to_have_attribute("data-state", "finished", timeout=60_000)
    expect(portal.locator('[data-field="compared"]')).to_have_text("20")
