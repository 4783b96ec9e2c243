"""The retailer's month with the faults of both systems, people and flows: just those are listed.

Then people decide about them or mend them, the month is closed, and whoever edits a document in
it afterwards is found.
"""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from acceptance import wrong
from acceptance.closing import close
from acceptance.in_process import decide_months, sync
from acceptance.merchant import Merchant, fresh_database
from acceptance.shop import Shop, elsewhere
from acceptance.test_retail_month import Retailer, retailing
from ml_connector.app.operations.month_end import MonthEnd
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.month import Month
from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob.books.orders import Order, Shipment
from ml_connector.words import Cause

ZONE: Final = ZoneInfo("America/Chicago")
THIS_MONTH: Final = Month.of(datetime.now(UTC).astimezone(ZONE).date())
MONTH: Final = Month.of(THIS_MONTH.first - timedelta(days=1))
THEN: Final = datetime(MONTH.first.year, MONTH.first.month, 15, 18, tzinfo=UTC)

Found = set[tuple[str, str, str]]
"""Kind; document, source or SKU; and the location of stock."""


class Store(Shop):
    """The retailer, and what is done in its systems."""

    def __init__(self, retailer: Retailer, folder: Path, url: str) -> None:
        acme = Merchant(retailer.both, folder, url, 0, "", itertools.count(1000))
        super().__init__(acme)
        self.retailer = retailer
        self.netsuite, self.shipbob = retailer.both.netsuite, retailer.both.shipbob
        self.unentered: list[Order] = []
        self.recalled: list[Shipment] = []
        self.spare = [self.unordered() for _ in range(9)]

    def unordered(self) -> dict[str, Any]:
        """A WRO without an order arrives; return what is known of it."""
        sku = self.acme.sku("CAP")
        return {"sku": sku, "wro": self.acme.deliver({sku: 10}).id}

    def adjustment(self) -> dict[str, Any]:
        """An adjustment of ours that no other fault has touched."""
        wro = self.spare.pop()["wro"]
        [found] = self.retailer.ours(f"mlc-ia-{wro}-1")
        return found

    def edit(self, document: dict[str, Any], **changes: object) -> None:
        self.netsuite.edit("inventoryAdjustment", int(document["id"]), changes)

    def edit_line(self, document: dict[str, Any], **changes: object) -> None:
        self.edit(document, inventory={"items": [{"line": 1, **changes}]})

    def enter(self, document: dict[str, Any], **changes: object) -> int:
        """Enter an adjustment by hand like this one."""
        [line] = document["inventory"]["items"]
        made: int = self.netsuite.create(
            "inventoryAdjustment",
            {
                "account": {"id": "54"},
                "subsidiary": {"id": "1"},
                "adjLocation": {"id": "6"},
                "tranDate": document["tranDate"],
                "memo": document["memo"],
                "inventory": {
                    "items": [
                        {
                            "line": 1,
                            "item": {"id": line["item"]["id"]},
                            "location": {"id": "6"},
                            "adjustQtyBy": line["adjustQtyBy"],
                        }
                    ]
                },
                **changes,
            },
        )
        return made


FAULTS: dict[str, Callable[[Store], Found]] = {}


def fault(made: Callable[[Store], Found]) -> Callable[[Store], Found]:
    FAULTS[made.__name__] = made
    return made


@fault
def somebody_changes_units(store: Store) -> Found:
    document = store.adjustment()
    store.edit_line(document, adjustQtyBy=3)
    return {("document_changed", document["externalId"], "")}


@fault
def somebody_deletes_an_adjustment(store: Store) -> Found:
    document = store.adjustment()
    store.netsuite.delete("inventoryAdjustment", int(document["id"]))
    return {("document_deleted", document["externalId"], "")}


@fault
def somebody_copies_an_adjustment(store: Store) -> Found:
    document = store.adjustment()
    store.enter(document)
    return {("document_doubled", document["externalId"], "")}


@fault
def somebody_changes_the_location(store: Store) -> Found:
    document = store.adjustment()
    store.edit_line(document, location=7)
    return {("location_changed", document["externalId"], "")}


@fault
def somebody_changes_the_day(store: Store) -> Found:
    document = store.adjustment()
    store.edit(document, tranDate=MONTH.first.isoformat())
    return {("date_changed", document["externalId"], "")}


@fault
def somebody_changes_the_month(store: Store) -> Found:
    document = store.adjustment()
    store.edit(document, tranDate=THIS_MONTH.first.isoformat())
    return {("period_changed", document["externalId"], "")}


@fault
def somebody_takes_the_external_id(store: Store) -> Found:
    document = store.adjustment()
    store.edit(document, externalId=None)
    return {("external_id_changed", document["externalId"], "")}


@fault
def somebody_uses_an_external_id_of_ours(store: Store) -> Found:
    document = store.adjustment()
    store.enter(document, externalId="mlc-ia-999999-1", memo="")
    return {("document_unknown", "mlc-ia-999999-1", "")}


