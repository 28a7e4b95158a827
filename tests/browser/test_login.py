from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.live import PASSWORD, USERNAME


def test_a_stranger_is_asked_to_sign_in(page: Page, check_accessible: Callable[[], None]) -> None:
    page.goto("/account/")

    expect(page).to_have_url("/login/?next=/account/")
    check_accessible()


def test_a_wrong_password_is_explained(page: Page) -> None:
    page.goto("/login/")
    page.locator("input[name=username]").fill(USERNAME)
    page.locator("input[name=password]").fill("wrong")
    page.locator("form button[type=submit]").first.click()

    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page).to_have_url("/login/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_admin_signs_in(
    page: Page, login: Callable[[], Page], check_accessible: Callable[[], None], scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    login()

    page.goto("/account/")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    check_accessible()


def test_signing_in_without_javascript(page: Page, live_stack, browser) -> None:
    context = browser.new_context(base_url=live_stack.url, java_script_enabled=False)
    plain = context.new_page()
    plain.goto("/login/?next=/account/")
    plain.locator("input[name=username]").fill(USERNAME)
    plain.locator("input[name=password]").fill(PASSWORD)
    plain.locator("form button[type=submit]").first.click()

    expect(plain).to_have_url("/account/")
    context.close()
