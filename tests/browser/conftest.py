import os
import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.live import PASSWORD, USERNAME, LiveStack

# Off in each browser that Playwright starts, and here by name, for a second list takes the place of the first.
AS_USUAL = (
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch"
)
# Pages of the address bar, which nobody sees: loading them is three quarters of what a new context costs.
ADDRESS_BAR = "WebUIOmniboxPopup,WebUIOmniboxAimPopup"
ARGUMENTS = [
    f"--disable-features={AS_USUAL},{ADDRESS_BAR}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--metrics-recording-only",
]
# A page is expected to show what it should within this; a busy machine of two cores is given more than the usual 5 s.
expect.set_options(timeout=20_000)
# What is well is not told: on a long list that alone is more than the page.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """Where it is; without one the test is skipped, or fails where one is required."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        reason = "no Chromium found: install it (Debian: apt-get install chromium)"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def live_stack(browser: Browser) -> Iterator[LiveStack]:
    """One real portal a worker: uvicorn, workers, beat and simulator on a database of their own."""
    with LiveStack.started() as stack:
        yield stack


@pytest.fixture
def page(browser: Browser, live_stack: LiveStack) -> Iterator[Page]:
    """A fresh visitor; anything the page's console complains of, or asks another host for, fails the test."""
    context = browser.new_context(base_url=live_stack.url, locale="en-GB", timezone_id="Europe/Berlin")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url) if _is_foreign(request.url, live_stack) else None)
    page.complaints = complaints  # a test that asks for trouble empties it
    yield page
    said = list(complaints)  # what is under way when the page closes fails, and says so
    context.close()
    assert said == []


def _is_complaint(message: ConsoleMessage) -> bool:
    """An error, or that two elements of a part have the same id: what is put in place anew could lose its state."""
    return message.type == "error" or "duplicate ids" in message.text


def _is_foreign(url: str, stack: LiveStack) -> bool:
    return not url.startswith((f"{stack.url}/", "data:", "blob:", "about:"))


def sign_in(page: Page) -> None:
    """As the first admin."""
    page.goto("/login/")
    page.locator("input[name=username]").fill(USERNAME)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit]").first.click()
    expect(page).not_to_have_url(re.compile("/login/"))


@pytest.fixture
def login(page: Page) -> Callable[[], Page]:
    def signed_in() -> Page:
        sign_in(page)
        return page

    return signed_in


@pytest.fixture(scope="module")
def admin(browser: Browser, live_stack: LiveStack) -> list[dict]:
    """The first admin's cookies: to sign in is a test of its own, not part of each."""
    context = browser.new_context(base_url=live_stack.url)
    sign_in(context.new_page())
    cookies = context.cookies()
    context.close()
    return cookies


@pytest.fixture
def portal(page: Page, live_stack: LiveStack, admin: list[dict]) -> Page:
    """Signed in, with the whole fleet read; no page is open yet."""
    live_stack.wait_read()
    page.context.add_cookies(admin)
    return page


@pytest.fixture
def check_accessible(page: Page) -> Callable[[], None]:
    """Fails with axe's own words for each thing wrong on the page as it stands."""

    def check() -> None:
        results = Axe().run(page, options=RULES)
        assert results.violations_count == 0, results.generate_report()

    return check


@pytest.fixture
def check_both_themes(page: Page, check_accessible: Callable[[], None]) -> Callable[[], None]:
    """The same in the light and in the dark, which a page takes on without being loaded again."""

    def check() -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            check_accessible()

    return check
