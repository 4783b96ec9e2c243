"""The months in a browser: a report is asked for, watched, read, and downloaded."""

import re
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from acceptance.merchant import Merchant
from browser.chromium import LOOKS, Scheme, Window, window
from web.browser import PASSWORD
from web.people import add_user

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

THIS_MONTH = f"{datetime.now(ZoneInfo('America/Chicago')):%Y-%m}"


@pytest.fixture(scope="module", autouse=True)
def _controller(shop: Merchant) -> None:
    add_user(shop, "controller", "finance")
    add_user(shop, "visitor", "viewer")


def signed_in(seen: Window, name: str, path: str) -> None:
    seen.go(path)
    seen.page.get_by_label("Name").fill(name)
    seen.page.get_by_label("Password").fill(PASSWORD)
    seen.page.get_by_role("button", name="Sign in").click()
    seen.page.wait_for_load_state()


def test_a_report_is_made_while_one_looks_and_downloaded(
    browser: "Browser", shop: Merchant, tmp_path: "Path"
) -> None:
    shop.world.netsuite.fault("latency", path="suiteql", seconds=1.5, times=2)
    with window(browser, shop.url) as seen:
        signed_in(seen, "controller", f"/months/{THIS_MONTH}")
        assert seen.page.get_by_text("No report of this month yet").is_visible()

        seen.page.get_by_role("button", name="Make the report").click()
        seen.page.get_by_role("heading", name="Being made").wait_for()
        seen.picture("month being made")
        # Other files' people have moved stock in this month as well: it is what the report says.
        result = re.compile(r"Ties so far|\d to resolve")
        seen.page.get_by_text(result).first.wait_for(timeout=60_000)
        [made] = shop.rows("select open from month_report order by id desc limit 1")
        chip = f"{made['open']} to resolve" if made["open"] else "Ties so far"
        assert seen.page.get_by_role("heading", level=1).get_by_text(chip).is_visible()
        ties = seen.page.get_by_text("Nothing is left to resolve").is_visible()
        assert ties is (made["open"] == 0)
        with seen.page.expect_download() as download:
            seen.page.get_by_role("link", name="XLSX").click()
        download.value.save_as(tmp_path / "report.xlsx")
        assert (tmp_path / "report.xlsx").read_bytes()[:2] == b"PK"
        assert seen.faults == []


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_months_are_read_on_every_screen(
    browser: "Browser", shop: Merchant, size: str, scheme: Scheme
) -> None:
    by_hand = shop.sku("HAND")
    shop.world.netsuite.add_to_stock(by_hand, 6, 3)
    shop.command("reconcile", THIS_MONTH)
    with window(browser, shop.url, size=size, scheme=scheme) as seen:
        signed_in(seen, "visitor", "/months")
        seen.picture("months")
        assert seen.obstacles() == []
        assert not seen.scrolls_sideways

        seen.page.locator(f"a[href^='/months/{THIS_MONTH}']").first.click()
        seen.page.get_by_role("heading", level=1).wait_for()
        seen.picture("month")
        assert seen.page.locator(".roll", has_text=by_hand).is_visible()
        assert seen.obstacles() == []
        assert not seen.scrolls_sideways
        assert seen.faults == []


@pytest.mark.parametrize(("size", "scheme"), LOOKS[:1])
def test_what_follows_is_read_before_it_is_decided(
    browser: "Browser", shop: Merchant, size: str, scheme: Scheme
) -> None:
    sku = shop.sku("BACK")
    shop.wait_for(shop.deliver({sku: 4}, number=shop.order({sku: 4})))
    shop.world.netsuite.add_to_stock(sku, 6, 3)
    shop.command("reconcile", THIS_MONTH)
    with window(browser, shop.url, size=size, scheme=scheme) as seen:
        signed_in(seen, "controller", f"/months/{THIS_MONTH}")
        page = seen.page
        one = page.locator(".diffs > li", has_text=sku).first
        seen.picture("month to decide")
        one.get_by_role("link", name="Correct").click()
        page.get_by_role("button", name="Look at what it leads to").click()
        page.get_by_text("Correct leads to").wait_for(timeout=60_000)
        seen.picture("month deciding")
        assert seen.obstacles() == []
        assert not seen.scrolls_sideways

        seen.go(f"/audit-trail?sku={sku}")
        page.get_by_role("link", name="Take back").first.click()
        page.get_by_role("button", name="Look at what is posted").click()
        page.get_by_text("is taken back by").wait_for(timeout=60_000)
        seen.picture("audit trail taking back")
        assert seen.obstacles() == []
        assert not seen.scrolls_sideways
        assert seen.faults == []
