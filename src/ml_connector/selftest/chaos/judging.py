"""What the books of both systems hold at the end, beside what they must hold. Mostly pure.

What must be there is told by the story and by ShipBob's own books; what is there, by NetSuite's.
The installation is not asked.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ml_connector.selftest.oracle import PAYABLE
from ml_connector.sim.stories.retail_catalogue import CENTERS
from ml_connector.sim.stories.retailer import BILLING_VENDOR, RetailerStory
from ml_connector.sim.world import World

Amounts = Mapping[tuple[str, ...], Decimal]
"""Units, money or a number of documents, by what it is of."""

PUSHED_TO: Final = CENTERS[0].location
"""NetSuite's location of every purchase order that the service announces."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is wrong in the books, a sentence for each thing.

    Attributes:
        lost: there is less than must be.
        doubled: there is more.
    """

    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()


def judge(must: Amounts, there: Amounts) -> Verdict:
    """Return what is missing and what is too much. Pure."""
    lost: list[str] = []
    doubled: list[str] = []
    for key in sorted(must.keys() | there.keys()):
        wanted, found = must.get(key, Decimal(0)), there.get(key, Decimal(0))
        if wanted == found:
            continue
        more = abs(found) > abs(wanted) and found * wanted >= 0
        (doubled if more else lost).append(f"{' '.join(key)}: {found} of {wanted}")
    return Verdict(lost=tuple(lost), doubled=tuple(doubled))


def _summed(parts: Iterable[tuple[tuple[str, ...], Decimal | int]]) -> Amounts:
    found: dict[tuple[str, ...], Decimal] = {}
    for key, amount in parts:
        found[key] = found.get(key, Decimal(0)) + Decimal(amount)
    return {key: amount for key, amount in found.items() if amount}


def must_be(both: World, story: RetailerStory, pushed: Mapping[str, Mapping[str, int]]) -> Amounts:
    """Return what must be in NetSuite, and one WRO for each order that was pushed.

    Args:
        both: the systems.
        story: that was played to its end.
        pushed: units by SKU of each purchase order that the service announces and that came in.
    """
    return _summed(
        [
            *_units_of_orders(story, pushed),
            *_told_by_shipbob(both),
            *((("WROs of", number), 1) for number in pushed),
            *_stock(story, pushed),
        ]
    )


def _units_of_orders(
    story: RetailerStory, pushed: Mapping[str, Mapping[str, int]]
) -> Iterator[tuple[tuple[str, ...], int]]:
    expected = story.expected
    for (number, _), parts in expected.fulfilled.items():
        for sku, units in parts.items():
            yield ("fulfilled", number, sku), units
    for number, received in (*expected.receipts.items(), *pushed.items()):
        for sku, units in received.items():
            yield ("received", number, sku), units
    for (sku, _, _), units in expected.returned.items():
        yield ("came back", sku), units


def _told_by_shipbob(both: World) -> Iterator[tuple[tuple[str, ...], Decimal | int]]:
    """Its parcels and invoices; a payment is never billed."""
    books = both.shipbob.books
    for shipment in books.orders.shipments.values():
        if shipment.labelled and shipment.status != "Cancelled":
            for parcel in shipment.parcels:
                yield ("tracking number", str(parcel.tracking_number)), 1
    for one in books.billing.invoices.values():
        if one.type != "Payment":
            yield ("invoice", str(one.id)), one.amount


def _stock(
    story: RetailerStory, pushed: Mapping[str, Mapping[str, int]]
) -> Iterator[tuple[tuple[str, ...], int]]:
    for (sku, location), units in story.expected.netsuite.items():
        yield ("stock", sku, str(location)), units
    for parts in pushed.values():
        for sku, units in parts.items():
            yield ("stock", sku, str(PUSHED_TO)), units


def there_is(both: World, pushed: Mapping[str, Mapping[str, int]]) -> Amounts:
    """Return what is in NetSuite, and the WROs of each order that was pushed."""
    documents = both.netsuite.documents()
    numbers = {
        str(one["id"]): str(one.get("tranId"))
        for one in documents
        if one["recordType"] != "returnAuthorization"
    }
    wros = Counter(
        _number_of(str(wro.purchase_order_number or ""), pushed)
        for wro in both.shipbob.books.receiving.wros.values()
    )
    return _summed(
        [
            *_moved(documents, numbers, "itemFulfillment", "fulfilled"),
            *_moved(documents, numbers, "itemReceipt", "received"),
            *(
                (("tracking number", str(package["packageTrackingNumber"])), 1)
                for one in documents
                if one["recordType"] == "itemFulfillment"
                for package in one.get("package", {}).get("items", ())
                if package.get("packageTrackingNumber")
            ),
            *_owed(both),
            *((("WROs of", number), count) for number, count in wros.items() if number),
            *(
                (("stock", sku, str(location)), units)
                for (sku, location), units in both.netsuite.stock().items()
            ),
        ]
    )


def _number_of(number: str, pushed: Mapping[str, Mapping[str, int]]) -> str:
    """Return the pushed order that a WRO is of; empty for none."""
    return next((one for one in pushed if number == one or number.startswith(f"{one}-")), "")


def _moved(
    documents: Iterable[Mapping[str, Any]], numbers: Mapping[str, str], kind: str, says: str
) -> Iterable[tuple[tuple[str, ...], Decimal]]:
    """Units of all documents of a kind, by the number of their order and SKU.

    Receipts of return authorizations, which are numbered by NetSuite, only by SKU.
    """
    for one in documents:
        if one["recordType"] == kind:
            number = numbers.get(str(one["createdFrom"]["id"]))
            for line in one["item"]["items"]:
                sku = str(line["item"]["refName"])
                key = (says, number, sku) if number else ("came back", sku)
                yield key, Decimal(str(line["quantity"]))


def _owed(both: World) -> Iterable[tuple[tuple[str, ...], Decimal]]:
    rows = both.netsuite.books.rows(
        'SELECT t.tranid AS number, SUM(a.amount) AS amount FROM "transaction" t'
        ' JOIN transactionaccountingline a ON a."transaction" = t.id'
        " WHERE t.entity = ? AND a.account = ? GROUP BY t.tranid",
        (BILLING_VENDOR, PAYABLE),
    )
    for row in rows:
        yield ("invoice", str(row["number"])), -Decimal(str(row["amount"]))


def external_ids_twice(*worlds: World) -> tuple[str, ...]:
    """Name the external ids that stand on more than one document of a NetSuite."""
    return tuple(
        f"external id {name}: on {count} documents"
        for both in worlds
        for name, count in Counter(
            str(one["externalId"]) for one in both.netsuite.documents() if one.get("externalId")
        ).items()
        if count > 1
    )