@fault
def somebody_deletes_a_fulfilment(store: Store) -> Found:
    document, *_ = store.retailer.ours("mlc-if-")
    store.netsuite.delete("itemFulfillment", int(document["id"]))
    return {("document_deleted", document["externalId"], "")}


@fault
def somebody_renames_a_fulfilment(store: Store) -> Found:
    document = list(store.retailer.ours("mlc-if-"))[-1]
    store.netsuite.edit("itemFulfillment", int(document["id"]), {"externalId": "TAKEN-1"})
    return {("external_id_changed", document["externalId"], "")}


def _edit_bill(store: Store, number: int, **changes: object) -> Found:
    document = list(store.retailer.ours("mlc-vb-"))[number]
    line = document["expense"]["items"][0]
    after = {"line": line["line"], **changes}
    if "more" in after:
        after["amount"] = Decimal(str(line["amount"])) + Decimal(str(after.pop("more")))
    store.netsuite.edit("vendorBill", int(document["id"]), {"expense": {"items": [after]}})
    kind = "account_changed" if "account" in after else "amount_changed"
    return {(kind, document["externalId"], "")}


@fault
def somebody_changes_an_amount(store: Store) -> Found:
    return _edit_bill(store, 0, more=1)


@fault
def somebody_changes_an_account(store: Store) -> Found:
    return _edit_bill(store, 1, account={"id": "54"})


@fault
def somebody_counts_in_netsuite(store: Store) -> Found:
    sku = store.retail.sku()
    store.netsuite.add_to_stock(sku, 6, 3)
    return {("stock_moved_by_others", sku, "6")}


@fault
def somebody_receives_what_is_left_of_an_order(store: Store) -> Found:
    sku = store.acme.sku("TEE")
    number = store.acme.order({sku: 30})
    [order] = [one for one in store.netsuite.documents() if one.get("tranId") == number]
    store.netsuite.transform(
        "purchaseOrder",
        int(order["id"]),
        "itemReceipt",
        {"item": {"items": [{"orderLine": 1, "quantity": 12, "location": 6}]}},
    )
    return {("stock_moved_by_others", sku, "6")}


@fault
def shipbob_finds_units(store: Store) -> Found:
    sku = store.retail.sku()
    store.shipbob.adjust(sku, 3, 228)
    return {("stock_moved_at_shipbob", sku, "6")}


@fault
def shipbob_loses_units(store: Store) -> Found:
    sku = store.retail.sku()
    store.shipbob.adjust(sku, -2, 10)
    return {("stock_moved_at_shipbob", sku, "7")}


@fault
def shipbob_moves_units_between_centers(store: Store) -> Found:
    sku = store.retail.sku()
    store.shipbob.adjust(sku, -4, 228)
    store.shipbob.adjust(sku, 4, 10)
    return {("stock_moved_at_shipbob", sku, "6"), ("stock_moved_at_shipbob", sku, "7")}


@fault
def nothing_tells_of_a_wro(store: Store) -> Found:
    return {("fact_never_told", f"wro {store.unordered()['wro']}", "")}


@fault
def nothing_tells_of_a_parcel(store: Store) -> Found:
    order = store.retail.sell({store.retail.sku(): 2})
    store.shipbob.ship(order.shipments[0])
    return {("fact_never_told", f"shipment {order.shipments[0].id}", "")}


@fault
def a_sku_is_missing_in_netsuite(store: Store) -> Found:
    wro = store.acme.deliver({store.acme.sku("MISSING", in_netsuite=False): 6})
    store.run("receiving", wro.id)
    return {("fact_waiting", f"wro {wro.id}", "")}


@fault
def a_sales_order_is_missing(store: Store) -> Found:
    order = store.retail.sell({store.retail.sku(): 2}, in_netsuite=False)
    store.shipbob.ship(order.shipments[0])
    store.run("tracking", order.shipments[0].id)
    store.unentered.append(order)
    return {("fact_waiting", f"shipment {order.shipments[0].id}", "")}


@fault
def shipbob_counts_a_wro_again(store: Store) -> Found:
    sku = store.acme.sku("TEE")
    wro = store.acme.announce({sku: 10})
    store.shipbob.stow(wro)
    wrong.converge(store.acme, [(wrong.wrong("receiving"), wro.id)])
    store.shipbob.stow(wro, {sku: -1})
    store.run("receiving", wro.id)
    return {("fact_went_down", f"wro {wro.id}", "")}


@fault
def shipbob_recalls_a_parcel(store: Store) -> Found:
    sku = store.retail.sku()
    [shipment] = store.retail.sell({sku: 2}).shipments
    store.shipbob.label(shipment)
    wrong.converge(store.acme, [(wrong.wrong("tracking"), shipment.id)])
    store.shipbob.recall(shipment)
    store.recalled.append(shipment)
    store.run("tracking", shipment.id)
    # The shipment is stopped, and its units are on ShipBob's shelf again.
    return {("fact_waiting", f"shipment {shipment.id}", ""), ("stock_unexplained", sku, "6")}


