"""Where ShipBob sends the browser after consent."""

from typing import TYPE_CHECKING

import pytest

from acceptance.merchant import Merchant
from browser.chromium import LOOKS, Scheme, window

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_who_comes_without_consent_is_told_where_to_begin(
    browser: "Browser", shop: Merchant, size: str, scheme: Scheme
) -> None:
    with window(browser, shop.url, size=size, scheme=scheme) as seen:
        assert seen.go("/oauth/shipbob/callback") == 200
        assert seen.page.get_by_role("heading").inner_text() == "Nothing came back from ShipBob"
        seen.picture("consent")
        assert seen.obstacles() == []
        assert not seen.scrolls_sideways
        assert seen.faults == []
