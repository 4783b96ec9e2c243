"""The pages by which people get in, and see to who does."""

from typing import TYPE_CHECKING

import pytest

from acceptance.merchant import Merchant
from browser.chromium import LOOKS, SIZES, Scheme, Window, window
from browser.signing_in import sign_in
from web.people import add_user

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = {"users": "/users", "tokens": "/tokens", "account": "/account", "not found": "/users/x/y"}


@pytest.fixture(scope="module")
def people(shop: Merchant) -> Merchant:
    add_user(shop, "dana", "admin")
    add_user(shop, "emil.of-the-long-name@example.com", "viewer")
    return shop


def is_well(seen: Window, of: str, *, faults: int = 0) -> None:
    """See that a page can be used by everybody, and keep a picture."""
    seen.picture(of)

    assert seen.obstacles() == []
    assert not seen.scrolls_sideways
    assert len(seen.faults) == faults, seen.faults


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_the_sign_in_says_what_did_not_match(
    browser: "Browser", people: Merchant, size: str, scheme: Scheme
) -> None:
    with window(browser, people.url, size=size, scheme=scheme) as seen:
        seen.go("/sign-in")
        is_well(seen, "sign in")
        seen.page.get_by_label("User name").fill(f"nobody-{size}-{scheme}")
        seen.page.get_by_label("Password").fill("wrong horse 9")
        seen.page.get_by_role("button", name="Sign in").click()

        assert "That did not match" in seen.page.get_by_role("alert").inner_text()
        is_well(seen, "sign in refused", faults=1)  # the answer is a 401


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_an_administrator_sees_to_people_and_tokens(
    browser: "Browser", people: Merchant, size: str, scheme: Scheme
) -> None:
    with window(browser, people.url, size=size, scheme=scheme) as seen:
        sign_in(seen, "dana")
        for of, path in PAGES.items():
            seen.faults.clear()
            status = seen.go(path)
            is_well(seen, of, faults=int(status >= 400))
        seen.faults.clear()
        seen.go("/users")
        seen.page.get_by_text("More about emil").click()
        box = seen.page.get_by_role("button", name="Remove emil").bounding_box()
        assert box is not None
        assert 0 <= box["x"] < box["x"] + box["width"] <= SIZES[size].width
        is_well(seen, "users more")


def test_a_token_is_made_and_copied(browser: "Browser", people: Merchant) -> None:
    with window(browser, people.url) as seen:
        sign_in(seen, "dana")
        seen.go("/tokens")
        seen.page.get_by_label("Name").fill("wall")
        seen.page.get_by_role("button", name="Make token").click()

        assert seen.page.get_by_label("Token", exact=True).input_value().startswith("mlc_")
        is_well(seen, "token made")


def test_the_theme_is_chosen_and_stays(browser: "Browser", people: Merchant) -> None:
    with window(browser, people.url) as seen:
        sign_in(seen, "dana")
        seen.go("/account")
        seen.page.get_by_role("button", name="Dark").click()
        seen.go("/users")

        assert seen.page.locator("html").get_attribute("data-theme") == "dark"
        assert seen.page.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"


def test_everything_is_reached_by_keyboard(browser: "Browser", people: Merchant) -> None:
    with window(browser, people.url) as seen:
        sign_in(seen, "dana")
        seen.go("/users")
        seen.page.keyboard.press("Tab")
        skip = seen.page.evaluate("document.activeElement.textContent")
        seen.page.keyboard.press("j")
        row = seen.page.evaluate("document.activeElement.id")
        seen.page.keyboard.press("?")
        opened = seen.page.locator("dialog.help").is_visible()
        seen.page.keyboard.press("Escape")

        assert skip == "Skip to the content"
        assert row.startswith("user-")
        assert opened
        assert not seen.page.locator("dialog.help").is_visible()


def test_a_phone_opens_the_menu(browser: "Browser", people: Merchant) -> None:
    with window(browser, people.url, size="phone") as seen:
        sign_in(seen, "dana")
        seen.go("/account")
        seen.page.get_by_role("button", name="Menu").click()
        seen.picture("menu")
        seen.page.get_by_role("link", name="Users").click()
        seen.page.wait_for_url("**/users*")

        assert seen.page.get_by_role("heading", name="Users").is_visible()


def test_pages_work_without_scripts(browser: "Browser", people: Merchant) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        seen = Window(context.new_page(), people.url, "no-scripts")
        sign_in(seen, "dana")
        seen.go("/users")
        seen.page.get_by_label("Role of emil.of-the-long-name@example.com").select_option(
            "finance"
        )
        seen.page.get_by_role("button", name="Save the role of emil").click()
        seen.page.wait_for_load_state()
        chosen = seen.page.get_by_label("Role of emil.of-the-long-name@example.com").input_value()
    finally:
        context.close()

    assert chosen == "finance"


def test_the_way_out_is_in_sight(browser: "Browser", people: Merchant) -> None:
    with window(browser, people.url, size="laptop") as seen:
        sign_in(seen, "dana")
        seen.go("/account")
        box = seen.page.get_by_role("button", name="Sign out", exact=True).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= SIZES["laptop"].height
        seen.page.get_by_role("button", name="Sign out", exact=True).click()
        seen.page.wait_for_url("**/sign-in")


def test_a_session_that_is_over_leads_back_to_the_page(
    browser: "Browser", people: Merchant
) -> None:
    with window(browser, people.url) as seen:
        sign_in(seen, "dana")
        people.rows("delete from sign_in where person = 'dana' returning person")
        seen.go("/users")
        assert "/sign-in?next=%2Fusers" in seen.page.url
        seen.page.get_by_label("User name").fill("dana")
        seen.page.get_by_label("Password").fill("correct horse 9")
        seen.page.get_by_role("button", name="Sign in").click()
        seen.page.wait_for_url("**/users")
