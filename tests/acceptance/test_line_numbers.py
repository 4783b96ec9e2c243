"""Accounts number the lines of orders in different ways: no document ever takes another line."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from acceptance.closing import close, found, sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail, units
from acceptance.returning import QUARANTINE, WRITE_OFF, Desk
from ml_connector.sim.netsuite.books.company import LineNumbering
from ml_connector.sim.shipbob.books.orders import Order, Shipment
from ml_connector.sim.shipbob.books.receiving import Wro
from ml_connector.sim.shipbob.books.returns import Return
from waiting import wait_until

READ = "?expandSubResources=true"


@pytest.fixture(scope="module")
def furnished(quiet: Merchant) -> Merchant:
    """The merchant with what returns need."""
    netsuite = quiet.world.netsuite
    netsuite.add_location("ShipBob quarantine", internal_id=QUARANTINE, subsidiary=1)
    netsuite.add_account("Write-off", internal_id=WRITE_OFF, account_type="COGS")
    netsuite.add_customer("Pat Doe", internal_id=401, subsidiary=1)
    Desk(quiet).apply()
    return quiet


@pytest.fixture
def acme(furnished: Merchant) -> Iterator[Merchant]:
    yield furnished
    number_lines(furnished, "equal")


def number_lines(acme: Merchant, numbering: LineNumbering) -> None:
    acme.world.netsuite.preferences.line_numbers = numbering


class Story(NamedTuple):
    """A WRO, a shipment and two returns, each of the second line of an order of three."""

    skus: list[str]
    wro: Wro
    order: Order
    shipment: Shipment
    authorized: Return
    sold: Return

    @property
    def keys(self) -> list[str]:
        every = (self.wro, self.shipment, self.authorized, self.sold)
        return [str(one.id) for one in every]


def told(acme: Merchant) -> Story:
    """Let it all happen at ShipBob; nobody has told us."""
    retail, desk = Retail(acme), Desk(acme)
    skus = [retail.sku() for _ in range(3)]
    wro = acme.deliver({skus[1]: 7}, number=acme.order({skus[0]: 5, skus[1]: 7, skus[2]: 9}))
    order = retail.sell({skus[0]: 1}, {skus[1]: 2}, {skus[2]: 3})
    acme.world.shipbob.ship(order.shipments[1])
    authorized = desk.announce({skus[1]: 1}, desk.authorize({skus[0]: 4, skus[1]: 1, skus[2]: 4}))
    _, _, before = desk.sell(dict.fromkeys(skus, 2))
    sold = desk.announce({skus[1]: 2}, shipment=before, return_type="ReturnToSender")
    desk.complete(authorized, {skus[1]: {"Restock": 1}})
    desk.complete(sold, {skus[1]: {"Restock": 2}})
    return Story(skus, wro, order, order.shipments[1], authorized, sold)


def look(acme: Merchant, story: Story) -> None:
    """Let all flows look at what has happened."""
    sync(acme, "receiving", story.wro.id)
    sync(acme, "tracking", story.shipment.id)
    sync(acme, "returns", story.authorized.id, story.sold.id)


def states(acme: Merchant, story: Story) -> dict[str, set[str]]:
    rows = acme.rows(
        "select flow, state, cause from subject where key = any (%(keys)s)", keys=story.keys
    )
    every: dict[str, set[str]] = {}
    for row in rows:
        every.setdefault(row["flow"], set()).add(row["cause"] or row["state"])
    return every


def posted(acme: Merchant, story: Story) -> list[tuple[str, str, int]]:
    """The lines of our documents in NetSuite: record type, SKU and units."""
    ours = [
        one
        for one in acme.world.netsuite.documents()
        if str(one.get("externalId", "")).startswith("mlc-")
        and set(story.keys) & set(str(one["externalId"]).split("-"))
    ]
    return sorted(
        (str(one["recordType"]), sku, int(count))
        for one in ours
        if one["recordType"] != "returnAuthorization"
        for sku, (count, _) in units(one).items()
    )


def right(story: Story) -> list[tuple[str, str, int]]:
    second = story.skus[1]
    receipts = [("itemReceipt", second, units) for units in (1, 2, 7)]
    return [("itemFulfillment", second, 2), *receipts]


def stopped(acme: Merchant, story: Story) -> set[str]:
    """Return which of the story's sources the month end can't be green for."""
    report = close(acme)
    named = {name.rpartition(" ")[2] for _, name in found(report)}
    return named & set(story.keys)


DONE = {"receiving": {"done"}, "tracking": {"done"}, "returns": {"done"}}
UNCLEAR = {flow: {"line_numbers_unclear"} for flow in DONE}


@pytest.mark.parametrize("numbering", ["equal", "gaps"])
def test_lines_that_have_one_number_are_taken_as_they_are_meant(
    acme: Merchant, numbering: LineNumbering
) -> None:
    number_lines(acme, numbering)
    story = told(acme)
    look(acme, story)

    assert states(acme, story) == DONE
    assert posted(acme, story) == right(story)
    assert stopped(acme, story) == set()


@pytest.mark.parametrize(("numbering", "put_right"), [("shifted", "equal"), ("sequence", "gaps")])
def test_lines_that_have_two_numbers_are_not_taken_until_they_have_one(
    acme: Merchant, numbering: LineNumbering, put_right: LineNumbering
) -> None:
    number_lines(acme, numbering)
    story = told(acme)
    look(acme, story)
    waited = states(acme, story), posted(acme, story), stopped(acme, story)
    number_lines(acme, put_right)
    with acme.serving():
        wait_until(lambda: states(acme, story) == DONE)

    assert waited == (UNCLEAR, [], set(story.keys))
    assert posted(acme, story) == right(story)
    assert stopped(acme, story) == set()
