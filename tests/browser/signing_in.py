"""Signing in to the console in a real browser."""

from browser.chromium import Window
from web.browser import PASSWORD


def sign_in(seen: Window, name: str, password: str = PASSWORD) -> None:
    """Sign in by the form, as a person does."""
    seen.go("/sign-in")
    seen.page.get_by_label("User name").fill(name)
    seen.page.get_by_label("Password").fill(password)
    seen.page.get_by_role("button", name="Sign in").click()
    seen.page.wait_for_url(lambda address: "/sign-in" not in address)
