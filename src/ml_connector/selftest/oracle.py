"""What must be in the books of both systems after the story, asked without the flows.

It reads the simulators' own tables: what moved, what hangs on which line, what the ledger says.
Nothing of the connector's is asked, not even the names that it gives its documents, which some
worlds don't keep.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ml_connector.selftest.story import (
    LOCATIONS,
    ORDERED,
    SHIPBOBS_VENDOR,
    CondensedStory,
)
from ml_connector.sim.shipbob.books.orders import Shipment

PAYABLE: Final = 904
"""Accounts payable in every simulated company."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that is wrong in the books.

    Attributes:
        what: a sentence.
        subjects: those of which one must be stopped, by flow and key, or nobody knows of it.
            The key ``*`` stands for all of a flow.
    """

    what: str
    subjects: Collection[tuple[str, str]]


def faults(story: CondensedStory) -> list[Fault]:
    """Return what is wrong in the books."""
    return [
        *_stock(story),
        *_announced(story),
        *_received(story),
        *_shipped(story),
        *_billed(story),
    ]


def _stock(story: CondensedStory) -> Iterator[Fault]:
    """Every SKU at every place: as many in one system as in the other."""
    shipbob = {
        (sku, LOCATIONS[center]): units
        for (sku, center), units in story.world.shipbob.stock().items()
    }
    netsuite = {key: int(units) for key, units in story.world.netsuite.stock().items()}
    for sku, place in sorted(shipbob.keys() | netsuite.keys()):
        here, there = shipbob.get((sku, place), 0), netsuite.get((sku, place), 0)
        if here != there:
            yield Fault(
                what=f"{sku} at location {place}: {here} at ShipBob, {there} in NetSuite",
                subjects=_moving(story, sku),
            )


def _moving(story: CondensedStory, sku: str) -> list[tuple[str, str]]:
    """The subjects that move a SKU."""
    found = []
    if sku in {"TEE", "CAP"}:
        found += [("receiving", str(one.id)) for one in story.wros()]
    if sku == "NEW" and story.unordered is not None:
        found.append(("receiving", str(story.unordered.id)))
    if sku in {"MUG", "PEN", "BEAN", "BAG"} and story.order is not None:
        first, second = story.order.shipments
        found += _of_shipment(story, second if sku == "PEN" else first)
    if sku == "MUG" and story.returned is not None:
        found.append(("returns", str(story.returned.id)))
    return found


def _of_shipment(story: CondensedStory, shipment: Shipment) -> list[tuple[str, str]]:
    """A shipment's subject, and that of its order, which stands for it until it can be read."""
    order = story.world.shipbob.books.orders.of(shipment)
    return [("tracking", str(shipment.id)), ("tracking", f"order-{order.id}")]


def _announced(story: CondensedStory) -> Iterator[Fault]:
    """One WRO for each place of the purchase order, of the units that were ordered."""
    products = story.world.shipbob.books.products.by_inventory_id
    found: dict[tuple[str, int], int] = {}
    for wro in story.wros():
        for box in wro.boxes:
            for item in box.items:
                key = (products[item.inventory_id].sku, LOCATIONS[wro.center_id])
                found[key] = found.get(key, 0) + item.quantity
    if story.purchase_order and found != ORDERED:
        yield Fault(
            what=f"WROs of the purchase order hold {found}, ordered were {ORDERED}",
            subjects=[("purchase_orders", str(story.purchase_order))],
        )


def _received(story: CondensedStory) -> Iterator[Fault]:
    """No line of the purchase order has more than was ordered, and what fits is on lines."""
    subjects = [("receiving", str(one.id)) for one in story.wros()]
    stowed: dict[int, int] = {}
    for wro in story.wros():
        place = LOCATIONS[wro.center_id]
        for box in wro.boxes:
            stowed[place] = stowed.get(place, 0) + sum(item.stowed for item in box.items)
    received: dict[int, int] = {}
    for line, place, ordered, units in _lines(story, story.purchase_order):
        received[place] = received.get(place, 0) + units
        if units > ordered:
            yield Fault(
                what=f"line {line} of the purchase order: {units} received of {ordered}",
                subjects=subjects,
            )
    for (_, place), ordered in ORDERED.items():
        due = min(ordered, stowed.get(place, 0))
        if story.purchase_order and received.get(place, 0) != due:
            yield Fault(
                what=f"location {place} of the purchase order: {received.get(place, 0)} received,"
                f" {due} due",
                subjects=subjects,
            )


def _shipped(story: CondensedStory) -> Iterator[Fault]:
    """Every line of the sales order is fulfilled once, and each parcel's number is known."""
    if story.order is None:
        return
    subjects = [one for each in story.order.shipments for one in _of_shipment(story, each)]
    for line, _, ordered, units in _lines(story, story.sales_order):
        if units != ordered:
            yield Fault(
                what=f"line {line} of the sales order: {units} fulfilled of {ordered}",
                subjects=subjects,
            )
    books = story.world.netsuite.books
    rows = books.rows(
        "SELECT n.trackingnumber AS number FROM trackingnumbermap m JOIN trackingnumber n"
        " ON n.id = m.trackingnumber"
    )
    known = sorted(str(row["number"]) for row in rows)
    for shipment in story.order.shipments:
        for parcel in shipment.parcels:
            if known.count(str(parcel.tracking_number)) != 1:
                yield Fault(
                    what=f"tracking number {parcel.tracking_number} stands"
                    f" {known.count(str(parcel.tracking_number))} times in NetSuite",
                    subjects=_of_shipment(story, shipment),
                )


def _lines(story: CondensedStory, document: int) -> list[tuple[int, int, int, int]]:
    """Return id, location, units ordered and units done of each line of an order."""
    rows = story.world.netsuite.books.rows(
        "SELECT l.id, l.location, ABS(l.quantity) AS ordered,"
        " (SELECT COALESCE(SUM(k.quantity), 0) FROM _link k WHERE k.linktype = 'ShipRcpt'"
        '  AND k.previousdoc = l."transaction" AND k.previousline = l.id) AS done'
        " FROM transactionline l WHERE l.\"transaction\" = ? AND l.mainline = 'F'"
        " AND l.item IS NOT NULL AND l._side IS NULL",
        (document,),
    )
    return [
        (_int(row["id"]), _int(row["location"]), _int(row["ordered"]), _int(row["done"]))
        for row in rows
    ]


def _billed(story: CondensedStory) -> Iterator[Fault]:
    """For every invoice, NetSuite owes ShipBob its amount, once."""
    rows = story.world.netsuite.books.rows(
        'SELECT t.tranid AS number, SUM(a.amount) AS amount FROM "transaction" t'
        ' JOIN transactionaccountingline a ON a."transaction" = t.id'
        " WHERE t.entity = ? AND a.account = ? GROUP BY t.tranid",
        (SHIPBOBS_VENDOR, PAYABLE),
    )
    owed = {str(row["number"]): -Decimal(str(row["amount"])) for row in rows}
    invoices = {
        str(one.id): one.amount
        for one in story.world.shipbob.books.billing.invoices.values()
        if one.type != "Payment"
    }
    for number in sorted(owed.keys() | invoices.keys()):
        have, due = owed.get(number, Decimal(0)), invoices.get(number, Decimal(0))
        if have != due:
            yield Fault(
                what=f"invoice {number}: {due} at ShipBob, {have} owed in NetSuite",
                subjects=[("billing", number)],
            )


def _int(value: object) -> int:
    return int(float(str(value or 0)))
