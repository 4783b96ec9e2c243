"""What stories of goods that come in share: one merchant, and how each of them ends.

All stories of a file happen in one month of one merchant. Each ends with the books right, so the
report of the month is green after every one of them, and never before.
"""

from collections.abc import Mapping

from acceptance.closing import close
from acceptance.merchant import Merchant
from acceptance.test_deciding import drifts
from ml_connector.reconcile.compare.report import Report
from ml_connector.sim.shipbob.books.receiving import Wro

PLACES: Mapping[int, int] = {228: 6, 10: 7, 20: 8, 30: 20, 31: 21, 40: 30}
"""ShipBob's centers and NetSuite's locations; 30 is the hub before 31, 20 is in Europe, and 40 is
used by both companies."""

EUROPE = 2
OWN_WAREHOUSE = 9


def furnish(acme: Merchant) -> None:
    """Set up all places, and a company in Europe."""
    netsuite, shipbob = acme.world.netsuite, acme.world.shipbob
    shipbob.books.limit.per_minute = 0
    netsuite.add_subsidiary("Acme Europe", internal_id=EUROPE)
    netsuite.add_vendor("Rotterdam Mills", internal_id=300 + EUROPE + 50, subsidiary=EUROPE)
    netsuite.add_location("ShipBob 20", internal_id=8, subsidiary=EUROPE)
    netsuite.add_location("Own", internal_id=OWN_WAREHOUSE, subsidiary=1)
    netsuite.add_location("Shared", internal_id=30, subsidiary=[1, EUROPE])
    for location in (20, 21):
        netsuite.add_location(f"Place {location}", internal_id=location, subsidiary=1)
    shipbob.add_fulfillment_center(20, "Center 20")
    shipbob.add_fulfillment_center(40, "Center 40")
    shipbob.add_fulfillment_center(30, "Hub (PA)", receiving=False)
    shipbob.add_fulfillment_center(31, "Bethlehem (PA)", hub=30)


def apply(acme: Merchant, policies: str = "", **tables: str) -> None:
    """Apply the connection with all places, and these policies."""
    places = "\n".join(f'"{center}" = "{location}"' for center, location in PLACES.items())
    limits = "netsuite_concurrency = 4\nshipbob_per_minute = 100000"
    acme.apply(policies=policies, locations=places, limits=limits, **tables)


def number_of(acme: Merchant, prefix: str = "PO") -> str:
    """Return an order number that no other story has."""
    return f"{prefix}{8000 + next(acme.numbers)}"


def units(acme: Merchant, *skus: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return ShipBob's and NetSuite's units of these SKUs, by SKU and location."""
    shipbob = {
        f"{sku} at {PLACES[center]}": count
        for (sku, center), count in acme.world.shipbob.stock().items()
        if sku in skus and count
    }
    netsuite = {
        f"{sku} at {location}": int(count)
        for (sku, location), count in acme.world.netsuite.stock().items()
        if sku in skus and count
    }
    return shipbob, netsuite


def waits(acme: Merchant, wro: Wro) -> bool:
    """Whether the report of the month says that units of a WRO are open."""
    report = close(acme).report
    return not report.green and any(f"wro {wro.id}" in str(one) for one in report.open)


def moved_by_others(report: Report, *skus: str) -> dict[str, int]:
    """Return units that people have put into NetSuite alone, as the month tells of them."""
    return {
        f"{one.what} at {one.where}": -int(one.gap)
        for one in report.open
        if one.kind == "stock_moved_by_others" and one.what in skus
    }


def ends_right(acme: Merchant, *skus: str, others: Mapping[str, int] | None = None) -> None:
    """Check the end of a story: equal stock, a green month, and nothing unexplained.

    Args:
        acme: the merchant.
        skus: of the story.
        others: units that people have put into NetSuite and that are not ShipBob's, by SKU and
            location: the comparison of stock shows them.
    """
    shipbob, netsuite = units(acme, *skus)
    extra = dict(others or {})
    report = close(acme).report
    shown = {
        f"{row['sku']} at {row['location']}": -row["drift"]
        for row in drifts(acme)
        if row["sku"] in skus
    }

    assert netsuite == {
        place: shipbob.get(place, 0) + extra.get(place, 0) for place in {*shipbob, *extra}
    }
    assert shown == extra
    assert moved_by_others(report, *skus) == extra
    assert [one for one in report.open if one.kind != "stock_moved_by_others"] == []
