"""The client against the simulated account: sign-in, queries, receipts, faults."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ml_connector.errors import AlreadyExists, NeedsHuman, Retryable
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.classify import NothingLeft
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import purchase_orders, setup
from ml_connector.netsuite.queries.items import items_by_sku
from ml_connector.netsuite.queries.sales_orders.orders import sales_orders_by
from ml_connector.netsuite.queries.transactions import (
    transactions_by_external_id,
    transactions_by_memo_tag,
)
from ml_connector.netsuite.records.records import (
    InventoryAdjustment,
    InventoryAdjustmentLine,
    InventoryAdjustmentLines,
    ItemReceipt,
    ItemReceiptLine,
    ItemReceiptLines,
    ReadTransaction,
    Ref,
)
from ml_connector.netsuite.sign_in.oauth import NetSuiteCredentials, SignIn
from ml_connector.netsuite.sign_in.signing import SigningKey
from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.server import serve
from ml_connector.storage.database import Database
from ml_connector.transport.http.client import Transport
from ml_connector.transport.http.holds import NothingHeld
from ml_connector.transport.limits.limits import Limits
from ml_connector.vault.masterkey import KeyRing, MasterKey
from ml_connector.vault.tokens import Tokens
from ml_connector.words import Cause

NOW = datetime.now(UTC)
TODAY = NOW.date()


@pytest.fixture
def sim() -> NetSuiteSim:
    return NetSuiteSim(clock=Clock(), strict_audience=True)


@pytest.fixture
def key() -> SigningKey:
    return SigningKey(algorithm="ES256", key=ec.generate_private_key(ec.SECP256R1()))


def certificate(key: SigningKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    assert isinstance(key.key, ec.EllipticCurvePrivateKey)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=600))
        .sign(key.key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def url(sim: NetSuiteSim) -> Iterator[str]:
    with serve(sim.app) as served:
        yield served.url


@pytest.fixture
async def netsuite(
    sim: NetSuiteSim, key: SigningKey, url: str, database: Database
) -> AsyncIterator[NetSuite]:
    await database.fetch(
        "insert into connection (name, mode, settings) values ('acme', 'live', '{}')"
    )
    account = Account.of(sim.account_id, base_url=url)
    credentials = NetSuiteCredentials(
        client_id="client-1",
        certificate_id=sim.register_certificate("client-1", certificate(key)),
        key=key,
    )
    limits = Limits(database, holder="test")
    limits.configure("netsuite:test", in_flight=4)
    tokens = Tokens(database, KeyRing((MasterKey.of(bytes(range(32))),)), holder="test")
    async with Transport(limits=limits, holds=NothingHeld()) as transport:
        auth = SignIn(
            transport=transport,
            tokens=tokens,
            connection="acme",
            account=account,
            credentials=credentials,
        )
        yield NetSuite(transport, "acme", account, auth, "netsuite:test")
        await tokens.aclose()


@pytest.fixture
def order(sim: NetSuiteSim) -> int:
    location = sim.add_location("ShipBob", internal_id=601)
    sim.add_item("SKU-1", internal_id=701)
    sim.add_item("SKU-2", internal_id=702, lot=True)
    return sim.add_purchase_order(
        "PO4711",
        vendor=sim.add_vendor("Acme Supply"),
        location=location,
        lines=[
            {"item": "SKU-1", "quantity": 100, "rate": "2.50", "location": location, "line": 1},
            {"item": "SKU-2", "quantity": 10, "rate": "1", "location": location, "line": 4},
        ],
    )


def receipt(external_id: str, quantity: int) -> ItemReceipt:
    return ItemReceipt(
        external_id=external_id,
        tran_date=TODAY,
        memo=f"ShipBob WRO 1 [mlc:{external_id}]",
        item=ItemReceiptLines(
            items=(
                ItemReceiptLine(
                    order_line=1, item_receive=True, quantity=quantity, location=Ref(id="601")
                ),
                ItemReceiptLine(order_line=4, item_receive=False),
            )
        ),
    )


async def receive(netsuite: NetSuite, order: int, external_id: str, quantity: int) -> str:
    made = await netsuite.transform(
        "purchaseOrder", str(order), "itemReceipt", receipt(external_id, quantity), send_by=None
    )
    return made.id


async def test_items_and_orders_are_found(netsuite: NetSuite, order: int) -> None:
    items = await items_by_sku(netsuite.query, ["SKU-1", "SKU-2", "O'Brien"])
    orders = await purchase_orders.purchase_orders_by_number(netsuite.query, ["PO4711", "PO-NONE"])

    (found,) = orders["PO4711"]
    assert {sku: item.id for sku, (item,) in items.items()} == {"SKU-1": "701", "SKU-2": "702"}
    assert items["SKU-2"][0].islotitem
    assert (found.id, found.status, found.location) == (str(order), "B", "601")
    assert [(line.line, line.item, line.open_quantity) for line in found.open_lines] == [
        (1, "701", Decimal(100)),
        (4, "702", Decimal(10)),
    ]


async def test_a_partial_receipt_is_seen_everywhere(netsuite: NetSuite, order: int) -> None:
    receipt_id = await receive(netsuite, order, "mlc-ir-1-1", 40)

    read = await netsuite.get("itemReceipt", external_id="mlc-ir-1-1", shape=ReadTransaction)
    by_id = await transactions_by_external_id(netsuite.query, ["mlc-ir-1-1"])
    by_tag = await transactions_by_memo_tag(netsuite.query, "[mlc:mlc-ir-1-1]", "ItemRcpt")
    received = await purchase_orders.received_by_receipts(netsuite.query, [str(order)])
    orders = await purchase_orders.purchase_orders_by_number(netsuite.query, ["PO4711"])

    assert read is not None
    assert str(read.id) == receipt_id
    assert read.created_from is not None
    assert read.created_from.is_(str(order))
    assert [(line.order_line, line.quantity) for line in read.item.items] == [(1, Decimal(40))]
    assert by_id["mlc-ir-1-1"].id == receipt_id
    assert by_id["mlc-ir-1-1"].createdfrom == str(order)
    assert [transaction.id for transaction in by_tag] == [receipt_id]
    assert [(line.id, line.order_line, line.quantity) for line in received[str(order)]] == [
        (receipt_id, 1, Decimal(40))
    ]
    assert orders["PO4711"][0].status == "D"
    assert orders["PO4711"][0].lines[0].open_quantity == Decimal(60)


async def test_a_second_receipt_with_the_same_external_id_is_refused(
    netsuite: NetSuite, order: int
) -> None:
    await receive(netsuite, order, "mlc-ir-1-1", 40)

    with pytest.raises(AlreadyExists):
        await receive(netsuite, order, "mlc-ir-1-1", 40)


async def test_stock_is_adjusted(netsuite: NetSuite, sim: NetSuiteSim, order: int) -> None:
    account = sim.add_account("Inventory adjustment")
    subsidiary = sim.add_subsidiary("Parent Company")
    body = InventoryAdjustment(
        external_id="mlc-ia-1-1",
        tran_date=TODAY,
        account=Ref(id=str(account)),
        adj_location=Ref(id="601"),
        subsidiary=Ref(id=str(subsidiary)),
        memo="ShipBob WRO 1",
        inventory=InventoryAdjustmentLines(
            items=(
                InventoryAdjustmentLine(
                    line=1,
                    item=Ref(id="701"),
                    location=Ref(id="601"),
                    adjust_qty_by=3,
                    unit_cost=Decimal("2.50"),
                ),
            )
        ),
    )

    made = await netsuite.create("inventoryAdjustment", body, send_by=None)
    read = await netsuite.get("inventoryAdjustment", record_id=made.id, shape=ReadTransaction)

    assert order
    assert read is not None
    assert read.external_id == "mlc-ia-1-1"
    assert [line.adjust_qty_by for line in read.inventory.items] == [Decimal(3)]


async def test_what_is_not_there_is_none(netsuite: NetSuite) -> None:
    assert await netsuite.get("itemReceipt", external_id="mlc-none", shape=ReadTransaction) is None


async def test_a_write_that_was_cut_off_is_found_again(
    netsuite: NetSuite, sim: NetSuiteSim, order: int
) -> None:
    sim.fault("cut_after_commit", method="POST", path="!transform", times=1)

    with pytest.raises(Retryable) as caught:
        await receive(netsuite, order, "mlc-ir-1-1", 40)
    read = await netsuite.get("itemReceipt", external_id="mlc-ir-1-1", shape=ReadTransaction)

    assert caught.value.outcome_unknown
    assert read is not None


async def test_a_revoked_token_is_renewed_in_passing(
    netsuite: NetSuite, sim: NetSuiteSim, order: int
) -> None:
    await items_by_sku(netsuite.query, ["SKU-1"])
    sim.revoke_tokens()

    assert await receive(netsuite, order, "mlc-ir-1-1", 40)


async def test_an_overload_that_looks_like_a_failed_login_is_waited_out(
    netsuite: NetSuite, sim: NetSuiteSim, order: int
) -> None:
    sim.fault("overload_login", method="POST", path="!transform", times=2)

    with pytest.raises(Retryable) as caught:
        await receive(netsuite, order, "mlc-ir-1-1", 40)

    assert caught.value.cause is Cause.RATE_LIMITED
    assert not caught.value.outcome_unknown
    assert await receive(netsuite, order, "mlc-ir-1-1", 40)


async def test_credentials_gone_after_a_sandbox_refresh_need_a_person(
    netsuite: NetSuite, sim: NetSuiteSim, order: int
) -> None:
    sim.sandbox_refresh()

    with pytest.raises(NeedsHuman) as caught:
        await receive(netsuite, order, "mlc-ir-1-1", 40)

    assert caught.value.cause is Cause.CREDENTIALS_INVALID
    assert "sandbox" in caught.value.remedy


async def test_a_role_without_the_permission_is_told_so(
    netsuite: NetSuite, sim: NetSuiteSim, order: int
) -> None:
    sim.withdraw_permission("TRAN_ITEMRCPT")

    with pytest.raises(NeedsHuman) as caught:
        await receive(netsuite, order, "mlc-ir-1-1", 40)

    assert caught.value.cause is Cause.PERMISSION_MISSING


async def test_the_account_says_its_time_periods_and_locations(
    netsuite: NetSuite, order: int
) -> None:
    clock = await setup.account_clock(netsuite.query)
    periods = await setup.periods(netsuite.query, TODAY)
    locations = await setup.locations(netsuite.query, ["601", "999999"])

    assert order
    assert abs(datetime.fromisoformat(clock) - NOW.replace(tzinfo=None)) < timedelta(days=1)
    assert periods[0].startdate <= TODAY <= periods[0].enddate
    assert date.max > periods[-1].startdate >= periods[0].startdate
    assert periods[0].open_for_stock
    assert {key: location.name for key, location in locations.items()} == {"601": "ShipBob"}


async def test_the_metadata_has_what_is_written(netsuite: NetSuite) -> None:
    metadata = await netsuite.metadata(["itemReceipt", "inventoryAdjustment"])

    assert metadata.lacks("itemReceipt", ["externalId", "tranDate", "item", "memo"]) == ()
    assert metadata.lacks("inventoryAdjustment", ["account", "adjLocation", "inventory"]) == ()


async def test_an_account_without_subsidiaries_answers_the_same_questions(
    netsuite: NetSuite, sim: NetSuiteSim, order: int
) -> None:
    sim.preferences.one_world = False

    orders = await purchase_orders.purchase_orders_by_number(netsuite.query, ["PO4711"])
    locations = await setup.locations(netsuite.query, ["601"])

    assert [found.id for found in orders["PO4711"]] == [str(order)]
    assert orders["PO4711"][0].subsidiary is None
    assert locations["601"].subsidiary is None


async def test_a_closed_period_is_told_as_one(
    netsuite: NetSuite, sim: NetSuiteSim, order: int
) -> None:
    sim.close_period(TODAY.strftime("%Y-%m"))

    with pytest.raises(NeedsHuman) as caught:
        await receive(netsuite, order, "mlc-ir-1-1", 40)
    periods = await setup.periods(netsuite.query, TODAY)

    assert caught.value.cause is Cause.PERIOD_CLOSED
    assert not periods[0].open_for_stock
    assert periods[1].open_for_stock


@pytest.mark.parametrize("is_closed", [True, False])
async def test_an_adjusting_period_is_no_period_of_daily_documents(
    netsuite: NetSuite,
    sim: NetSuiteSim,
    is_closed: bool,  # noqa: FBT001 - a parameter
) -> None:
    month = TODAY.strftime("%Y-%m")
    sim.add_adjusting_period(month)
    if is_closed:
        sim.close_period(month)
    periods = await setup.periods(netsuite.query, TODAY)

    assert [one.periodname for one in periods if one.periodname.startswith("Adj")] == []
    assert periods[0].startdate <= TODAY <= periods[0].enddate
    assert periods[0].open_for_stock is not is_closed


async def test_an_order_received_in_full_has_nothing_left(
    netsuite: NetSuite, sim: NetSuiteSim, order: int
) -> None:
    lots = {"items": [{"receiptInventoryNumber": "L1", "quantity": 10}]}
    second = {"orderLine": 4, "inventoryDetail": {"inventoryAssignment": lots}}
    sim.transform("purchaseOrder", order, "itemReceipt", {"item": {"items": [second]}})

    with pytest.raises(NothingLeft):
        await receive(netsuite, order, "mlc-ir-1-1", 1)
    orders = await purchase_orders.purchase_orders_by_number(netsuite.query, ["PO4711"])

    assert orders["PO4711"][0].status == "F"
    assert orders["PO4711"][0].open_lines == ()


@pytest.mark.parametrize("kind", ["rate_limited", "rate_limited_400"])
async def test_a_query_over_the_limit_is_asked_again_by_itself(
    netsuite: NetSuite, sim: NetSuiteSim, order: int, kind: Literal["rate_limited"]
) -> None:
    sim.fault(kind, path="suiteql", times=1)

    assert order
    assert set(await items_by_sku(netsuite.query, ["SKU-1"])) == {"SKU-1"}


@pytest.fixture
def sold(sim: NetSuiteSim) -> int:
    sim.preferences.one_world = False
    location = sim.add_location("ShipBob", internal_id=601)
    for number, sku in enumerate(("SKU-1", "SKU-2"), 701):
        sim.add_item(sku, internal_id=number)
        sim.add_to_stock(sku, location=location, quantity=50)
    return sim.add_sales_order(
        "SO-10045",
        customer=sim.add_customer("Pat Doe"),
        location=location,
        lines=[
            {"item": "SKU-1", "quantity": 10, "rate": "9", "location": location, "line": 1},
            {"item": "SKU-2", "quantity": 3, "rate": "5", "location": location, "line": 4},
        ],
    )


async def test_a_sales_order_tells_what_is_fulfilled_with_which_tracking_number(
    netsuite: NetSuite, sold: int
) -> None:
    body = {
        "externalId": "mlc-if-1",
        "tranDate": TODAY.isoformat(),
        "shipStatus": {"id": "C"},
        "item": {
            "items": [
                {"orderLine": 1, "itemReceive": True, "quantity": 4, "location": {"id": "601"}},
                {"orderLine": 4, "itemReceive": False},
            ]
        },
        "package": {"items": [{"packageTrackingNumber": "1Z1", "packageWeight": 1}]},
    }
    made = await netsuite.transform("salesOrder", str(sold), "itemFulfillment", body, send_by=None)
    found = await sales_orders_by(netsuite.query, "tranid", ["SO-10045"])

    (order,) = found["SO-10045"]
    (fulfillment,) = order.fulfillments
    assert (order.id, order.status) == (str(sold), "D")
    assert [(line.line, line.open_quantity) for line in order.lines] == [
        (1, Decimal(6)),
        (4, Decimal(3)),
    ]
    assert (fulfillment.id, fulfillment.externalid) == (made.id, "mlc-if-1")
    assert fulfillment.status == "C"
    assert fulfillment.tracking_numbers == ("1Z1",)
    assert [(line.order_line, line.quantity) for line in fulfillment.lines] == [(1, Decimal(4))]
