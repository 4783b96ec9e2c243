"""The pages that show, in a browser: on every screen, in both colours, with real goods."""

import json
import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from pytest_httpserver import HTTPServer

from acceptance.merchant import Merchant
from acceptance.service import Process
from browser.chromium import LOOKS, Scheme, Window, window
from waiting import wait_until
from web.api import Program, add_token
from web.browser import PASSWORD
from web.people import add_user

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

PAGES = (
    "/overview",
    "/flows/receiving",
    "/flows/purchase-orders",
    "/flows/parcels",
    "/flows/returns",
    "/flows/unidentified",
    "/flows/invoices",
    "/stock",
    "/audit-trail",
    "/audit-trail/acts",
    "/connections",
    "/alarms",
    "/settings",
    "/system",
)


@pytest.fixture(scope="module")
def channel(shop: Merchant) -> Iterator[HTTPServer]:
    """Hears of the connection's alarms."""
    with HTTPServer() as server:
        server.expect_request("/hook").respond_with_data("heard")
        shop.apply(alarms=f'urls = ["json://{server.host}:{server.port}/hook?key=CANARY"]')
        yield server
        shop.apply()


@pytest.fixture(scope="module", autouse=True)
def _goods(shop: Merchant, channel: HTTPServer) -> None:
    """Receive a delivery whole, stop another, and compare the stock."""
    assert channel.is_running()
    add_user(shop, "boss", "admin")
    sku, unknown = shop.sku(), shop.sku("UNKNOWN", in_netsuite=False)
    shop.wait_for(shop.deliver({sku: 24}, number=shop.order({sku: 24})))
    shop.wait_for(shop.deliver({unknown: 5}), "parked")
    shop.command("sync", "inventory")


def signed_in(seen: Window) -> None:
    seen.go("/overview")
    seen.page.get_by_label("Name").fill("boss")
    seen.page.get_by_label("Password").fill(PASSWORD)
    seen.page.get_by_role("button", name="Sign in").click()
    seen.page.get_by_role("heading", name="Overview").wait_for()


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_every_page_is_read_on_every_screen(
    browser: "Browser", shop: Merchant, size: str, scheme: Scheme
) -> None:
    with window(browser, shop.url, size=size, scheme=scheme) as seen:
        signed_in(seen)
        for path in PAGES:
            seen.go(path)
            seen.page.get_by_role("heading", level=1).wait_for()
            seen.picture(path)

            assert seen.obstacles() == [], path
            assert not seen.scrolls_sideways, path
            assert seen.faults == [], path


def test_a_livelier_chart_takes_the_place_of_the_drawn_one(
    browser: "Browser", shop: Merchant
) -> None:
    with window(browser, shop.url) as seen:
        signed_in(seen)
        seen.page.locator(".plot .uplot canvas").wait_for()

        assert seen.page.locator(".plot svg.chart").is_hidden()
        assert seen.faults == []


def test_events_come_in_at_the_top_as_they_come(browser: "Browser", shop: Merchant) -> None:
    with window(browser, shop.url) as seen:
        signed_in(seen)
        seen.page.locator("[data-said]").get_by_text("live").wait_for()
        wro = shop.deliver({shop.sku(): 3})
        seen.page.locator("#latest tr").filter(has_text=f"WRO {wro.id}").first.wait_for(
            timeout=60_000
        )

        assert seen.faults == []


def test_a_page_goes_on_when_the_service_was_killed_under_it(
    browser: "Browser", shop: Merchant, console: Process
) -> None:
    with window(browser, shop.url) as seen:
        signed_in(seen)
        seen.page.locator("[data-said]").get_by_text("live").wait_for()
        killed = console.parts()["web"]
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: console.parts().get("web") not in {None, killed})
        wro = shop.deliver({shop.sku(): 2})
        seen.page.locator("#latest tr").filter(has_text=f"WRO {wro.id}").first.wait_for(
            timeout=90_000
        )
        seen.page.get_by_role("link", name="Needs attention", exact=True).first.click()
        seen.page.get_by_role("heading", name="Needs attention").wait_for()

        assert [one for one in seen.faults if "net::" not in one] == []


def test_what_a_worker_was_asked_for_goes_on_when_the_browser_is_closed(
    browser: "Browser", shop: Merchant
) -> None:
    asked = "select state from errand where kind = 'verify' order by id desc limit 1"
    with window(browser, shop.url) as seen:
        signed_in(seen)
        seen.go("/audit-trail")
        seen.page.get_by_role("button", name="Verify now").click()
        seen.page.wait_for_load_state()  # Chromium may never close in the midst of a load
        wait_until(lambda: shop.rows(asked) != [])

    wait_until(lambda: shop.rows(asked) == [{"state": "done"}])


def test_the_journal_is_verified_while_one_looks(browser: "Browser", shop: Merchant) -> None:
    with window(browser, shop.url) as seen:
        signed_in(seen)
        seen.go("/audit-trail")
        seen.page.get_by_role("button", name="Verify now").click()
        seen.page.get_by_text("Holds", exact=True).wait_for(timeout=60_000)
        seen.picture("audit trail verified")

        assert seen.faults == []


