"""The desk in a browser: what needs a person, deciding, events, search, a story."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import pytest

from acceptance.desk import subject_id
from acceptance.merchant import Merchant, fresh_database, merchant
from browser.chromium import LOOKS, Scheme, Window, chromium, window
from ml_connector.sim.shipbob.books.receiving import Wro
from web.browser import PASSWORD
from web.people import add_user

if TYPE_CHECKING:
    from playwright.sync_api import Browser

EVIL = "<script>document.title='taken'</script>\"'><img src=x onerror=alert(1)>"
BIDI = "SKU-\u202eLX-1377-WEN\u202c"
LONG = "X" * 10_000


class Desk(NamedTuple):
    """A merchant with things that need a person.

    Attributes:
        waits: WROs that wait for one SKU.
        odd: a WRO of odd SKUs.
        done: a WRO that is booked.
    """

    acme: Merchant
    waits: tuple[Wro, ...]
    odd: tuple[Wro, ...]
    done: Wro


@pytest.fixture(scope="module")
def desk(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("desk"), url) as acme,
        acme.serving(console=True),
    ):
        add_user(acme, "fiona", "finance")
        add_user(acme, "vera", "viewer")
        missing = acme.sku("NEW-7731-XL", in_netsuite=False)
        waits = tuple(acme.deliver({missing: units}) for units in (120, 72, 48))
        odd = []
        for text in (EVIL, BIDI, LONG):
            acme.world.shipbob.add_product(text)
            odd.append(acme.deliver({text: 5}))
        sku = acme.sku("HM-0091")
        done = acme.deliver({sku: 80}, number=acme.order({sku: 80}))
        for wro in (*waits, *odd):
            acme.wait_for(wro, "parked")
        acme.wait_for(done)
        yield Desk(acme, waits, tuple(odd), done)


@pytest.fixture(scope="module")
def browser(desk: Desk) -> "Iterator[Browser]":
    """Begins when the desk is there: beside Playwright's event loop no other can begin."""
    assert desk.done.id
    with chromium() as started:
        yield started


def signed_in(seen: Window, name: str = "fiona") -> None:
    assert seen.go("/sign-in") == 200
    seen.page.fill("input[name=name]", name)
    seen.page.fill("input[name=password]", PASSWORD)
    seen.page.click("main button, form button.main-act")
    seen.page.wait_for_url("**/*")


def confirm(seen: Window) -> None:
    """Press the main act of the drawer, and see that it waits."""
    seen.page.click("#decide footer button.main-act")
    seen.page.wait_for_selector(".toast:has-text('in 8 seconds')")


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_every_page_is_readable(browser: "Browser", desk: Desk, size: str, scheme: Scheme) -> None:
    first = subject_id(desk.acme, desk.waits[0])
    pages = {
        "attention": "/attention",
        "attention-decide": f"/attention?decide={first}#decide",
        "events": "/events",
        "search": "/search?q=new-7731",
        "search-nothing": "/search?q=nothing-like-it",
        "story-stopped": f"/subjects/{first}",
        "story-done": f"/subjects/{subject_id(desk.acme, desk.done)}",
        "story-odd": f"/subjects/{subject_id(desk.acme, desk.odd[0])}",
        "story-long": f"/subjects/{subject_id(desk.acme, desk.odd[2])}",
    }
    with window(browser, desk.acme.url, size=size, scheme=scheme) as seen:
        signed_in(seen)
        for name, path in pages.items():
            assert seen.go(path) == 200, path
            seen.picture(f"desk {name}")

            assert seen.obstacles() == [], path
            assert not seen.scrolls_sideways, path
            assert "taken" not in seen.page.title()
        assert seen.faults == []


def test_a_decision_is_looked_at_made_and_undone(browser: "Browser", desk: Desk) -> None:
    wro = desk.odd[1]
    with window(browser, desk.acme.url) as seen:
        seen.page.clock.install()
        signed_in(seen)
        one = subject_id(desk.acme, wro)
        seen.go(f"/attention?decide={one}&choose=not-ours#decide")
        seen.page.click("text=Look at what it leads to")
        seen.page.wait_for_selector("text=Not ours leads to")
        seen.picture("desk decide preview")
        leads_to = seen.page.inner_text("#decide")
        obstacles = seen.obstacles()
        seen.page.fill("textarea[name=note]", "A sample for us")
        confirm(seen)
        seen.picture("desk decision waits")
        seen.page.get_by_role("button", name="Undo", exact=True).last.click()
        seen.page.wait_for_selector(".toast", state="detached")
        undone = desk.acme.rows("select id from decision where key = %(key)s", key=str(wro.id))
        confirm(seen)
        seen.page.clock.fast_forward(9_000)
        seen.page.wait_for_selector("text=Decided: not-ours")
        seen.picture("desk decided")
        desk.acme.wait_for(wro)
        seen.page.click("#decide footer button")
        seen.page.wait_for_selector("text=Taken back: not-ours")
        seen.picture("desk taken back")

        assert undone == []
        assert "5 of" in leads_to
        assert obstacles == []
        assert seen.faults == []
    desk.acme.wait_for(wro, "parked")
    decided = desk.acme.rows(
        "select person, taken_back_by from decision where key = %(key)s", key=str(wro.id)
    )
    assert decided == [{"person": "fiona", "taken_back_by": "fiona"}]


def test_who_leaves_the_page_has_confirmed_the_decision(browser: "Browser", desk: Desk) -> None:
    wro = desk.odd[0]
    with window(browser, desk.acme.url) as seen:
        signed_in(seen)
        one = subject_id(desk.acme, wro)
        seen.go(f"/attention?decide={one}&choose=not-ours#decide")
        seen.page.click("text=Look at what it leads to")
        seen.page.wait_for_selector("text=Not ours leads to")
        seen.page.fill("textarea[name=note]", "A sample for us")
        confirm(seen)
        seen.go("/overview")
        desk.acme.wait_for(wro)

        assert seen.faults == []
    assert desk.acme.rows("select note from decision where key = %(key)s", key=str(wro.id)) == [
        {"note": "A sample for us"}
    ]


def test_keys_move_select_and_search(browser: "Browser", desk: Desk) -> None:
    with window(browser, desk.acme.url) as seen:
        signed_in(seen)
        seen.go("/attention")
        seen.page.keyboard.press("j")
        seen.page.keyboard.press("x")
        selected = seen.page.inner_text(".bulk [data-count]")
        seen.page.keyboard.press("/")
        seen.page.keyboard.type(str(desk.done.id))
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_selector(f"h1:has-text('WRO {desk.done.id}')")

        assert selected == "1"
        assert seen.faults == []


def test_a_viewer_sees_no_acts(browser: "Browser", desk: Desk) -> None:
    with window(browser, desk.acme.url) as seen:
        signed_in(seen, "vera")
        seen.go("/attention")
        seen.picture("desk attention viewer")

        assert seen.page.locator("main form[method=post]").count() == 0
        assert seen.page.locator("text=Try again").count() == 0
        assert seen.obstacles() == []
