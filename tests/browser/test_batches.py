import csv
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

# The simulated carrier refuses each change of status of this SIM.
STUBBORN = "8986011805021000010"
SOON = 60_000
# Three batches from start to end, each with the carrier's own waits.
pytestmark = pytest.mark.timeout(200)


def state(page: Page, wanted: str) -> None:
    expect(page.locator("#batch")).to_have_attribute("data-state", wanted, timeout=SOON)


def figure(page: Page, name: str) -> int:
    return int(page.locator(f".sp-tiles [data-field={name}]").inner_text().replace(",", ""))


def shows(page: Page, **numbers: int) -> None:
    """The tiles, once what came last is in the page."""
    for name, number in numbers.items():
        expect(page.locator(f".sp-tiles [data-field={name}]")).to_have_text(f"{number:,}")


def start(page: Page, verb: str, check: Callable[[], None] = lambda: None) -> None:
    """Confirm the dry run and see it through without a page being loaded again."""
    page.locator("#start").get_by_role("button", name=re.compile(f"^{verb} ")).click()
    page.wait_for_url("**/batches/*/")
    page.evaluate("window.sameLoad = true")
    search = page.locator("#items-q")
    search.fill("4711")
    check()
    state(page, "finished")
    assert page.evaluate("window.sameLoad") is True
    expect(search).to_have_value("4711")
    expect(search).to_be_focused()


def test_from_a_filter_to_undo(portal: Page, check_accessible) -> None:
    page = portal
    page.goto("/sims/?status=ACTIVATED")
    page.locator("tr[data-giccid] input.sp-tick").first.check()
    page.get_by_text(re.compile("^Select all .* matching$")).click()
    suspend = page.get_by_role("button", name=re.compile(r"^Suspend \d+…$"))
    total = int(re.sub(r"\D", "", suspend.inner_text()))
    suspend.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Change {total} SIMs")
    expect(page.get_by_role("radio", name=re.compile("^Suspend"))).to_be_checked()
    check_accessible()
    page.get_by_label("Reason").fill("Winter storage")
    page.get_by_role("button", name="Show the dry run").click()

    state(page, "planned")
    shows(page, will_change=total)
    expect(page.locator("[data-item]").first).to_have_attribute("data-state", "planned")
    page.locator(".sp-tiles a", has_text="No change").click()
    expect(page.locator("#items")).to_contain_text("No SIM stands here")
    page.get_by_role("link", name=re.compile("^Show all")).click()
    check_accessible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Whole plan, CSV").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        assert [row["Verdict"] for row in csv.DictReader(file)] == ["Will change"] * total

    start(page, "Suspend", check_accessible)
    shows(page, done=total - 1, failed=1)
    expect(page.locator("[data-chunk]")).to_have_count(1)
    expect(page.locator(f"[data-item='{STUBBORN}'][data-state=failed]")).to_contain_text("refused")
    check_accessible()
    first = page.url

    page.get_by_role("button", name=re.compile("^Retry the .* failed…$")).click()
    state(page, "planned")
    expect(page.get_by_text("Retries the failed of")).to_be_visible()
    shows(page, will_change=1)
    start(page, "Suspend")
    shows(page, failed=1)

    page.goto(first)
    page.get_by_role("button", name=f"Undo the {total - 1} done…").click()
    state(page, "planned")
    # Somebody may have changed one at the carrier meanwhile: it is left as it is.
    back = figure(page, "will_change")
    assert back >= total - 3
    start(page, "Activate")
    shows(page, done=back)

    page.get_by_role("link", name="Batches").first.click()
    expect(page.locator("tr[data-batch]").nth(2)).to_be_visible()
    check_accessible()
    page.get_by_label("What").select_option("activate")
    expect(page.locator("tr[data-batch]")).to_have_count(1)
    page.get_by_label("What").select_option("suspend")
    expect(page.locator("tr[data-batch]")).to_have_count(2)
    expect(page.locator("tr[data-batch]").last).to_contain_text("Winter storage")


def test_a_list_is_retired_only_with_its_count(portal: Page, check_accessible) -> None:
    page = portal
    page.goto("/sims/?status=DEACTIVATED")
    giccid = page.locator("tr[data-giccid]").first.get_attribute("data-giccid")
    page.goto("/batches/new/")
    check_accessible()
    page.get_by_label("Pasted list").fill(f"{giccid}\n{giccid}\n8986011805029999999")
    page.get_by_role("radio", name="Retire").check()
    page.get_by_role("button", name="Show the dry run").click()
    state(page, "planned")
    assert [figure(page, name) for name in ("will_change", "duplicate", "not_found")] == [1, 1, 1]
    check_accessible()
    page.get_by_role("button", name="Discard").click()
    state(page, "cancelled")