def test_stock_is_compared_and_fees_are_audited_by_a_button(
    browser: "Browser", shop: Merchant
) -> None:
    with window(browser, shop.url) as seen:
        signed_in(seen)
        seen.go("/stock?show=all")
        seen.page.get_by_role("button", name="Compare now").click()
        seen.page.get_by_role("heading", name="Stock").wait_for()
        seen.go("/flows/invoices")
        seen.page.get_by_role("button", name="Audit now").click()
        seen.page.get_by_role("heading", name="Invoices", exact=True).first.wait_for()

        wait_until(
            lambda: (
                len(
                    shop.rows(
                        "select from errand where kind in ('sync', 'fee-audit') and state = 'done'"
                    )
                )
                == 2
            )
        )
        assert seen.faults == []


def test_a_backup_is_made_tried_and_downloaded(
    browser: "Browser", shop: Merchant, tmp_path: "Path"
) -> None:
    with window(browser, shop.url) as seen:
        signed_in(seen)
        seen.go("/system")
        seen.page.get_by_role("button", name="Back up now").click()
        link = seen.page.get_by_role("link", name="Download")
        link.wait_for(timeout=120_000)
        seen.picture("system with a backup")
        with seen.page.expect_download() as download:
            link.click()
        download.value.save_as(tmp_path / "books.backup")

        seen.page.get_by_role("button", name="Verify").click()
        seen.page.get_by_text("Good", exact=True).wait_for(timeout=120_000)
        seen.picture("system with a backup verified")
        program = Program(shop.url, add_token(shop, "keeps", "admin"))
        listed = program.get("/backups").json()["backups"]
        name = listed[0]["name"]
        taken = program.get(f"/backups/{name}").content
        with (shop.settings.data_dir / "backups" / name).open("r+b") as file:
            file.seek(-100, 2)
            file.write(b"changed")
        asked = program.send("POST", f"/backups/{name}/verify").json()["backups"][0]["tried"]
        seen.go("/system")
        seen.page.get_by_text("Fails", exact=True).wait_for(timeout=120_000)

        assert listed[0]["tried"]["answer"]["proof"] == "restored"
        assert (tmp_path / "books.backup").read_bytes() == taken
        assert taken.startswith(b"ml-connector-backup {")
        assert asked["id"] > listed[0]["tried"]["id"]
        assert seen.page.get_by_role("alert").get_by_text("its seal does not fit").is_visible()
        assert program.send("POST", "/backups/none.backup/verify").status_code == 404
        assert (
            Program(shop.url, add_token(shop, "looks", "viewer")).get("/backups").status_code
            == 403
        )
        assert seen.faults == []
    assert [
        row["what"]
        for row in shop.rows("select what from act where what like 'backup%%' order by id")
    ] == ["backup", "backup.download", "backup.verify", "backup.download"]


def test_a_connection_is_paused_and_resumed(browser: "Browser", shop: Merchant) -> None:
    with window(browser, shop.url) as seen:
        signed_in(seen)
        seen.go("/connections")
        seen.page.get_by_role("button", name="Pause").click()
        seen.page.get_by_text("Paused", exact=True).wait_for()
        seen.picture("connection paused")
        seen.page.get_by_role("button", name="Resume").click()
        seen.page.get_by_text("Live", exact=True).wait_for()

        assert seen.faults == []


def test_a_channel_is_tried_by_a_button_and_the_page_says_that_it_works(
    browser: "Browser", shop: Merchant, channel: HTTPServer
) -> None:
    with window(browser, shop.url) as seen:
        signed_in(seen)
        seen.go("/alarms")
        seen.page.get_by_role("button", name="Test channel 0").click()
        seen.page.get_by_text("A test message is on its way").wait_for()

        def works() -> bool:
            seen.go("/alarms")
            return seen.page.get_by_text("Works", exact=True).count() > 0

        wait_until(works)
        seen.picture("alarms tried")
        heard = [json.loads(request.data) for request, _ in channel.log]

        assert "acme: a test" in {one["title"].removeprefix("ml-connector ") for one in heard}
        assert "CANARY" not in seen.page.content()
        assert seen.faults == []


def test_pages_are_read_without_scripts(browser: "Browser", shop: Merchant) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        seen = Window(context.new_page(), shop.url, "plain")
        seen.go("/overview")
        seen.page.get_by_label("Name").fill("boss")
        seen.page.get_by_label("Password").fill(PASSWORD)
        seen.page.get_by_role("button", name="Sign in").click()
        for path in PAGES:
            assert seen.go(path) == 200
            assert seen.page.get_by_role("heading", level=1).is_visible()
        seen.go("/overview")
        drawn = seen.page.locator(".plot svg.chart").first

        assert drawn.is_visible()
    finally:
        context.close()
