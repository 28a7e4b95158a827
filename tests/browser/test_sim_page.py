import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.live import LiveStack

SEED, OTHER = "8986011805021000004", "8986011805021000005"
SIZES = {"phone": (360, 800), "desk": (1440, 900), "wall": (2560, 1440)}
# A reading of the cycle's first day, as a run would have left it (any later day may not have come yet).
READINGS = """
from datetime import timedelta
from django.utils import timezone
from sims.models import Sim, UsageDay
from sims.usage import Cycle
now = timezone.now()
cycle = Cycle.at(now)
sim = Sim.objects.get(giccid="{giccid}")
Sim.objects.filter(pk=sim.pk).update(first_seen_at=cycle.starts_at - timedelta(days=9))
UsageDay.objects.update_or_create(
    day=cycle.first, sim_id=sim.pk, cycle=cycle.first, defaults={{"data_usage_mb": 5, "read_at": now}}
)
"""


@pytest.fixture
def plain(browser: Browser, live_stack: LiveStack, portal: Page) -> Iterator[Page]:
    """The same person without JavaScript."""
    context = browser.new_context(
        base_url=live_stack.url, java_script_enabled=False, storage_state=portal.context.storage_state()
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def measured(portal: Page, live_stack: LiveStack) -> str:
    """A SIM whose days can be told."""
    live_stack.run(READINGS.format(giccid=SEED))
    return f"/sims/{SEED}/"


def at_the_carrier(stack: LiveStack, verb: str, giccid: str) -> None:
    key = {"X-API-Key": stack.state["carrier_key"]}
    requests.post(
        f"{stack.state['carrier_url']}/global-sims/{giccid}/{verb}", headers=key, timeout=10
    ).raise_for_status()


def drawn(page: Page) -> None:
    """The chart is there, and is not blank."""
    canvas = page.locator("[data-usage-chart] canvas")
    expect(canvas).to_have_count(1)
    assert canvas.evaluate(
        "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size > 8"
    )


def test_usage_per_day_is_a_picture_a_table_and_a_file(portal: Page, measured: str, check_accessible) -> None:
    page = portal
    page.goto(measured)
    drawn(page)
    expect(page.get_by_role("img", name=re.compile("Usage per day since 1 .* 5.00 MB on 1"))).to_be_visible()

    caption = page.locator(".sp-chart-caption")
    expect(caption).to_have_text(re.compile("MB a day"))
    box = page.locator("[data-usage-chart] .u-over").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5 / 31, box["y"] + box["height"] / 2)
    expect(caption).to_have_text(re.compile(r"^1 \w+: 5 MB$"))

    page.get_by_text("Show as table").click()
    expect(page.get_by_role("row", name=re.compile(r"\b1 \w+ 5\.00 5\.00"))).to_be_visible()
    check_accessible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Usage per day as CSV").click()
    assert download.value.suggested_filename.startswith(f"usage-{SEED}-")


def test_the_chart_outlives_the_reading_and_wears_the_theme(portal: Page, measured: str) -> None:
    page = portal
    page.goto(measured)
    drawn(page)
    page.get_by_role("button", name="Read again now").click()
    expect(page.get_by_role("alert").filter(has_text="Read just now.")).to_be_visible()
    drawn(page)
    light = page.locator("[data-usage-chart] canvas").evaluate("canvas => canvas.toDataURL()")
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    page.wait_for_function(
        "light => document.querySelector('[data-usage-chart] canvas').toDataURL() !== light", arg=light
    )


def test_why_it_is_off_arrives_by_itself(portal: Page, live_stack: LiveStack, check_accessible) -> None:
    """Support opens a SIM that somebody suspended through the API: who did it stands there without a reload."""
    page = portal
    page.goto(f"/sims/{OTHER}/")
    expect(page.locator("#journal")).to_contain_text("Carrier’s history read")
    at_the_carrier(live_stack, "deactivate", OTHER)
    page.get_by_role("button", name="Read again now").click()
    expect(page.locator("#standing")).to_contain_text("because a request to the carrier’s API asked for it.")
    entry = page.locator("#journal [data-event][data-kind='sim.status']").first
    expect(entry).to_contain_text("it Suspended, no longer Active")
    expect(entry).to_contain_text("the carrier’s history:")
    check_accessible()

    page.locator("#journal summary").click()
    page.get_by_role("link", name="Device, numbers").click()
    expect(page).to_have_url(re.compile(r"\?kind=device$"))
    expect(entry).to_have_count(0)
    at_the_carrier(live_stack, "activate", OTHER)
    expect(page.locator("#sim")).to_have_attribute("data-status", "ACTIVATED")
    expect(entry).to_have_count(0)
    page.go_back()
    expect(entry).not_to_have_count(0)


def test_custom_fields_come_in_place(portal: Page, check_accessible) -> None:
    page = portal
    page.goto(f"/sims/{SEED}/")
    page.get_by_role("button", name=re.compile("Read the custom fields")).click()
    expect(page.locator("[data-field=custom1]")).to_be_visible()
    expect(page.locator("#custom-fields")).to_contain_text(re.compile(r"read \d+ s ago"))
    check_accessible()


def test_all_of_it_without_javascript(plain: Page, measured: str) -> None:
    page = plain
    page.goto(measured)
    page.get_by_text("Show as table").click()
    expect(page.get_by_role("row", name=re.compile(r"\b1 \w+ 5\.00 5\.00"))).to_be_visible()
    page.get_by_role("button", name=re.compile("Read it now|Read again$")).first.click()
    expect(page.get_by_role("alert").filter(has_text="The carrier’s history was read")).to_be_visible()
    page.get_by_role("button", name=re.compile("Read the custom fields")).click()
    expect(page.get_by_role("alert").filter(has_text="The custom fields were read just now.")).to_be_visible()
    page.get_by_text("All kinds").first.click()
    page.get_by_role("link", name="Status").click()
    expect(page).to_have_url(re.compile(r"\?kind=status$"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_for_everyone_at_every_size(portal: Page, measured: str, check_accessible, scheme: str, size: str) -> None:
    page = portal
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
    page.goto(measured)
    drawn(page)
    page.get_by_text("Show as table").click()
    page.locator("#journal summary").click()
    check_accessible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
