"""A support call: a damaged list is pasted, its report read, one SIM opened; and the search box while one types."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

SIZES = {"phone": (360, 800), "desk": (1440, 900), "wall": (2560, 1440)}


@pytest.fixture
def giccids(portal: Page) -> list[str]:
    portal.goto("/sims/?rows=50")
    return [row.get_attribute("data-giccid") for row in portal.locator("tr[data-giccid]").all()]


def damaged_list(giccids: list[str]) -> str:
    first, second, third = giccids[10:13]
    spaced = " ".join(second[at : at + 4] for at in range(0, len(second), 4))
    zero = third.rindex("0", 0, -4)
    letter = f"{third[:zero]}O{third[zero + 1 :]}"
    return (
        f"Hello, our gateways are off since 2026-11-20:\n{first}\n{spaced}\n{first}F\n8.98601E+18\n{letter}\n"
        f"{first[:12]}\n8986099999999999999\nThanks, Sven"
    )


def paste(page: Page, words: str) -> None:
    page.get_by_role("link", name="Paste a list").click()
    page.get_by_label("Text with identifiers").fill(words)
    page.get_by_role("button", name="Check the list").click()
    expect(page).to_have_url(re.compile(r"/sims/sets/[0-9a-f-]{36}/$"))


def entry(page: Page, line: int):
    return page.locator(f"tr[data-line='{line}']")


def test_a_damaged_list_is_explained_and_one_of_its_sims_opened(
    portal: Page, giccids: list[str], check_accessible: Callable[[], None]
) -> None:
    page = portal
    paste(page, damaged_list(giccids))
    expect(page.get_by_role("heading", level=1)).to_have_text("2 SIMs from 7 entries")
    expect(entry(page, 5)).to_contain_text("A spreadsheet rounded it. Only 6 of 19 digits are left; the rest is gone.")
    expect(entry(page, 6)).to_contain_text("With a zero it is")
    expect(entry(page, 7)).to_contain_text("Too many to pick from.")
    expect(entry(page, 8)).to_contain_text("Not in our copy")
    expect(page.get_by_text("Counted once: line 4 (as line 2)")).to_be_visible()
    check_accessible()

    entry(page, 6).get_by_role("button", name="Take it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 SIMs from 7 entries")
    entry(page, 6).get_by_role("link", name=giccids[12]).click()
    expect(page).to_have_url(re.compile(f"/sims/{giccids[12]}/$"))

    page.go_back()
    page.get_by_role("link", name="Work with the 3 SIMs").click()
    expect(page.locator("tr[data-giccid]")).to_have_count(3)
    expect(page.locator("[data-total]").first).to_have_attribute("data-total", "3")


def test_the_tiles_show_all_of_a_kind(portal: Page, giccids: list[str]) -> None:
    page = portal
    paste(page, damaged_list(giccids))
    page.get_by_role("navigation", name="Verdicts").get_by_role("link", name=re.compile("Repeated")).click()
    expect(page.locator("tr[data-line]")).to_have_count(1)
    expect(entry(page, 4)).to_contain_text("as line 2")


def test_results_stand_under_the_box_as_one_types(
    portal: Page, giccids: list[str], check_accessible: Callable[[], None]
) -> None:
    page = portal
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/sims/search/" in request.url else None)
    field = page.get_by_role("combobox", name="Find a SIM")
    options = page.get_by_role("option")

    page.keyboard.press("/")
    page.keyboard.type(giccids[3][:2])
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.type(giccids[3][2:12])
    expect(options).to_have_count(8)
    assert asked
    check_accessible()

    field.fill(giccids[3])
    expect(options).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", options.first.get_attribute("id"))
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(field).to_have_value(giccids[3])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/sims/{giccids[3]}/$"))


def test_one_request_at_a_time_and_the_latest_text_wins(portal: Page, giccids: list[str]) -> None:
    page = portal
    under_way, most = 0, 0
    held: list = []

    def hold(route) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        held.append(route)

    def release() -> None:
        nonlocal under_way
        under_way -= 1
        held.pop(0).continue_()

    page.route("**/sims/search/*", hold)
    field = page.get_by_role("combobox", name="Find a SIM")
    field.press_sequentially(giccids[3][:6])
    page.wait_for_timeout(50)
    assert len(held) == 1
    expect(page.get_by_text("Looking…")).to_be_visible()
    field.fill(giccids[5])
    release()
    page.wait_for_function("() => performance.getEntriesByType('resource').some((one) => one.name.includes('search/'))")
    while not held:
        page.wait_for_timeout(10)
    release()
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("option")).to_contain_text(giccids[5])
    assert most == 1


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_for_everyone_at_every_size(
    portal: Page, giccids: list[str], check_both_themes: Callable[[], None], size: str
) -> None:
    page = portal
    page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
    page.goto("/sims/paste/")
    check_both_themes()
    paste(page, damaged_list(giccids))
    for address in (page.url, f"{page.url}?verdict=found"):
        page.goto(address)
        check_both_themes()
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0
