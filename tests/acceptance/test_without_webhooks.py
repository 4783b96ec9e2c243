"""A world in which no webhook ever comes ends in the same books as one in which each does."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from acceptance.closing import close
from acceptance.closing import found as shown
from acceptance.in_process import sync
from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.retail import Retail
from acceptance.returning import Desk
from acceptance.test_costs import UNLIMITED
from acceptance.test_every_stop_wakes import look as look_at_what_stopped
from acceptance.test_polls import look
from ml_connector.sim.shipbob.books.orders import Order, Shipment
from ml_connector.sim.shipbob.books.receiving import Wro
from ml_connector.sim.shipbob.books.returns import Return
from ml_connector.sim.shipbob.books.uros import Uro

FLOWS = (
    *("purchase-orders", "receiving", "tracking", "returns", "billing", "unidentified"),
    "inventory",
)
"""All that look at a source, the comparison of stock last."""

DAILY = (
    'timezone = "America/Chicago"\n'
    'purchase_orders = "24h"\nsweep = "24h"\nbilling = "24h"\ninventory = "24h"'
)

Told = Callable[[Merchant], None]
"""Lets the connector learn of what has happened, and work until it is settled."""


class World(NamedTuple):
    """What happens in it, in two parts: everything is told of in between."""

    shipments: dict[str, Shipment]
    orders: dict[str, Order]
    wros: dict[str, Wro]
    returned: dict[str, Return]
    dock: Uro


def by_each(acme: Merchant) -> None:
    """As with webhooks: each subject is told of by itself."""
    books = acme.world.shipbob.books
    ids: dict[str, list[str]] = {
        "receiving": [str(one) for one in books.receiving.wros],
        "tracking": [str(one) for one in books.orders.shipments],
        "returns": [str(one) for one in books.returns.by_id],
    }
    for flow, keys in ids.items():
        sync(acme, flow, keys)
    sync(acme, "unidentified", [str(one) for one in books.uros.by_id])
    for flow in ("purchase-orders", "billing", "inventory"):
        sync(acme, flow)


def by_sweeps(acme: Merchant) -> None:
    """As without: a day has passed, and what the sweeps of it find is worked on."""
    for flow in FLOWS:
        acme.rows(
            "insert into turn (connection, what, taken_at)"
            " values ('acme', %(flow)s, now() - interval '24 hours')"
            " on conflict (connection, what) do update set taken_at = excluded.taken_at"
            " returning what",
            flow=flow,
        )
    look(acme)
    for flow in FLOWS:
        told = acme.rows(
            "select key from subject where flow = %(flow)s"
            " and state not in ('done', 'parked', 'dead')",
            flow=flow,
        )
        if told:
            sync(acme, flow, [row["key"] for row in told])


@contextlib.contextmanager
def deaf(folder: Path, server_url: str, template: str) -> Iterator[Merchant]:
    """A merchant to whom no webhook comes."""
    folder.mkdir()
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        made.apply(limits=UNLIMITED, schedule=DAILY)
        yield made


def parcels(acme: Merchant) -> tuple[dict[str, Shipment], dict[str, Order]]:
    """Parcels as ShipBob should tell of them, and as it does."""
    shipbob, retail = acme.world.shipbob, Retail(acme)
    names = (
        *("plain", "without a number", "freight", "delivered", "old"),
        *("recalled", "renamed", "odd"),
    )
    orders = {name: retail.sell({retail.sku(): 2}) for name in names}
    found = {name: order.shipments[0] for name, order in orders.items()}
    for name in ("plain", "recalled", "renamed"):
        shipbob.label(found[name])
    for name in ("plain", "renamed"):
        shipbob.ship(found[name])
    for name in ("without a number", "freight", "old"):
        shipbob.label(found[name], tracking=False)
        shipbob.ship(found[name])
    found["freight"].parcels[0].pro_number = "0171234567"
    # Ordered long before it left.
    orders["old"].created -= timedelta(days=100)
    found["old"].created -= timedelta(days=100)
    # Section 13.4 of the reference: no date of the label, and a status that nobody documents.
    shipbob.ship(found["delivered"])
    shipbob.deliver(found["delivered"])
    found["delivered"].status, found["delivered"].labelled = "Delivered", None
    found["odd"].status = "Pondering"
    orders["renamed"].reference_id, known_as = "SO-WRONG", orders["renamed"].reference_id
    orders["renamed"].order_number = known_as
    return found, orders


def goods(acme: Merchant) -> dict[str, Wro]:
    """WROs in all the states in which units are on the shelf."""
    shipbob, skus = acme.world.shipbob, [acme.sku() for _ in range(5)]
    found = {
        "plain": acme.deliver({skus[0]: 8}, number=acme.order({skus[0]: 8})),
        "cancelled": acme.announce({skus[1]: 8}),
        "old": acme.announce({skus[2]: 8}),
        "again": acme.deliver({skus[3]: 8}),
        "odd": acme.announce({skus[4]: 8}),
    }
    shipbob.stow(found["cancelled"], {skus[1]: 3})
    shipbob.cancel(found["cancelled"])
    found["old"].inserted -= timedelta(days=130)
    shipbob.stow(found["old"], {skus[2]: 5})
    shipbob.stow(found["odd"], {skus[4]: 2})
    found["odd"].status = "Weighed"
    return found


def parcels_back(acme: Merchant) -> dict[str, Return]:
    """Returns that are done, and that will be looked at again."""
    desk = Desk(acme)
    acme.world.netsuite.add_customer("Kim Roe", internal_id=401, subsidiary=1)
    found: dict[str, Return] = {}
    for name in ("plain", "corrected", "reopened", "odd"):
        sku = acme.sku()
        number, _, shipment = desk.sell({sku: 3})
        del number
        found[name] = desk.announce({sku: 3}, shipment=shipment)
        desk.complete(found[name], {sku: {"Restock": 1 if name == "corrected" else 3}})
    found["odd"].status = "Archived"
    return found


def begin(acme: Merchant) -> World:
    shipments, orders = parcels(acme)
    wros, returned = goods(acme), parcels_back(acme)
    acme.world.shipbob.charge("Per Pick Fee", Decimal("6.13"))
    acme.world.shipbob.invoice()
    acme.order({acme.sku(): 4}, number="PO-TO-ANNOUNCE")
    dock = acme.world.shipbob.add_uro({acme.sku(): 2})
    return World(shipments, orders, wros, returned, dock)


def go_on(acme: Merchant, world: World) -> None:
    """What changes afterwards, where it can without a date that moves."""
    shipbob = acme.world.shipbob
    order = world.orders["renamed"]
    order.reference_id = order.order_number or ""
    again = world.wros["again"]
    again.inserted -= timedelta(days=3)  # what was made today is in tomorrow's round
    before = again.updated
    [item] = again.boxes[0].items
    again.status = "Processing"
    shipbob.stow(again, {item.inventory_id: 2})
    shipbob.complete(again)
    again.updated = before
    corrected = world.returned["corrected"]
    [line] = corrected.lines
    line.taken = [msgspec.structs.replace(line.taken[0], quantity=2)]
    shipbob.books.stock.move(
        (line.inventory_id, corrected.center_id, line.lot_number or ""),
        1,
        sku=shipbob.books.products.find(line.inventory_id).sku,
        category="InventoryRestocked",
        at=shipbob.clock.now(),
        references=(("Return", str(corrected.id)),),
    )
    world.returned["reopened"].status = "Processing"
    for back in world.returned.values():
        back.inserted -= timedelta(days=3)


def ship_after_all(acme: Merchant, shipment: Shipment) -> None:
    shipment.status = "Processing"
    acme.world.shipbob.ship(shipment)


def back_at_work(wro: Wro) -> Wro:
    wro.status = "Processing"
    return wro


def books(acme: Merchant) -> dict[str, Any]:
    """Documents of ours in NetSuite, stock in the journal, and how subjects stand."""
    documents = {
        str(one["externalId"]): (one["recordType"], sorted(map(line_of, lines_of(one))))
        for one in acme.world.netsuite.documents()
        if str(one.get("externalId", "")).startswith("mlc-")
    }
    # What was announced today is in tomorrow's round, and nothing of it has arrived.
    wros = acme.world.shipbob.books.receiving.wros
    awaited = {f"receiving {wro.id}" for wro in wros.values() if wro.status == "Awaiting"}
    subjects = {
        subject: (row["state"], row["cause"])
        for row in acme.rows("select flow, key, state, cause from subject where key <> 'next'")
        if (subject := f"{row['flow']} {row['key']}") not in awaited
    }
    announced = sorted(
        str(wro.purchase_order_number)
        for wro in acme.world.shipbob.books.receiving.wros.values()
        if str(wro.purchase_order_number).startswith("PO-TO-ANNOUNCE")
    )
    return {
        "documents": documents,
        "journal": acme.books().journal,
        "subjects": subjects,
        "announced": announced,
    }


def lines_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    lines = document.get("item") or document.get("inventory") or document.get("expense") or {}
    return list(lines.get("items", []))


def line_of(line: dict[str, Any]) -> tuple[str, str]:
    item = (line.get("item") or {}).get("refName", "")
    return item, str(line.get("quantity") or line.get("adjustQtyBy") or line.get("amount"))


def told_by(acme: Merchant, told: Told) -> tuple[World, dict[str, Any], set[tuple[str, str]]]:
    world = begin(acme)
    told(acme)
    go_on(acme, world)
    acme.world.shipbob.recall(world.shipments["recalled"])
    told(acme)
    return world, books(acme), shown(close(acme))


def told_of(acme: Merchant) -> int:
    """How many events there are, but for those of the comparison of stock, made each time."""
    [row] = acme.rows(
        "select count(*) as events from event as e join subject as s on s.id = e.subject_id"
        " where s.flow <> 'inventory'"
    )
    return int(row["events"])


def test_sweeps_alone_end_in_the_same_books(
    tmp_path: Path, server_url: str, template: str
) -> None:
    with deaf(tmp_path / "swept", server_url, template) as swept:
        world, by_sweep, month = told_by(swept, by_sweeps)
        look_again = told_of(swept)
        by_sweeps(swept)
        at_rest = told_of(swept)
    with deaf(tmp_path / "told", server_url, template) as told:
        _, by_word, same_month = told_by(told, by_each)

    assert by_sweep["documents"] == by_word["documents"]
    assert by_sweep["journal"] == by_word["journal"]
    assert by_sweep["announced"] == by_word["announced"] == ["PO-TO-ANNOUNCE"]
    assert month == same_month
    assert {
        subject: state
        for subject, state in by_word["subjects"].items()
        if by_sweep["subjects"].get(subject) != state
    } == {}
    for name in ("plain", "without a number", "freight", "delivered", "old", "renamed"):
        key = f"tracking {world.shipments[name].id}"
        assert by_sweep["subjects"][key] == ("done", None), name
    assert by_sweep["subjects"][f"tracking {world.shipments['odd'].id}"] == (
        "dead",
        "status_unknown",
    )
    assert by_sweep["subjects"][f"unidentified {world.dock.id}"] == ("dead", "unidentified_stock")
    assert {subject.partition(" ")[0] for subject in by_sweep["subjects"]} == set(FLOWS)
    assert look_again == at_rest, "nothing is news a second time"


def test_after_sweeps_alone_the_month_is_green(
    tmp_path: Path, server_url: str, template: str
) -> None:
    with deaf(tmp_path / "swept", server_url, template) as acme:
        world = begin(acme)
        by_sweeps(acme)
        go_on(acme, world)
        ship_after_all(acme, world.shipments["odd"])
        acme.world.shipbob.complete(back_at_work(world.wros["odd"]))
        world.dock.linked_wro_id = world.wros["plain"].id
        for name in ("odd", "reopened"):
            world.returned[name].status = "Completed"
        by_sweeps(acme)
        asyncio.run(
            look_at_what_stopped(acme, times=1)
        )  # goods that are linked are listed no more
        sync(acme, "inventory")  # compared once more, when all of that is booked
        states = {row["state"] for row in acme.rows("select state from subject")}
        done = close(acme)

    assert states == {"done"}
    assert shown(done) == set()