@fault
def a_flow_receives_one_unit_too_many(store: Store) -> Found:
    sku = store.wro(ordered=True, more=5, plan=wrong.counted(lambda n: n + 1))
    return {("stock_unexplained", sku, "6")}


@fault
def a_flow_skips_a_wro(store: Store) -> Found:
    return {("stock_unexplained", store.wro(plan=wrong.dropped), "6")}


@fault
def a_flow_books_at_the_other_location(store: Store) -> Found:
    sku = store.wro(settings=elsewhere)
    return {("stock_unexplained", sku, "6"), ("stock_unexplained", sku, "7")}


@fault
def a_flow_drops_a_parcel(store: Store) -> Found:
    return {("stock_unexplained", store.parcel(plan=wrong.dropped), "6")}


@fault
def a_flow_ships_a_parcel_twice(store: Store) -> Found:
    return {("stock_unexplained", store.parcel(ordered=4, plan=wrong.doubled), "6")}


@fault
def a_flow_books_a_kit_too_many(store: Store) -> Found:
    parts = store.kit(plan=wrong.counted(lambda n: n * 2))
    return {("stock_unexplained", sku, "6") for sku in parts}


@fault
def a_flow_books_a_return_twice(store: Store) -> Found:
    return {("stock_unexplained", store.back({"Restock": 2}, plan=wrong.doubled), "6")}


@fault
def a_flow_dates_into_the_month_before(store: Store) -> Found:
    day = MONTH.first - timedelta(days=1)
    store.wro(plan=wrong.dated(lambda _: day))
    _, wro = store.runs[-1]
    return {("posted_too_early", f"mlc-ia-{wro}-1", "")}


def named(one: Difference) -> tuple[str, str, str]:
    where = one.where if one.kind.startswith("stock_") else ""
    return str(one.kind), one.external_id or one.source or one.what, where


CORRECTED: Final = {
    *(Kind.DOCUMENT_CHANGED, Kind.DOCUMENT_DOUBLED, Kind.DOCUMENT_UNKNOWN),
    *(Kind.STOCK_MOVED_AT_SHIPBOB, Kind.FACT_WENT_DOWN),
}
"""What people let NetSuite follow; all else that is decided is taken as it is."""


def mend(store: Store, red: MonthEnd) -> None:
    """Bring about what facts wait for, as their remedies say, and let them run."""
    for one in red.report.open:
        if one.cause == Cause.SKU_MISSING_IN_NETSUITE:
            store.netsuite.add_item(one.what, cost="1")
    for order in store.unentered:
        store.retail.enter(order)
    for shipment in store.recalled:
        [made] = store.retailer.ours(f"mlc-if-{shipment.id}")
        store.netsuite.delete("itemFulfillment", int(made["id"]))
    facts = {one.source for one in red.report.of(Kind.FACT_NEVER_TOLD, Kind.FACT_WAITING)}
    for flow, word in (("receiving", "wro"), ("tracking", "shipment")):
        named = [one.split()[1] for one in sorted(facts) if one.startswith(f"{word} ")]
        assert {one["state"] for one in sync(store.acme, flow, named)} == {"done"}


@pytest.fixture
def store(server_url: str, template: str, tmp_path: Path) -> Iterator[Store]:
    with (
        fresh_database(server_url, template) as url,
        retailing(url, tmp_path, shipments=6, days=12, clock=Clock(THEN)) as made,
    ):
        made.both.netsuite.add_customer("Pat Doe", internal_id=401)
        made.story.play_all()
        yield Store(made, tmp_path, url)


def test_thirty_faults_are_found_ended_and_sealed(store: Store, tmp_path: Path) -> None:
    acme = store.acme
    store.retailer.follow()
    clean = close(acme, tmp_path / "clean", MONTH)

    assert [one.says for one in clean.report.open] == []

    expected = {name: made(store) for name, made in FAULTS.items()}
    wrong.converge(acme, store.runs)
    red = close(acme, tmp_path / "red", MONTH)

    assert len(FAULTS) >= 30
    assert {named(one) for one in red.report.open} == set().union(*expected.values())

    mend(store, red)
    left = close(acme, tmp_path / "left", MONTH).report.open
    decide_months(acme, [(one, "correct" if one.kind in CORRECTED else "accept") for one in left])
    sealed = close(acme, tmp_path / "sealed", MONTH, seal=True)

    assert [one.says for one in sealed.report.open] == []
    assert sealed.closed_now

    late = store.adjustment()
    store.edit_line(late, adjustQtyBy=11)
    after = close(acme, tmp_path / "after", MONTH)

    assert {named(one) for one in after.report.open} == {
        ("document_changed", late["externalId"], ""),
        ("after_close", late["inventory"]["items"][0]["item"]["refName"], ""),
    }
