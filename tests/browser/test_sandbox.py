"""The demo, as a visitor sees it: the story plays, and they let things happen themselves."""

import os
import re
from collections.abc import Iterator

import pytest

from acceptance.service import Process
from browser.chromium import SIZES, Window, chromium, window
from browser.signing_in import sign_in
from ml_connector import demo
from waiting import wait_until

NEW = re.compile(r"NEW-\d{7}")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demo's console."""
    folder = tmp_path_factory.mktemp("demo")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLC_")}
    running = Process(
        ["demo", "--port", "0", "--no-color"], {**kept, "MLC_DATA_DIR": str(folder / "d")}, folder
    )
    try:
        told = re.compile(r"^ml-connector (http\S+)", re.MULTILINE)
        wait_until(lambda: told.search(running.said) or running.process.poll() is not None)
        found = told.search(running.said)
        assert found is not None, running.said
        yield found[1]
    finally:
        running.end()


@pytest.fixture(scope="module")
def seen(sandbox: str) -> Iterator[Window]:
    """A window of the visitor's. One demo is for the whole file."""
    with chromium() as browser, window(browser, sandbox) as opened:
        sign_in(opened, "admin", demo.PASSWORD)
        yield opened


def let_happen(seen: Window, title: str) -> None:
    seen.go("/sandbox")
    seen.page.get_by_role("button", name=f"Do it {title}").click()
    seen.page.get_by_role("status").filter(has_text=f"{title}: done").wait_for()


def shows(seen: Window, path: str, text: str) -> None:
    """Load a page until it shows a text."""

    def looked() -> bool:
        seen.go(path)
        return text in seen.page.inner_text("main")

    wait_until(looked)


def test_the_demo_opens_at_its_story_which_ends_with_a_green_month(seen: Window) -> None:
    seen.page.get_by_role("heading", name="Sandbox").wait_for()
    seen.page.get_by_text("Books agree", exact=True).wait_for(timeout=120_000)
    for size in ("wide", "phone"):
        seen.page.set_viewport_size({"width": SIZES[size].width, "height": SIZES[size].height})
        seen.picture(f"sandbox {size}")

        assert seen.obstacles() == []
        assert not seen.scrolls_sideways
    seen.page.set_viewport_size({"width": SIZES["wide"].width, "height": SIZES["wide"].height})
    month = seen.page.get_by_role("link", name=re.compile("the report of")).get_attribute("href")

    shows(seen, str(month), "Ties so far")
    assert seen.faults == []


def test_a_missing_sku_appears_and_a_click_maps_it(seen: Window) -> None:
    let_happen(seen, "Stow a SKU that NetSuite lacks")
    shows(seen, "/attention", "Map…")
    found = NEW.search(seen.page.inner_text("main"))
    assert found is not None
    seen.page.get_by_role("link", name="Map…").click()
    seen.page.locator("#n-map").fill(f"{found[0]}={found[0]}-US")
    seen.page.get_by_role("button", name="Look at what it leads to").click()
    seen.page.locator("#d-note").fill("It is the same")
    seen.page.locator("#decide footer button.main-act").click()
    seen.page.locator(".toast").wait_for()
    shows(seen, "/attention", "Nothing needs you")
    seen.go("/flows/receiving")

    assert found[0] in seen.page.inner_text("main")
    assert seen.faults == []


def test_a_parcel_travels_while_a_broken_permission_stops_a_receipt(seen: Window) -> None:
    let_happen(seen, "Lose a webhook")
    let_happen(seen, "Ship an order")
    let_happen(seen, "Break a permission")
    shows(seen, "/flows/parcels", "InTransit")
    let_happen(seen, "Deliver the parcel")
    shows(seen, "/attention", "Permission missing")
    let_happen(seen, "Give the permission back")
    seen.go("/attention")
    seen.page.get_by_role("button", name=re.compile("Try again.*Permission missing")).click()
    shows(seen, "/attention", "Nothing needs you")
    shows(seen, "/flows/parcels", "Delivered")
    seen.go("/audit-trail/acts?what=sandbox.lose-webhook")
    lost = re.search(r"stowed as WRO (\d+)", seen.page.inner_text("main"))
    assert lost is not None
    shows(seen, f"/events?subject={lost[1]}", "wro sweep")

    assert seen.faults == []


def test_what_can_t_be_done_is_said(seen: Window) -> None:
    seen.go("/sandbox")
    seen.page.get_by_role("button", name="Do it Deliver the parcel").click()
    seen.page.get_by_role("alert").filter(has_text="No parcel is under way").wait_for()

    assert [one for one in seen.faults if "400" not in one] == []
