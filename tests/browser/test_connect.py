"""A connection is set up in a browser, from nothing to the first receipt."""

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from acceptance.merchant import LOCATIONS, Merchant
from browser.chromium import LOOKS, Scheme, Window, window
from ml_connector.sim.world import CLIENT_ID
from waiting import wait_until
from web.browser import PASSWORD
from web.people import add_user

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser


@pytest.fixture(scope="module", autouse=True)
def _people(shop: Merchant) -> None:
    add_user(shop, "keeper", "admin")
    add_user(shop, "packer", "warehouse")


def signed_in(seen: Window, name: str, path: str) -> None:
    seen.go(path)
    seen.page.get_by_label("Name").fill(name)
    seen.page.get_by_label("Password").fill(PASSWORD)
    seen.page.get_by_role("button", name="Sign in").click()
    seen.page.wait_for_load_state()


def well(seen: Window, of: str) -> None:
    seen.picture(of)
    assert seen.obstacles() == []
    assert not seen.scrolls_sideways


@pytest.mark.parametrize(("size", "scheme"), LOOKS[:1])
def test_a_connection_is_set_up_tried_and_applied(
    browser: "Browser", shop: Merchant, tmp_path: "Path", size: str, scheme: Scheme
) -> None:
    name = f"{size}-one"
    # The same two accounts are connected already, which must end before another posts.
    shop.command("connection", "pause", "acme")
    sku = shop.sku()
    shop.sku("odd name", in_netsuite=False)
    with window(browser, shop.url, size=size, scheme=scheme) as seen:
        begins(seen, shop, name)
        signs_in_to_netsuite(seen, shop, tmp_path / "shop.cer")
        signs_in_to_shipbob(seen, shop)
        shop.deliver({sku: 5})
        chooses_what_was_found(seen)
        chooses_rules(seen)
        seen.page.get_by_role("button", name="Connect in dry run").click()
        seen.page.get_by_text("Nothing has been posted").wait_for(timeout=60_000)
        looks_at_what_would_be_posted(seen)
        keeps_the_file(seen, shop, tmp_path / "kept.toml")

        shop.command("sync", "receiving", "--connection", name)
        assert stock(shop, sku) == 0
        seen.page.get_by_role("button", name="Go live").click()
        seen.page.get_by_text("is live").wait_for()
        wait_until(lambda: stock(shop, sku) == 5)
        shop.command("connection", "remove", name, "--yes")
    assert [one for one in seen.faults if "400" not in one] == []  # what was typed wrong


def begins(seen: Window, shop: Merchant, name: str) -> None:
    signed_in(seen, "keeper", "/connect")
    well(seen, "connect begin")
    seen.page.get_by_label("Name of the connection").fill(name)
    seen.page.get_by_label("NetSuite account id").fill(shop.world.netsuite.account_id)
    seen.page.get_by_role("button", name="Begin").click()


def signs_in_to_netsuite(seen: Window, shop: Merchant, file: "Path") -> None:
    page, world = seen.page, shop.world
    page.get_by_role("button", name="Make the certificate").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the certificate").click()
    download.value.save_as(file)
    uploaded = world.netsuite.register_certificate(CLIENT_ID, file.read_text("ascii"))
    page.get_by_label("Client id of the integration").fill(CLIENT_ID)
    page.get_by_label("Certificate id").fill("wrong")
    page.get_by_text("Other addresses").click()
    page.get_by_label("Base address").fill(world.netsuite_server.url)
    page.get_by_label("Address of RESTlets").fill(world.netsuite_server.url)
    page.get_by_role("button", name="Save and try").click()
    page.locator(".mk.miss").first.wait_for()
    well(seen, "connect netsuite refused")
    page.get_by_label("Certificate id").fill(uploaded)
    page.get_by_role("button", name="Save and try").click()
    page.locator(".mk.ok").first.wait_for()
    well(seen, "connect netsuite")
    page.get_by_role("link", name="Go on").click()


def signs_in_to_shipbob(seen: Window, shop: Merchant) -> None:
    page, world = seen.page, shop.world
    page.get_by_label("Personal access token").fill(world.token)
    page.get_by_text("Other addresses").click()
    page.get_by_label("Address of the API").fill(world.api_server.url)
    page.get_by_label("Address of the sign-in").fill(world.auth_server.url)
    page.get_by_role("button", name="Save and try").click()
    page.locator(".mk.ok").first.wait_for()
    assert world.token not in page.content()
    gives_consent(seen, shop)
    well(seen, "connect shipbob")
    page.get_by_role("link", name="Go on").click()


