"""What a set-up counts: SKUs against items, ways to find an order; and what does not fit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from ml_connector.app.set_up.looking import Choosable, Seen
from ml_connector.app.set_up.misfits import misfits
from ml_connector.app.set_up.order_rules import OrdersTried, WayTried, sought, tried
from ml_connector.app.set_up.products import compared
from ml_connector.app.set_up.proposals import AddressedPlace, proposals, zones_at
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries.items import Item
from ml_connector.netsuite.queries.sales_orders.orders import SalesOrderHeader
from ml_connector.reads.sales_orders.keys import ShopOrderKey


def item(number: str, name: str, *, inactive: bool = False) -> Item:
    flag = Flag.T if inactive else Flag.F
    return Item(id=number, itemid=name, itemtype="InvtPart", isinactive=flag)


def test_skus_are_matched_missing_ambiguous_or_inactive() -> None:
    names = dict.fromkeys(["CAP", "OLD", "TEE", "TWICE", "XL"], "A product")
    found = {
        "CAP : RED": [item("1", "CAP : RED")],
        "OLD": [item("2", "OLD", inactive=True)],
        "TWICE": [item("3", "TWICE"), item("4", "TWICE")],
        "TEE": [item("5", "TEE"), item("6", "TEE", inactive=True)],
    }

    counted = compared(names, found, {"CAP": "CAP : RED"}, {"XL": "xl"}, without_sku=2)

    assert (counted.skus, counted.matched, counted.without_sku) == (5, 2, 2)
    assert (counted.missing, counted.ambiguous, counted.inactive) == (1, 1, 1)
    assert [(one.sku, one.matter, one.says) for one in counted.to_settle] == [
        ("OLD", "inactive", "Item 2 is inactive"),
        ("TWICE", "ambiguous", "2 active items have this name: 3, 4"),
        ("XL", "missing", "Close: xl"),
    ]


def test_no_more_skus_are_listed_than_people_read() -> None:
    counted = compared({f"SKU-{number}": "" for number in range(600)}, {}, {}, {})

    assert (counted.missing, len(counted.to_settle)) == (600, 500)


KEYS = [
    ShopOrderKey("9001", "SO-1", 5),
    ShopOrderKey("shop-2", "#1002", 5),
    ShopOrderKey("shop-3", "#1003", 5),
    ShopOrderKey(None, None, 5),
]


def order(number: str, matched: str, *, status: str = "B") -> SalesOrderHeader:
    return SalesOrderHeader(id=number, matched=matched, status=status)


def test_each_way_is_asked_for_once_with_all_its_values() -> None:
    assert sought(KEYS) == {
        "externalid": ["9001", "shop-2", "shop-3"],
        "id": ["9001"],
        "otherrefnum": ["1002", "1003", "9001", "SO-1", "shop-2", "shop-3"],
        "tranid": ["#1002", "#1003", "9001", "SO-1", "shop-2", "shop-3"],
    }


def test_the_way_that_finds_most_is_proposed() -> None:
    found = {
        ("externalid", "shop-2"): [order("1", "shop-2")],
        ("externalid", "shop-3"): [order("2", "shop-3"), order("3", "shop-3")],
        ("otherrefnum", "1003"): [order("2", "1003")],
        ("otherrefnum", "SO-1"): [order("7", "SO-1")],
        ("tranid", "9001"): [order("4", "9001")],
    }
    counted = tried(KEYS, found)
    numbers = {one.way: (one.one, one.several, one.none) for one in counted.ways}

    # One rule that finds several ends a search: shop-3 is not looked for by its number.
    assert numbers["shopify"] == (2, 1, 1)
    assert numbers["externalid"] == (1, 1, 2)
    assert numbers["tranid"] == (1, 0, 3)
    assert numbers["shipbob-guide"] == (0, 0, 4)
    assert counted.best == "shopify"
    assert counted.of("shopify").not_found == ("shop-3", "an order without reference")  # type: ignore[union-attr] # it is there


def test_a_cancelled_sales_order_is_not_found() -> None:
    found = {
        ("externalid", "shop-2"): [order("1", "shop-2", status="C")],
        ("externalid", "shop-3"): [order("2", "shop-3", status="C"), order("3", "shop-3")],
        ("otherrefnum", "1002"): [order("4", "1002")],
    }
    counted = tried(KEYS, found)
    numbers = {one.way: (one.one, one.several, one.none) for one in counted.ways}

    # One that is found ends the search all the same, as where shipments are read.
    assert numbers["externalid"] == (1, 0, 3)
    assert numbers["shopify"] == (1, 0, 3)


@pytest.mark.parametrize("keys", [[], KEYS])
def test_nothing_is_proposed_where_nothing_is_found(keys: list[ShopOrderKey]) -> None:
    assert tried(keys, {}).best == ""


CENTERS = [AddressedPlace("10", "Cicero"), AddressedPlace("307", "Ontario (CA)")]
WHOLE: Mapping[str, Any] = {
    "locations": {"10": "7", "307": "9"},
    "accounts": {"inventory_adjustment": "54"},
    "shipbob": {},
    "billing": {"vendor": "301", "default_account": "62"},
}


def channel(number: str) -> Choosable:
    return Choosable(id=number, name="A channel", is_writable=True)


def looked(*channels: str, tranid: int = 50, best: str = "tranid") -> Seen:
    ways = (
        WayTried(way="tranid", one=tranid, several=0, none=50 - tranid),
        WayTried(way="externalid", one=49, several=1, none=0),
    )
    return Seen(
        channels=[channel(one) for one in channels],
        orders=OrdersTried(orders=50, ways=ways, best=best),
    )


@pytest.mark.parametrize(
    ("changed", "seen", "says", "way_out"),
    [
        ({}, None, "", ""),
        ({}, looked("1"), "", ""),
        ({"locations": {}}, looked("1"), "", ""),  # not told yet
        (
            {"locations": {"10": "7"}},
            None,
            "307 Ontario (CA) has no location: its facts would wait.",
            "Choose its location.",
        ),
        (
            {},
            looked("1", "2"),
            "ShipBob lists 2 channels that can be written to, and none is chosen.",
            "Choose the channel of this connection.",
        ),
        (
            {},
            Seen(subsidiaries=[Choosable(id="1", name="Harbor & Pine")]),
            "NetSuite lists a subsidiary, and none is chosen: adjustments",
            "Choose the subsidiary of this connection.",
        ),
        (
            {"netsuite": {"subsidiary": "1"}},
            Seen(subsidiaries=[Choosable(id="1", name="Harbor & Pine")]),
            "",
            "",
        ),
        (
            {"shipbob": {"channel_id": 3}},
            looked("1"),
            "Channel 3 can't be written to with this token.",
            "Choose another channel",
        ),
        (
            {"accounts": {}, "policies": {"over_receipt": "park", "unmatched_return": "park"}},
            None,
            "No account of inventory adjustments is chosen, which these sentences need: A WRO has",
            "Choose the account of inventory adjustments, or another end of these sentences.",
        ),
        (
            {"billing": {"vendor": "301"}},
            None,
            "ShipBob's bills have a vendor, and its fees no account",
            "Choose the account of ShipBob's fees, or no vendor",
        ),
        (
            {},
            looked("1", tranid=12, best="externalid"),
            "Document number of the sales order finds the sales order of 12 of the last 50",
            "External id of the sales order finds 49: choose that.",
        ),
        (
            {"policies": {"order_match": "externalid"}},
            looked("1", tranid=12, best="externalid"),
            "",
            "",
        ),
    ],
)
def test_what_does_not_fit_is_said_with_a_way_out(
    changed: dict[str, Any], seen: Seen | None, says: str, way_out: str
) -> None:
    answers = {**WHOLE, **changed}
    centers = proposals(CENTERS, [], answers["locations"])

    found = misfits(answers, seen, centers)

    assert len(found) == bool(says)
    assert all(one.says.startswith(says) and one.way_out.startswith(way_out) for one in found)


@pytest.mark.parametrize(
    ("shown", "now", "zones"),
    [
        ("2026-11-30 13:02:10", "2026-11-30 19:02:07+00:00", ("America/Chicago",)),
        ("2026-07-01 14:00:00", "2026-07-01 19:00:03+00:00", ("America/Chicago",)),
        ("2026-07-01 08:01:00", "2026-06-30 22:01:00+00:00", ("Australia/Brisbane",)),
        ("2026-12-01 00:31:00", "2026-11-30 19:01:00+00:00", ("Asia/Kolkata",)),
        ("2026-11-30 07:00:00", "2026-11-30 19:00:00+00:00", ()),
    ],
)
def test_a_zone_is_proposed_by_what_the_accounts_clock_shows(
    shown: str, now: str, zones: tuple[str, ...]
) -> None:
    found = zones_at(datetime.fromisoformat(shown), datetime.fromisoformat(now))

    assert found[:1] == zones
