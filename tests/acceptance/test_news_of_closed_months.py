"""News for a fulfilment whose month is closed: written where it may be, else it waits."""

import asyncio

from acceptance.closing import MONTH, close, sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail
from ml_connector.app.chores.awaited_watch import AwaitedWatch
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import open_installation
from ml_connector.sim.shipbob.books.orders import Order, Shipment


def look(acme: Merchant) -> None:
    """Look once whether what subjects wait for is there, as a worker does."""

    async def once() -> None:
        async with open_installation(acme.settings) as installation:
            await AwaitedWatch(installation, ConnectionContexts(installation)).look()

    asyncio.run(once())


def delivered_in_a_closed_month(acme: Merchant, *, non_gl: bool) -> tuple[Retail, Order, Shipment]:
    """A shipment that is fulfilled, and delivered after its month was closed."""
    retail = Retail(acme)
    acme.apply()
    order = retail.sell({retail.sku(): 2})
    [shipment] = order.shipments
    acme.world.shipbob.ship(shipment)
    sync(acme, "tracking", shipment.id)
    assert retail.state(shipment) == "done"
    acme.world.netsuite.close_period(str(MONTH))
    if non_gl:
        acme.world.netsuite.allow_non_gl_changes(str(MONTH))
    acme.apply()  # periods are read anew
    acme.world.shipbob.deliver(shipment)
    sync(acme, "tracking", shipment.id)
    return retail, order, shipment


def stop(acme: Merchant, shipment: Shipment) -> tuple[str, str | None, list[str]]:
    [row] = acme.rows(
        "select state, cause, waiting_for from subject where flow = 'tracking' and key = %(key)s",
        key=str(shipment.id),
    )
    return row["state"], row["cause"], row["waiting_for"]


def test_news_waits_for_its_closed_month_and_is_no_open_item(unserved: Merchant) -> None:
    retail, order, shipment = delivered_in_a_closed_month(unserved, non_gl=False)
    waited = stop(unserved, shipment)
    report = close(unserved).report
    unserved.world.netsuite.reopen_period(str(MONTH))
    look(unserved)
    sync(unserved, "tracking", shipment.id)
    [fulfillment] = retail.fulfillments(order)

    assert waited == ("parked", "period_closed", [f"period:{MONTH!s}"])
    assert report.open == ()
    assert report.green
    assert any(str(shipment.id) in str(one) for one in report.differences)
    assert stop(unserved, shipment)[0] == "done"
    assert "Delivered" in fulfillment["memo"]


def test_news_that_a_person_takes_as_it_is_ends_unwritten(unserved: Merchant) -> None:
    retail, order, shipment = delivered_in_a_closed_month(unserved, non_gl=False)
    [row] = unserved.rows(
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.flow = 'tracking' and s.key = %(key)s",
        key=str(shipment.id),
    )
    words = ("events", "decide", str(row["id"]), "--as", "accept", "--note", "Told by mail")
    looked = unserved.command(*words, "--dry-run")
    decided = unserved.command(*words, "--json")
    sync(unserved, "tracking", shipment.id)
    taken = stop(unserved, shipment)[0]
    report = close(unserved).report
    [fulfillment] = retail.fulfillments(order)
    unserved.command("events", "undecide", str(decided.json["id"]))
    sync(unserved, "tracking", shipment.id)

    assert looked.status == 0, looked.err
    assert decided.status == 0, decided.err
    assert (taken, report.green) == ("done", True)
    assert "Delivered" not in str(fulfillment.get("memo"))
    assert stop(unserved, shipment)[:2] == ("parked", "period_closed")


def test_news_is_written_where_the_account_allows_it(unserved: Merchant) -> None:
    retail, order, shipment = delivered_in_a_closed_month(unserved, non_gl=True)
    [fulfillment] = retail.fulfillments(order)

    assert stop(unserved, shipment)[0] == "done"
    assert "Delivered" in fulfillment["memo"]
    assert close(unserved).report.green
