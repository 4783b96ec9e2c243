"""Accounts number the lines of orders in different ways: no document ever takes another line."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from acceptance.closing import close, found, sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail, units
from acceptance.returning import QUARANTINE, WRITE_OFF, Desk
from ml_connector.sim.netsuite.books.company import LineNumbering
from ml_connector.sim.netsuite.simulator import DEFAULT_ROLE
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


def in_stock(acme: Merchant, story: Story) -> bool:
    """Whether the comparison of stock shows nothing of the story that somebody has to explain.

    What was sold of the simulated shop lies at ShipBob only.
    """
    rows = sync(acme, "inventory").details
    return {row["sku"] for row in rows if row["drift"]} & {story.skus[1]} == set()


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
    assert in_stock(acme, story)


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
    assert in_stock(acme, story)


def received(acme: Merchant, wro: Wro) -> tuple[str, int]:
    """Let receiving look at a WRO; return what stopped it and how many documents were made."""
    sync(acme, "receiving", wro.id)
    subject = acme.subject(wro)
    return subject["cause"] or subject["state"], len(acme.documents(wro))


def test_an_order_of_one_line_shows_a_shift_by_the_number_that_is_missing(acme: Merchant) -> None:
    number_lines(acme, "shifted")
    sku = acme.sku()
    wro = acme.deliver({sku: 5}, number=acme.order({sku: 5}))

    assert received(acme, wro) == ("line_numbers_unclear", 0)
    assert "its record has no line 1 (it has: 2)" in sentence(acme, wro)


def test_lines_that_look_alike_are_not_taken_where_another_shows_the_shift(
    acme: Merchant,
) -> None:
    """REST has 1, 2, 3 where queries have 1, 3, 2: lines 1 and 4 alone would look well."""
    tee, cap = acme.sku("TEE"), acme.sku("CAP")
    number = f"PO{4711 + next(acme.numbers)}"
    rows = [(tee, 1), (tee, 3), (cap, 2), (tee, 4)]
    acme.world.netsuite.add_purchase_order(
        number,
        vendor=301,
        location=6,
        lines=[
            {"item": sku, "quantity": 5, "rate": "4.20", "location": 6, "line": line}
            for sku, line in rows
        ],
    )
    number_lines(acme, "sequence")
    wro = acme.deliver({tee: 5}, number=number)

    assert received(acme, wro) == ("line_numbers_unclear", 0)
    assert "line 2 is of item" in sentence(acme, wro)


def test_what_was_proved_holds_and_a_line_that_is_new_is_proved(acme: Merchant) -> None:
    tee, cap = acme.sku("TEE"), acme.sku("CAP")
    number = acme.order({tee: 10})
    first = acme.deliver({tee: 4}, number=number)
    before = received(acme, first)
    number_lines(acme, "shifted")
    second = acme.deliver({tee: 3}, number=number)
    again = received(acme, second)
    [order] = [one for one in acme.world.netsuite.documents() if one.get("tranId") == number]
    acme.world.netsuite.edit(
        "purchaseOrder",
        int(order["id"]),
        {"item": {"items": [{"item": {"id": item_of(acme, cap)}, "quantity": 2, "location": 6}]}},
    )
    third = acme.deliver({cap: 2}, number=number)

    assert before == ("done", 1)
    assert again[0] != "line_numbers_unclear"
    assert received(acme, third) == ("line_numbers_unclear", 0)


def test_a_sales_order_with_a_hidden_item_is_not_fulfilled_until_it_can_be_seen(
    acme: Merchant,
) -> None:
    """NetSuite takes an open line that a fulfilment doesn't name in full."""
    retail, netsuite = Retail(acme), acme.world.netsuite
    tee, hidden = retail.sku(), retail.sku()
    order = retail.sell({tee: 2}, {hidden: 3})
    shipment = order.shipments[0]
    acme.world.shipbob.ship(shipment)
    netsuite.hide_item(hidden)
    sync(acme, "tracking", shipment.id)
    [stopped] = acme.rows("select * from subject where key = %(key)s", key=str(shipment.id))
    netsuite.roles.add(DEFAULT_ROLE, "Integration")
    with acme.serving():
        retail.wait_for(shipment)
    [made] = retail.fulfillments(order)

    assert stopped["cause"] == "line_numbers_unclear"
    assert "has open lines that NetSuite's queries don't show" in stopped["sentence"]
    assert units(made) == {tee: (2.0, "6")}


def item_of(acme: Merchant, sku: str) -> str:
    rows = acme.world.netsuite.company.books.rows("SELECT id FROM _item WHERE itemid = ?", (sku,))
    return str(rows[0]["id"])


def sentence(acme: Merchant, wro: Wro) -> str:
    [row] = acme.rows(
        "select sentence as said from subject where key = %(key)s",
        key=str(wro.id),
    )
    return str(row["said"])