def gives_consent(seen: Window, shop: Merchant) -> None:
    page, application = seen.page, shop.world.application
    application.redirect_uris = (f"{shop.url}/oauth/shipbob/callback",)
    page.get_by_label("Client id of the application").fill(application.client_id)
    page.get_by_label("Client secret").fill("wrong")
    page.get_by_role("button", name="Save and give consent at ShipBob").click()
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("link", name="Back to the set-up").click()
    page.get_by_label("Client secret").fill(str(application.client_secret))
    page.get_by_role("button", name="Save and give consent at ShipBob").click()
    page.get_by_role("button", name="Allow").click()
    page.get_by_text("Given", exact=True).wait_for()
    assert page.url.endswith("/shipbob")
    seen.faults[:] = [one for one in seen.faults if "404" not in one]  # ShipBob's has no icon
    page.get_by_text("4, 3 of them can be written to").wait_for()


def chooses_what_was_found(seen: Window) -> None:
    page = seen.page
    page.get_by_role("heading", name="Where ShipBob's centers are").wait_for()
    page.get_by_role("heading", name="SKUs to settle").wait_for()
    assert page.get_by_text("No such item").count()
    page.get_by_label("External id of the sales order").check()
    for center, location in LOCATIONS.items():
        page.locator(f"select[name='location-{center}']").select_option(str(location))
    page.get_by_label("Account of inventory adjustments").select_option("54")
    page.get_by_label("Vendor of ShipBob's bills").select_option("302")
    page.get_by_label("Account of ShipBob's fees").select_option("62")
    page.get_by_label("Subsidiary").select_option("1")
    chosen = page.get_by_label("Channel at ShipBob").locator("option:checked").inner_text()
    assert "ml-connector" in chosen  # the one that the consent made
    well(seen, "connect found")
    page.get_by_role("button", name="Accept and go on").click()


def chooses_rules(seen: Window) -> None:
    page = seen.page
    page.get_by_text("were read with").wait_for(timeout=60_000)
    assert (
        page.get_by_role("row", name="A WRO has the number of no order")
        .get_by_text("1 WRO")
        .count()
    )
    page.get_by_label("A WRO has the number of no order").select_option("park")
    page.get_by_role("button", name="Try on recent facts").click()
    page.get_by_role("heading", name="Would wait as it is chosen").wait_for(timeout=60_000)
    well(seen, "connect rules tried")
    page.get_by_label("A WRO has the number of no order").select_option("adjust")
    assert page.get_by_label("Days by the clock of").input_value() == "America/Chicago"
    page.get_by_label("Days by the clock of").fill("Nowhere/Here")
    page.get_by_label("Nothing before").fill("2026-11-01")
    page.get_by_role("button", name="Accept and go on").click()
    assert "is no time zone" in page.get_by_role("alert").inner_text()
    page.get_by_label("Nothing before").fill("2026-11-01")
    page.get_by_label("Days by the clock of").fill("America/Chicago")
    well(seen, "connect rules")
    page.get_by_role("button", name="Accept and go on").click()
    well(seen, "connect apply")


def looks_at_what_would_be_posted(seen: Window) -> None:
    page = seen.page
    page.get_by_role("heading", name="Document by document").wait_for(timeout=60_000)
    assert page.locator("tr", has_text="receiving").count()
    well(seen, "connect dry run")
    page.get_by_role("link", name="Would wait").click()
    page.get_by_text("Nothing would wait").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "inventoryAdjustment" in download.value.path().read_text("utf-8")


def keeps_the_file(seen: Window, shop: Merchant, file: "Path") -> None:
    with seen.page.expect_download() as download:
        seen.page.get_by_role("link", name="Connection file").click()
    download.value.save_as(file)
    text = file.read_text("utf-8")

    assert 'token = "env:SHIPBOB_TOKEN"' in text
    assert shop.world.token not in text


def stock(shop: Merchant, sku: str) -> Decimal:
    return shop.world.netsuite.stock().get((sku, 6), Decimal(0))


def test_only_who_may_connect_sees_the_set_up(browser: "Browser", shop: Merchant) -> None:
    with window(browser, shop.url) as seen:
        signed_in(seen, "packer", "/connect")

        assert seen.go("/connect") == 403
        seen.go("/connections")
        assert seen.page.get_by_role("link", name="Connect two accounts").count() == 0
