"""A support call and a manager's morning, each from its first click to its last, at 100,000 SIMs."""

import csv
import io
import re
from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.live import LiveStack

SIMS = 100_000


class LargeStack(LiveStack):
    """Read as fast as both sides can: at the usual rate the first reading takes minutes."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"SMARTHUB_RATE_PER_MINUTE": "100000"}


@pytest.fixture(scope="module")
def live_stack(browser: Browser) -> Iterator[LiveStack]:
    with LargeStack.started(sims=SIMS) as stack:
        yield stack


def rows(page: Page):
    return page.locator("tr[data-giccid]")


def total(page: Page) -> int:
    return int(page.locator("[data-total]").first.get_attribute("data-total"))


def suspend_at_the_carrier(stack: LiveStack, giccid: str) -> None:
    """As a script of theirs does, past the portal."""
    key = {"X-API-Key": stack.state["carrier_key"]}
    address = f"{stack.state['carrier_url']}/global-sims/{giccid}/deactivate"
    requests.post(address, headers=key, timeout=10).raise_for_status()


def narrow(page: Page, group: str) -> str:
    """Tick the smallest value of a group that has any SIMs; its words."""
    shown = page.get_by_role("group", name=group).locator("label").all_inner_texts()
    counts = {words: int(found[1].replace(",", "")) for words in shown if (found := re.search(r"([\d,]+)\s*$", words))}
    words = min((words for words in counts if counts[words]), key=lambda words: counts[words])
    before = page.url
    page.get_by_role("group", name=group).locator("label").nth(shown.index(words)).click()
    expect(page).not_to_have_url(before)
    expect(page.locator("[data-total]").first).to_have_attribute("data-total", str(counts[words]))
    return words


def test_a_support_call(portal: Page, live_stack: LiveStack, check_accessible: Callable[[], None]) -> None:
    """“Our lorries are off since this morning, here is the list.”"""
    page = portal
    page.goto("/sims/?status=ACTIVATED&after=8986011&rows=100")
    giccids = [row.get_attribute("data-giccid") for row in rows(page).all()]
    off, spelled, mistyped = giccids[40:43]
    zero = mistyped.rindex("0", 0, -4)
    spaced = " ".join(spelled[at : at + 4] for at in range(0, len(spelled), 4))
    suspend_at_the_carrier(live_stack, off)

    page.get_by_role("link", name="Paste a list").click()
    mail = f"Hello,\nthese are off:\n{off}F\n{spaced}\n8.98601E+18\n{mistyped[:zero]}O{mistyped[zero + 1 :]}\n{off}"
    page.get_by_label("Text with identifiers").fill(mail)
    page.get_by_role("button", name="Check the list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 SIMs from 5 entries")
    expect(page.locator("tr[data-line='5']")).to_contain_text("A spreadsheet rounded it.")
    page.locator("tr[data-line='6']").get_by_role("button", name="Take it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 SIMs from 5 entries")
    expect(page.get_by_text("Counted once: line 7 (as line 3)")).to_be_visible()
    check_accessible()

    page.locator("tr[data-line='3']").get_by_role("link", name=off).click()
    expect(page).to_have_url(re.compile(f"/sims/{off}/$"))
    expect(page.locator("#journal")).to_contain_text("Carrier’s history read")
    page.get_by_role("button", name="Read again now").click()
    standing = page.locator("#standing")
    expect(standing).to_contain_text(re.compile("Off since .*, because a request to the carrier’s API asked for it"))
    expect(standing).to_contain_text("A suspended SIM moves no data")
    expect(page.locator("#journal [data-kind='sim.status']").first).to_contain_text("no longer Active")
    check_accessible()


def test_a_managers_morning(portal: Page, check_accessible: Callable[[], None]) -> None:
    """The view of every morning, narrowed to what matters today, marked and handed on as a file."""
    page = portal
    page.goto("/sims/?status=DEACTIVATED&sort=activated")
    suspended = total(page)
    assert 0 < suspended < SIMS
    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name").fill("Suspended, oldest first")
    page.get_by_role("button", name="Save view").click()

    page.goto("/sims/")
    expect(page.locator("[data-total]").first).to_have_attribute("data-total", str(SIMS))
    views = page.get_by_role("navigation", name="Views")
    views.get_by_role("link", name=re.compile("^Suspended, oldest first")).click()
    expect(page.locator("[data-total]").first).to_have_attribute("data-total", str(suspended))
    expect(page.get_by_text("ordered by activation, oldest first").first).to_be_visible()

    narrow(page, "Account")
    narrow(page, "Package")
    chosen = total(page)
    assert 0 < chosen < suspended
    page.get_by_role("checkbox", name="Tick all on this page").check()
    bar = page.get_by_role("form", name="What is ticked")
    bar.get_by_text(re.compile("^Select all")).click()
    bar.locator("summary", has_text="Tag").click()
    bar.get_by_label(re.compile("new tag|first tag")).fill("call them")
    bar.get_by_role("button", name="Put on").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile(rf"“call them” put on {chosen:,} SIM"))
    expect(page.locator("[data-total]").first).to_have_attribute("data-total", str(chosen))

    page.goto("/sims/?tag=call them")
    expect(page.locator("[data-total]").first).to_have_attribute("data-total", str(chosen))
    check_accessible()
    page.locator("summary").filter(has_text=re.compile("^Export")).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("^CSV")).click()
    file = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert len(file) == chosen
    assert {row["Status"] for row in file} == {"Suspended"}
    assert all("call them" in row["Tags"] for row in file)
